"""Arms held against each other: documents, pasts, an outcome, differences of curves."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.cli.jobs import arm_or_job
from service.cli.output import Form, Output, client, out, say, show_one, show_rows

Data = dict[str, Any]
Items = Annotated[
    list[str],
    typer.Argument(metavar="ITEM...", help="JOB or JOB:ARM, the arm by index or name; the last is the control."),
]
_COLUMNS = ("item", "against", "estimate", "lo", "hi", "p", "p_corrected", "n", "missing", "censored", "diverged")


def compare(
    context: typer.Context,
    items: Annotated[
        list[str],
        typer.Argument(metavar="ITEM...", help="JOB or JOB:ARM, the arm by index or name; the last is the control."),
    ],
    outcome: Annotated[str | None, typer.Option(help="An outcome that a study of the items declares.")] = None,
    series: Annotated[list[str] | None, typer.Option(help="probe.acc, cost.*; as often as needed.")] = None,
    x: Annotated[str, typer.Option(help="age, stage_time, updates or wall")] = "age",
    align: Annotated[str, typer.Option(help="exact, hold or linear")] = "exact",
    test: Annotated[str, typer.Option(help="paired_bootstrap, permutation, wilcoxon or logrank")] = "paired_bootstrap",
    measure: Annotated[str, typer.Option(help="difference or ratio")] = "difference",
    output: Output = Form.TABLE,
) -> None:
    """Hold arms of whatever jobs against the last one: what differs, from when on, and what became of it."""
    service = client(context)
    asked = {"outcome": outcome, "series": series or None, "x": x, "align": align, "test": test, "measure": measure}
    answer = service.compare([arm_or_job(service, each) for each in items], **asked).model_dump()
    if output in (Form.JSON, Form.YAML):
        show_one(answer, output)
    else:
        _tell(answer, output)
    for warning in [*answer["warnings"], *_of_outcome(answer)]:
        say(warning)


def _tell(answer: Data, form: Form) -> None:
    """Documents as text, then the outcome pair by pair, then the differences of curves at their ends."""
    titles = [_title(item) for item in answer["items"]]
    if form is Form.TABLE:
        for pair in answer["pairs"]:
            out.print(f"{titles[pair['item']]} against {titles[pair['against']]}", style="bold", markup=False)
            out.print(pair["text"], markup=False)
            shared = pair["shared"]
            out.print(f"shared: {shared['updates']:,} updates in {len(shared['trajectories'])} trajectories\n")
    if answer["outcome"] is not None:
        rows = [_row(each, titles) for each in answer["outcome"]["pairs"]]
        columns = (
            "item",
            "against",
            "estimate",
            "lo",
            "hi",
            "p",
            "p_corrected",
            "n",
            "missing",
            "censored",
            "diverged",
        )
        show_rows(rows, columns, form)
    rows = [_last(each, trace, titles) for each in answer["differences"] for trace in each["traces"] if trace["x"]]
    if rows:
        show_rows(rows, ("item", "against", "series", "x", "difference", "lo", "hi", "pairs"), form)


def _title(item: Data) -> str:
    return f"{item['job_name']}:{item['name']}"


def _row(pair: Data, titles: list[str]) -> Data:
    estimate = pair["estimate"]
    plain = {name.removeprefix("n_"): part for name, part in pair.items()}
    told = {"item": titles[pair["item"]], "against": titles[pair["against"]]}
    return plain | told | {"estimate": estimate["value"], "lo": estimate["lo"], "hi": estimate["hi"]}


def _last(difference: Data, trace: Data, titles: list[str]) -> Data:
    """A curve of differences where it ends."""
    return {
        "item": titles[difference["item"]],
        "against": titles[difference["against"]],
        "series": trace["series"],
        "x": trace["x"][-1],
        "difference": trace["y"][-1],
        "lo": trace["band"]["lo"][-1],
        "hi": trace["band"]["hi"][-1],
        "pairs": trace["n"][-1],
    }


def _of_outcome(answer: Data) -> list[str]:
    return [warning for pair in (answer["outcome"] or {"pairs": []})["pairs"] for warning in pair["warnings"]]


COMMANDS = (compare,)
