"""What all processes on one database have agreed on: `ontogeny fleet list|forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.output import Form, Output, complain, say, show_rows
from service.settings import Settings
from service.store import agreements
from service.store.engine import Database, require_revision
from service.wire.times import rfc3339

app = typer.Typer(help="What the machines on one database have agreed on.", no_args_is_help=True)


def _database() -> Database:
    database = Database(Settings().database_url)
    require_revision(database)
    return database


@app.command("list")
def list_(output: Output = Form.TABLE) -> None:
    """List what was agreed: where snapshots lie, and which bits each numerics class means."""
    database = _database()
    with database.read() as db:
        rows = [{**row, "at": rfc3339(row["at"])} for row in agreements.agreed(db)]
    database.close()
    show_rows(rows, ("name", "value", "owner", "at"), output)


@app.command()
def forget(name: Annotated[str, typer.Argument(help="As `ontogeny fleet list` shows it.")]) -> None:
    """Let the next process that starts say it anew: after the whole fleet, or its snapshots, have moved."""
    database = _database()
    with database.write() as db:
        found = agreements.forget(db, name)
    database.close()
    if not found:
        complain(f"nothing was agreed under {name!r}")
        raise typer.Exit(3)
    say(f"{name} is said anew by the next process that starts")
