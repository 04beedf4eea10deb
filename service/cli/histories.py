"""Histories: series, history, export."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from service.cli.jobs import JobName, find
from service.cli.output import Form, Output, client, complain, out, say, show_rows
from service.cli.plotting import plot


def series(context: typer.Context, job: JobName, output: Output = Form.TABLE) -> None:
    """List the recorded series of a job."""
    show_rows(find(client(context), job).series(), ("name", "unit", "n", "last", "min", "max"), output)


def history(
    context: typer.Context,
    job: JobName,
    series: Annotated[list[str], typer.Argument(help="cost.NAME, probe.NAME, ...; * matches anything.")],
    over: Annotated[str | None, typer.Option(help="seed: mean and band over lives.")] = None,
    x: Annotated[str, typer.Option(help="age, stage_time, updates or wall")] = "age",
    points: Annotated[str, typer.Option(help="Points per trace, or all.")] = "1000",
    draw: Annotated[bool, typer.Option("--plot", help="Draw it in the terminal.")] = False,
    output: Output = Form.CSV,
) -> None:
    """Print stored series; says on stderr what was thinned."""
    found = find(client(context), job).history(*series, over=over, x=x, points=points)
    if output not in (Form.CSV, Form.JSON):
        raise ValueError(f"a history is csv or json, not {output.value}; `ontogeny export` writes parquet and arrow")
    if not found.traces:
        complain(f"nothing recorded matches {' '.join(series)}; `ontogeny series {job}` lists what there is")
        raise typer.Exit(3)
    thinning = found.thinning
    if not thinning["exact"]:
        say(
            f"{thinning['points_out']:,} of {thinning['values_in']:,} values shown ({thinning['method']}); "
            "--points all for every one"
        )
    if draw:
        out.print(plot(found), markup=False)
    elif output is Form.JSON:
        sys.stdout.write(orjson.dumps(found.answer).decode() + "\n")
    else:
        writer = csv.writer(sys.stdout)
        writer.writerow(["series", "arm", "seed", "stat", x, "value"])
        for trace in found.traces:
            about = [trace.series, trace.arm, trace.seed, trace.stat]
            writer.writerows(
                [*about, age, value] for age, value in zip(trace.x.tolist(), trace.y.tolist(), strict=True)
            )


def export(
    context: typer.Context,
    job: JobName,
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.parquet, .arrow, .csv or .json")],
) -> None:
    """Write every recorded value of a job to one file, unthinned."""
    say(f"{find(client(context), job).export(output)} written")


COMMANDS = (series, history, export)
