"""What a study found out: outcomes, contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli.jobs import JobName, find
from service.cli.output import Form, Output, client, out, say, show_one, show_rows

Data = dict[str, Any]


class SeedRole(StrEnum):
    """Which seeds figures rest on."""

    EXPLORATORY = "exploratory"
    CONFIRMATORY = "confirmatory"
    ALL = "all"


Seeds = Annotated[SeedRole | None, typer.Option(help="Seeds that figures rest on; those kept for claims, if any.")]
_COUNTS = ("n", "missing", "censored", "diverged")


def outcomes(
    context: typer.Context,
    job: JobName,
    lives: Annotated[bool, typer.Option("--lives", help="One row for every life, not for every arm.")] = False,
    seeds: Seeds = None,
    output: Output = Form.TABLE,
) -> None:
    """Show a study's outcomes: mean and band of every arm, censored and diverged lives counted beside."""
    answer = find(client(context), job).outcomes(seeds).model_dump()
    pairs = [(outcome, arm) for outcome in answer["outcomes"] for arm in outcome["arms"]]
    if lives:
        rows = [_about(outcome, arm) | life for outcome, arm in pairs for life in arm["lives"]]
        columns: Sequence[str] = ("outcome", "arm", "seed", "status", "value", "unit", "censored", "diverged")
    else:
        rows = [_summary(outcome, arm) for outcome, arm in pairs]
        columns = ("outcome", "arm", "mean", "lo", "hi", "sd", "unit", *_COUNTS, "restricted_mean", "median_time")
    _show(answer, rows, columns, output)


def contrasts(context: typer.Context, job: JobName, seeds: Seeds = None, output: Output = Form.TABLE) -> None:
    """Show a study's contrasts: estimate and interval, p as corrected, verdicts; warnings go to stderr."""
    answer = find(client(context), job).contrasts(seeds).model_dump()
    columns = ("name", "outcome", "estimate", "lo", "hi", "unit", "p", "p_corrected", *_COUNTS)
    _show(answer, [_flat(each) for each in answer["contrasts"]], columns, output)
    if output is Form.TABLE and answer["expectations"]:
        out.print()
        show_rows(answer["expectations"], ("contrast", "relation", "margin", "verdict", "reason"), output)
    for each in answer["contrasts"]:
        for warning in each["warnings"]:
            say(f"{each['name']}: {warning}")
    for doubt in answer["doubts"]:
        say(f"{doubt['code']} {doubt['message']}")


def _about(outcome: Data, arm: Data) -> Data:
    return {"id": outcome["name"], "outcome": outcome["name"], "unit": outcome["unit"], "arm": arm["name"]}


def _summary(outcome: Data, arm: Data) -> Data:
    """A row without its lives, bounds beside the mean."""
    plain = {
        name.removeprefix("n_"): part for name, part in arm.items() if name not in ("arm", "name", "band", "lives")
    }
    return _about(outcome, arm) | plain | {"lo": arm["band"]["lo"], "hi": arm["band"]["hi"]}


def _flat(contrast: Data) -> Data:
    estimate = contrast["estimate"]
    plain = {"id": contrast["name"], "estimate": estimate["value"], "lo": estimate["lo"], "hi": estimate["hi"]}
    return {name.removeprefix("n_"): part for name, part in contrast.items()} | plain


def _show(answer: Mapping[str, Any], rows: Sequence[Data], columns: Sequence[str], form: Form) -> None:
    """The whole answer as JSON or YAML, else its rows; ids are the names of outcomes or contrasts."""
    rests_on = answer["seeds"]
    if rests_on["role"] != SeedRole.EXPLORATORY:
        say(f"on {len(rests_on['numbers'])} seeds ({rests_on['role']})")
    if not answer["complete"]:
        left = {state: count for state, count in answer["lives"].items() if count}
        say("not final: " + ", ".join(f"{count} {state}" for state, count in left.items() if state != "total"))
    if form in (Form.JSON, Form.YAML):
        show_one(answer, form)
    elif form is Form.ID:
        show_rows([{"id": name} for name in dict.fromkeys(row["id"] for row in rows)], (), form)
    else:
        show_rows([{name: part for name, part in row.items() if name != "id"} for row in rows], columns, form)


COMMANDS = (outcomes, contrasts)
