"""What a document plans, before anything runs: `ontogeny envelopes FILE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from service.cli.documents import File
from service.cli.editing import Assign, with_edits
from service.cli.output import Form, Output, client, say, show_one, show_rows

_FAMILIES = {
    "costs": "weight",
    "plasticity": "plasticity",
    "deficits": "deficit",
    "critical_periods": "critical_period",
    "modulators": "modulator",
}


def envelopes(
    context: typer.Context,
    file: File,
    points: Annotated[int, typer.Option(help="Ages, beside every border.", min=2, max=20_000)] = 12,
    arm: Annotated[int, typer.Option(help="Index of an arm.", min=0)] = 0,
    to_limits: Annotated[
        bool, typer.Option("--to-limits", help="Where a trigger decides: as in a life that meets every limit.")
    ] = False,
    assign: Assign = None,
    output: Output = Form.TABLE,
) -> None:
    """Print weights, plasticity and overlays by age as a document plans them; empty where a trigger or gate decides."""
    answer = client(context).envelopes(with_edits(file, assign), points=points, arm=arm, to_limits=to_limits)
    if output in (Form.JSON, Form.YAML):
        show_one(answer, output)
        return
    columns = {
        f"{word}.{name}": values for family, word in _FAMILIES.items() for name, values in answer[family].items()
    }
    show_rows(_rows(answer, columns), ("age_sp", "stage", "world", *columns), output)
    end = answer["stages"][-1]["to"]
    if answer["exact_until"] < end and not to_limits:
        say(f"from {answer['exact_until']:,} sp on a trigger decides; --to-limits shows a life that meets every limit")


def _rows(answer: Mapping[str, Any], columns: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    stages = answer["stages"]
    for place, (age, world) in enumerate(zip(answer["age"], answer["world"], strict=True)):
        known = [stage["name"] for stage in stages if stage["from"] <= age and world is not None]
        values = {name: column[place] for name, column in columns.items()}
        yield {"age_sp": age, "stage": known[-1] if known else None, "world": world, **values}


COMMANDS = (envelopes,)
