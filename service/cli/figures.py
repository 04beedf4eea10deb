"""Figures as files: `ontogeny figure strip @last -o strip.html`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.jobs import find
from service.cli.output import client, say
from service.figures.files import FORMATS, write
from service.wire.figures import FIGURES, FigureName

NAMES = ", ".join(FIGURES)
Series = Annotated[list[str] | None, typer.Option(help="Series of the curves; * matches anything. As often as needed.")]
Arm = Annotated[list[int] | None, typer.Option(help="Index of an arm; as often as needed.")]


def figure(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=NAMES)],
    job: Annotated[str, typer.Argument(help="A job, or a document: FILE.yaml.")],
    output: Annotated[Path, typer.Option("-o", "--output", help=f"FILE with {' '.join(FORMATS)}")],
    series: Series = None,
    arm: Arm = None,
    versus: Annotated[int | None, typer.Option(help="The arm that `difference` takes away.")] = None,
    life: Annotated[int | None, typer.Option(help="Seed of a life: drawn in front, or that of `pictures`.")] = None,
    area: Annotated[str | None, typer.Option(help="The area of `pictures`; all that see a sense if left out.")] = None,
    x: Annotated[str | None, typer.Option(help="age, stage_time, updates or wall")] = None,
    log: Annotated[bool, typer.Option("--log", help="Logarithmic y axes.")] = False,
    dark: Annotated[bool, typer.Option("--dark", help="For dark paper.")] = False,
) -> None:
    """Write a figure of a job, or of a document, to a file; .html holds all it needs and asks no network."""
    if output.suffix not in FORMATS:
        raise ValueError(f"cannot tell the format from {output.name!r}; end it in one of {' '.join(FORMATS)}")
    asked: dict[str, Any] = {
        "series": series,
        "arm": arm,
        "versus": versus,
        "life": life,
        "area": area,
        "x": x,
        "log": log or None,
        "look": "dark" if dark else None,
    }
    service, wanted = client(context), _known(name)
    drawn = service.drawn(wanted, job, **asked) if Path(job).is_file() else find(service, job).drawn(wanted, **asked)
    write(drawn, output)
    say(f"{output} written")


def _known(name: str) -> FigureName:
    for each in FIGURES:
        if each == name:
            return each
    raise ValueError(f"there is no figure {name!r}; there are {NAMES}")


COMMANDS = (figure,)
