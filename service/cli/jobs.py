"""Jobs: list, show, watch, events, lives, transitions, snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

import typer

from service.cli.output import Form, Output, client, complain, show_one, show_rows
from service.cli.watching import watch_job
from service.client import Arm, Client, Job, NoSuchJob

JobName = Annotated[str, typer.Argument(help="An id, the unique beginning of one, a name, or @last.", metavar="JOB")]


ArmIndex = Annotated[int | None, typer.Option("--arm", help="Index of an arm.", min=0)]
Seed = Annotated[int | None, typer.Option(help="Seed of a life.", min=0)]


def find(service: Client, name: str) -> Job:
    """The job that a word of the command line means."""
    try:
        return service.find(name)
    except NoSuchJob as error:
        complain(str(error))
        raise typer.Exit(3) from None


def arm_or_job(service: Client, text: str) -> Arm | Job:
    """What JOB or JOB:ARM means, the arm by index or name."""
    name, colon, arm = text.partition(":")
    job = find(service, name)
    if not colon:
        return job
    return job.arm(int(arm) if arm.isdecimal() else arm)


def list_(
    context: typer.Context,
    status: Annotated[str | None, typer.Option(help="queued,running,... as many as needed, by commas")] = None,
    label: Annotated[list[str] | None, typer.Option(help="k:v, as often as needed; all must hold.")] = None,
    uses: Annotated[
        list[str] | None,
        typer.Option(help="A member in use: costs/denoise@V1, rules/hebb, worlds/digits; as often as needed."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The whole name.")] = None,
    part: Annotated[str | None, typer.Option("--part", "-q", help="Part of the name or the notes.")] = None,
    document: Annotated[str | None, typer.Option(help="Beginning of a hash: the job's, or an arm's.")] = None,
    kind: Annotated[str | None, typer.Option(help="schedule or study")] = None,
    after: Annotated[str | None, typer.Option(help="Created after this time: 2026-11-25, 2026-11-25T12:00Z.")] = None,
    before: Annotated[str | None, typer.Option(help="Created before this time.")] = None,
    search: Annotated[str | None, typer.Option(help="A kept search; other options go before what it says.")] = None,
    save: Annotated[str | None, typer.Option(help="Keep these options as a search under this name.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    output: Output = Form.TABLE,
) -> None:
    """List jobs for which all that is asked holds, newest first."""
    service = client(context)
    states = status and [each.strip() for each in status.split(",")]
    times = {"created_after": _moment(after), "created_before": _moment(before)}
    given = {"label": label, "uses": uses, "name": name, "q": part, "document": document, "kind": kind, **times}
    if save is not None:
        if search is not None:
            complain("a search is kept as its options; leave --search or --save out")
            raise typer.Exit(2)
        service.save_search(save, status=states, **given)
    rows: Iterable[dict[str, Any]] = islice(
        service.jobs(status=status, search=search, limit=min(limit, 1000), **given), limit
    )
    columns = ("id", "name", "status", "kind", "arms", "seeds", "progress.fraction", "created_at", "labels")
    if output in (Form.TABLE, Form.CSV):
        rows = ({**row, "labels": " ".join(f"{key}:{value}" for key, value in row["labels"].items())} for row in rows)
    show_rows(rows, columns, output)


def _moment(text: str | None) -> str | None:
    """A time as the API takes it; on the command line one without a zone is of the clock here."""
    try:
        return None if text is None else datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is no time; write 2026-11-25 or 2026-11-25T12:00Z") from None


def show(context: typer.Context, job: JobName, output: Output = Form.TABLE) -> None:
    """Show one job."""
    show_one(find(client(context), job).state, output)


def watch(context: typer.Context, job: JobName) -> None:
    """Follow a job to its end, one bar per stage; Ctrl-C detaches and cancels nothing."""
    raise typer.Exit(watch_job(find(client(context), job)))


def events(
    context: typer.Context,
    job: JobName,
    type_: Annotated[str | None, typer.Option("--type", help="life.transition,job.status,... by commas")] = None,
    level: Annotated[str | None, typer.Option(help="info,warning,error, by commas")] = None,
    after: Annotated[int, typer.Option(help="Only those with a greater seq.", min=0)] = 0,
    output: Output = Form.TABLE,
) -> None:
    """List what happened to a job."""
    service = client(context)
    asked = {"type": type_, "level": level, "after": after}
    rows = service.pages(f"/v1/jobs/{find(service, job).id}/events", limit=1000, **asked)
    show_rows(rows, ("seq", "at", "level", "type", "message"), output)


def lives(
    context: typer.Context,
    job: JobName,
    arm: ArmIndex = None,
    seed: Seed = None,
    status: Annotated[str | None, typer.Option(help="developing, complete, censored, diverged, ...")] = None,
    output: Output = Form.TABLE,
) -> None:
    """List a job's lives with their stage, age and status."""
    rows = find(client(context), job).lives(arm=arm, seed=seed, status=status)
    show_rows(rows, ("arm", "seed", "status", "stage", "age_sp"), output)


def transitions(
    context: typer.Context, job: JobName, arm: ArmIndex = None, seed: Seed = None, output: Output = Form.TABLE
) -> None:
    """List the ends of stages, and the stored values that decided them."""
    rows = find(client(context), job).transitions(arm=arm, seed=seed)
    if output is Form.TABLE:
        rows = [{**row, "values": readings(row["values"])} for row in rows]
    show_rows(rows, ("arm", "seed", "stage", "age_sp", "fired", "status", "values"), output)


def readings(values: Iterable[Mapping[str, Any]]) -> str:
    """What a trigger read, for a person: `quiz-acc=0.99`."""
    read = ((value["probe"], value["value"]) for value in values)
    return " ".join(f"{probe}={'none' if number is None else f'{number:.4g}'}" for probe, number in read)


def snapshots(context: typer.Context, job: JobName, output: Output = Form.TABLE) -> None:
    """List the stored cohorts of a job, and why they are kept."""
    rows = find(client(context), job).snapshots()
    show_rows(rows, ("id", "stage", "age_sp", "arms", "bytes", "kept_because"), output)


list_.__name__ = "list"
COMMANDS = (list_, show, watch, events, lives, transitions, snapshots)
