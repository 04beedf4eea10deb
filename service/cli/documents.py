"""Documents: check, plan, submit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli.editing import Assign, with_edits
from service.cli.jobs import arm_or_job
from service.cli.output import Form, Output, client, complain, label_of, out, say, show_one, show_rows
from service.cli.watching import watch_job
from service.client import Arm, Client

File = Annotated[Path, typer.Argument(help="A schedule or study, YAML or JSON.", exists=True, dir_okay=False)]


def check(context: typer.Context, file: File, assign: Assign = None, output: Output = Form.TABLE) -> None:
    """Say everything that is wrong or doubtful about a document; nothing is stored."""
    answer = client(context).check(with_edits(file, assign))
    findings = answer["errors"] + answer["warnings"]
    if output is Form.TABLE:
        for line in _told(findings):
            out.print(line, markup=False)
        count = len(answer["errors"])
        say("ok" if answer["ok"] else f"{count} error{'s' if count > 1 else ''}")
    else:
        show_one(answer, output)
    raise typer.Exit(0 if answer["ok"] else 7)


def _told(findings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong or doubtful and where, and below it what to do."""
    for finding in findings:
        yield f"{finding['code']} {finding['pointer'] or '/'}: {finding['message']}"
        suggestion = (finding.get("suggestion") or {}).get("text")
        if suggestion:
            yield f"    {suggestion}"


def plan(context: typer.Context, file: File, assign: Assign = None, output: Output = Form.TABLE) -> None:
    """Say what a document would train, what is shared and what is there already; nothing is stored."""
    _show_plan(client(context).plan(with_edits(file, assign)), output)


def _show_plan(answer: Mapping[str, Any], output: Form) -> None:
    if output is not Form.TABLE:
        show_one(answer, output)
        return
    arms = [
        {"arm": arm["name"], "labels": arm.get("labels"), "steps": _path(arm), "same as": arm.get("same_as")}
        for arm in answer["arms"]
    ]
    show_rows(arms, ("arm", "labels", "steps", "same as"), output)
    total = answer["totals"]
    flat, shared = total["samples"]["flat"], total["samples"]["shared"]
    saved = flat - shared
    bound = " at most" if total["upper_bound"] else ""
    out.print(
        f"{total['arms']} arms, {total['distinct_ends']} distinct ends, {total['lives']} lives: "
        f"{shared:,} samples{bound} instead of {flat:,}; sharing saves {saved:,} ({saved / flat:.0%})"
    )
    out.print(f"to train: {total['samples']['to_train']:,} samples{bound}; {_cost(total)}")


def _cost(total: dict[str, Any]) -> str:
    """What is still to come, in bytes and in seconds where these are known."""
    room = f"{_size(total['history_bytes'])} of history, {_size(total['snapshot_bytes'])} of snapshots"
    if total["seconds_estimate"] is None:
        return f"{room}; nothing comparable was trained here, so nobody knows how long it takes"
    return (
        f"{room}; about {total['seconds_estimate']:,.0f} s of one worker, "
        f"{total['seconds_longest_path']:,.0f} s along the longest path"
    )


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000.0:
            break
        size, unit = size / 1000.0, larger
    return f"{size:.3g} {unit}"


def _path(arm: dict[str, Any]) -> str:
    return " > ".join(f"{step['trajectory'][:6]}@{step['demand'].get('offset', 'trigger')}" for step in arm["steps"])


def submit(
    context: typer.Context,
    file: File,
    name: Annotated[str | None, typer.Option(help="Name in lists; the document's if left out.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="key:value, as often as needed.")] = None,
    notes: Annotated[str | None, typer.Option(help="What it is for; the document's if left out.")] = None,
    priority: Annotated[
        int, typer.Option(help="Among the jobs of the project; the higher first.", min=-100, max=100)
    ] = 0,
    assign: Assign = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and plan; store nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    output: Annotated[Form | None, typer.Option("-o", "--output", help="table, json, jsonl, csv, yaml or id")] = None,
) -> None:
    """Store a document as a job and start it; prints the job's id."""
    labels = dict(label_of(text) for text in label or [])
    about: dict[str, Any] = {"name": name, "notes": notes, "labels": labels, "priority": priority}
    document, service = with_edits(file, assign), client(context)
    if dry_run:
        _show_plan(service.dry_run(document, **about)["plan"], output or Form.TABLE)
        say("nothing was stored")
        return
    job = service.submit(document, **about)
    for line in _told(job.state.get("warnings", [])):
        say(line)
    show_one(job.state, output or Form.ID)
    if watch:
        raise typer.Exit(watch_job(job))


def diff(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="A file, JOB, or JOB:ARM with the index of an arm.")],
    b: Annotated[str, typer.Argument(help="What it is held against.")],
    output: Output = Form.TABLE,
) -> None:
    """Say how two lives differ, thing by thing, and from which age on; nothing is stored."""
    service = client(context)
    sides = [Path(each) if Path(each).is_file() else _arm(service, each) for each in (a, b)]
    answer = service.diff(*sides)
    if output is Form.TABLE:
        out.print(answer["text"], markup=False)
    elif output in (Form.JSON, Form.YAML):
        show_one(answer, output)
    else:
        show_rows(answer["changes"], ("path", "a", "b"), output)


def _arm(service: Client, text: str) -> Arm:
    if Path(text).suffix in (".yaml", ".yml", ".json"):
        complain(f"there is no file {text}")
        raise typer.Exit(2)
    found = arm_or_job(service, text)
    return found if isinstance(found, Arm) else found.arm(0)


COMMANDS = (check, plan, submit, diff)
