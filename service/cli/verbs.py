"""What is asked of jobs: cancel, pause, resume, rm of one or many; retry, fork and extend make a new one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.editing import patches
from service.cli.jobs import JobName, find
from service.cli.output import Form, Output, client, complain, label_of, say, show_one, show_rows
from service.client import Client

JobNames = Annotated[
    list[str] | None,
    typer.Argument(help="Ids, unique beginnings, names or @last; - reads ids from stdin.", metavar="JOB..."),
]
Status = Annotated[str | None, typer.Option(help="Instead of names: all in these states, by commas.")]
Label = Annotated[list[str] | None, typer.Option(help="Instead of names: all with this k:v, as often as needed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
Reason = Annotated[str | None, typer.Option(help="Why; told with the job.")]
Name = Annotated[str | None, typer.Option(help="Name of the new job; the parent's if left out.")]

CONFLICT = 5


def cancel(
    context: typer.Context,
    jobs: JobNames = None,
    now: Annotated[bool, typer.Option("--now", help="Give up running slices; else they end and are kept.")] = False,
    status: Status = None,
    label: Label = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    output: Output = Form.TABLE,
) -> None:
    """End jobs at the next slice boundary, or now; what is committed stays."""
    _act(context, "cancel", jobs, _filter(status, label), output, reason=reason, dry_run=dry_run, now=now or None)


def pause(
    context: typer.Context,
    jobs: JobNames = None,
    status: Status = None,
    label: Label = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    output: Output = Form.TABLE,
) -> None:
    """Hold jobs at the next slice boundary."""
    _act(context, "pause", jobs, _filter(status, label), output, reason=reason, dry_run=dry_run)


def resume(
    context: typer.Context,
    jobs: JobNames = None,
    status: Status = None,
    label: Label = None,
    dry_run: DryRun = False,
    output: Output = Form.TABLE,
) -> None:
    """Let paused jobs go on."""
    _act(context, "resume", jobs, _filter(status, label), output, dry_run=dry_run)


def rm(
    context: typer.Context,
    jobs: JobNames = None,
    status: Status = None,
    label: Label = None,
    dry_run: DryRun = False,
    output: Output = Form.TABLE,
) -> None:
    """Delete jobs that have ended for good, with all that no other job reaches."""
    _act(context, "delete", jobs, _filter(status, label), output, dry_run=dry_run)


def _filter(status: str | None, label: list[str] | None) -> dict[str, Any]:
    given = {"status": status and [each.strip() for each in status.split(",")], "label": label}
    return {name: part for name, part in given.items() if part}


def _act(
    context: typer.Context, action: str, names: list[str] | None, chosen: dict[str, Any], form: Form, **more: Any
) -> None:
    """Act on the jobs named, or on those a filter finds; exit code 5 if some would not."""
    service = client(context)
    if bool(names) == bool(chosen):
        complain("name jobs, or choose them by --status or --label")
        raise typer.Exit(2)
    if chosen:
        answer = service.bulk(action, filter=chosen, **more)
    else:
        answer = service.bulk(action, _ids(service, names or []), **more)
    rows = [{**item, "answer": _told(item, answer["dry_run"])} for item in answer["items"]]
    show_rows(rows, ("id", "status", "answer"), form)
    if answer["more"]:
        say(f"the filter finds more than {len(rows)} jobs; run it again")
    refused = [row for row in rows if row["status"] >= 400]
    for row in refused:
        complain(f"{row['id']}: {row['problem']['detail']}")
    if refused:
        raise typer.Exit(3 if all(row["status"] == 404 for row in refused) else CONFLICT)


def _ids(service: Client, names: list[str]) -> list[str]:
    given = [word for name in names for word in (sys.stdin.read().split() if name == "-" else [name])]
    whole = [name for name in given if name.startswith("job_") and len(name) == 30]
    return whole if len(whole) == len(given) else [find(service, name).id for name in given]


def _told(item: dict[str, Any], dry_run: bool) -> str:
    words = {200: "already so", 202: "asked", 204: "deleted"}
    if item["status"] >= 400:
        return str(item["problem"]["code"])
    return f"would be {words[item['status']]}" if dry_run else words[item["status"]]


def retry(context: typer.Context, job: JobName, name: Name = None, output: Output = Form.ID) -> None:
    """Start a new job from the last snapshots of a failed or cancelled one; prints its id."""
    show_one(find(client(context), job).retry(**_about(name)).state, output)


def fork(
    context: typer.Context,
    job: JobName,
    age: Annotated[str, typer.Argument(help="Where to leave the arm: 24000sp, 40ep.")],
    document: Annotated[Path | None, typer.Argument(help="The document to go on by.", exists=True)] = None,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="/path/by/names=value, instead of a document; as often as needed.")
    ] = None,
    arm: Annotated[int, typer.Option(help="Index of the arm.", min=0)] = 0,
    no_retrain: Annotated[
        bool, typer.Option("--no-retrain", help="Refuse where no snapshot of that age is stored.")
    ] = False,
    name: Name = None,
    output: Output = Form.ID,
) -> None:
    """Start a new job that is an arm of another up to an age, and goes on by another document; prints its id."""
    if (document is None) == (not assign):
        complain("give a document, or --set /path=value")
        raise typer.Exit(2)
    found = find(client(context), job)
    lived = found.document("resolved", arm) if assign else {}
    patch = patches(assign, lived) if assign else None
    new = found.fork(age, document, patch=patch, arm=arm, retrain=not no_retrain, **_about(name))
    show_one(new.state, output)


def change(
    context: typer.Context,
    job: JobName,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    notes: Annotated[str | None, typer.Option(help="Its new notes.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="key:value to add; key: alone takes it away.")] = None,
    priority: Annotated[int | None, typer.Option(help="The higher first.", min=-100, max=100)] = None,
    output: Output = Form.ID,
) -> None:
    """Change how a job is listed: name, notes, labels, priority. What it trains stands for good."""
    given = dict(label_of(text) for text in label or [])
    labels = {key: value or None for key, value in given.items()} or None
    about: dict[str, Any] = {"name": name, "notes": notes, "priority": priority, "labels": labels}
    members = {each: value for each, value in about.items() if value is not None}
    if not members:
        complain("say what: --name, --notes, --label or --priority")
        raise typer.Exit(2)
    show_one(find(client(context), job).change(**members).state, output)


def extend(
    context: typer.Context,
    job: JobName,
    stage: Annotated[str, typer.Argument(help="Name of the stage.")],
    after: Annotated[str | None, typer.Option(help="Its new length: 60ep.")] = None,
    limit: Annotated[str | None, typer.Option(help="Its new limit, if a trigger ends it.")] = None,
    name: Name = None,
    output: Output = Form.ID,
) -> None:
    """Start a new job of the same arms with a longer stage; what is trained is shared. Prints its id."""
    if (after is None) == (limit is None):
        complain("give --after or --limit")
        raise typer.Exit(2)
    until = None if after is None else {"after": after}
    show_one(find(client(context), job).extend(stage, until=until, limit=limit, **_about(name)).state, output)


def _about(name: str | None) -> dict[str, Any]:
    return {} if name is None else {"name": name}


COMMANDS = (cancel, pause, resume, retry, fork, extend, change, rm)
