"""Histories: series, history, export."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from service.cli.jobs import JobName, find
from service.cli.output import Form, Output, client, complain, out, say, show_rows
from service.cli.plotting import plot

Series = Annotated[list[str], typer.Argument(help="cost.NAME, probe.NAME, ...; * matches anything.")]
Arm = Annotated[list[int] | None, typer.Option(help="Index of an arm; as often as needed.")]
Seed = Annotated[list[int] | None, typer.Option(help="Seed of a life; as often as needed.")]
Axis = Annotated[list[str] | None, typer.Option(help="NAME=LABEL: only arms with that label; as often as needed.")]


def series(context: typer.Context, job: JobName, output: Output = Form.TABLE) -> None:
    """List the recorded series of a job with what they mean."""
    columns = ("name", "unit", "n", "last", "min", "max", "meaning")
    show_rows(find(client(context), job).series(), columns, output)


def history(
    context: typer.Context,
    job: JobName,
    series: Series,
    arm: Arm = None,
    axis: Axis = None,
    seed: Seed = None,
    over: Annotated[str | None, typer.Option(help="seed: put lives together, as mean and band.")] = None,
    by: Annotated[str | None, typer.Option(help="arm, or axis.NAME: lives of arms with the same label.")] = None,
    stat: Annotated[list[str] | None, typer.Option(help="mean, sd, sem, median, q05 to q95, min, max or n.")] = None,
    band: Annotated[str | None, typer.Option(help="t, bootstrap, quantile or sd")] = None,
    align: Annotated[str | None, typer.Option(help="exact, hold or linear, where ages differ.")] = None,
    x: Annotated[str, typer.Option(help="age, stage_time, updates or wall")] = "age",
    stage: Annotated[str | None, typer.Option(help="Only this stage.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Least x: a number, or 40ep.")] = None,
    to: Annotated[str | None, typer.Option(help="Greatest x.")] = None,
    points: Annotated[str, typer.Option(help="Points per trace, or all.")] = "1000",
    method: Annotated[str | None, typer.Option(help="minmaxlttb, m4, mean or none")] = None,
    smooth: Annotated[str | None, typer.Option(help="ewm:<half-life in x>")] = None,
    draw: Annotated[bool, typer.Option("--plot", help="Draw it in the terminal.")] = False,
    output: Output = Form.CSV,
) -> None:
    """Print stored series; says on stderr what was thinned."""
    if output not in (Form.CSV, Form.JSON):
        raise ValueError(f"a history is csv or json, not {output.value}; `ontogeny export` writes parquet and arrow")
    lives = {"arm": arm, "seed": seed, "axis": labels(axis), "over": over, "by": by, "align": align}
    shown = {"stat": stat, "band": band, "points": points, "method": method, "smooth": smooth}
    asked = {**lives, **shown, "x": x, "stage": stage, "from": from_, "to": to}
    found = find(client(context), job)
    if draw or output is Form.JSON:
        answer = found.history(*series, **asked)
        _tell(answer.thinning, bool(answer.traces), job, series)
        if draw:
            out.print(plot(answer), markup=False)
        else:
            sys.stdout.write(orjson.dumps(answer.answer).decode() + "\n")
        return
    declared, *rows = found.history_csv(*series, **asked).split("\n")
    _tell(orjson.loads(declared.partition(": ")[2]), len(rows) > 2, job, series)
    sys.stdout.write("\n".join(rows))


def export(
    context: typer.Context,
    job: JobName,
    series: Annotated[list[str] | None, typer.Argument(help="All, if none is named; * matches anything.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.parquet, .arrow, .csv or .json")] = Path(),
    arm: Arm = None,
    axis: Axis = None,
    seed: Seed = None,
) -> None:
    """Write every recorded value of a job to one file, unthinned; Parquet and Arrow keep its document and hashes."""
    if output == Path():
        raise ValueError("name the file: -o FILE.parquet, .arrow, .csv or .json")
    file = find(client(context), job).export(output, *(series or ()), arm=arm, seed=seed, axis=labels(axis))
    say(f"{file} written, {file.stat().st_size:,} bytes")


def labels(given: Sequence[str] | None) -> dict[str, str]:
    """`NAME=LABEL` as a mapping."""
    pairs = [each.partition("=") for each in given or ()]
    for name, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{name!r}: an axis is given as NAME=LABEL")
    return {name: label for name, _, label in pairs}


def _tell(thinning: dict[str, Any], found: bool, job: str, series: Sequence[str]) -> None:
    if not found:
        complain(f"nothing recorded matches {' '.join(series)}; `ontogeny series {job}` lists what there is")
        raise typer.Exit(3)
    if not thinning["exact"]:
        shown, stored = thinning["points_out"], thinning["values_in"]
        say(f"{shown:,} of {stored:,} values shown ({thinning['method']}); --points all for every one")


COMMANDS = (series, history, export)
