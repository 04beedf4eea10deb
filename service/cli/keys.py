"""Keys of the API, made on the machine that holds the database: `ontogeny keys create|list|revoke`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
import typer

from service.cli.output import Form, Output, complain, say, show_rows
from service.settings import Settings
from service.store import access
from service.store.engine import Database, require_revision
from service.wire.keys import Quotas
from service.wire.times import rfc3339

app = typer.Typer(help="Make, list and revoke keys of the API.", no_args_is_help=True)

Project = Annotated[str, typer.Option(help="What the key may see and change.")]
DAY_SECONDS = 86_400.0


@contextmanager
def _writing() -> Iterator[tuple[sa.Connection, float]]:
    database = Database(Settings().database_url)
    try:
        require_revision(database)
        with database.write() as db:
            yield db, database.now(db)
    finally:
        database.close()


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.")] = "key",
    scope: Annotated[list[str] | None, typer.Option(help="read, submit, control or admin; as often as needed.")] = None,
    project: Project = access.DEFAULT_PROJECT,
    quota: Annotated[
        list[str] | None, typer.Option(help="name=number, as often as needed: active_jobs=10. See the API for all.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days until it expires; never if left out.", min=0.0)] = None,
) -> None:
    """Make a key and print it; it is told this once, only its hash is stored."""
    with _writing() as (db, now):
        expires_at = None if days is None else now + days * DAY_SECONDS
        scopes = scope or ["read", "submit", "control"]
        given = access.NewKey(name, scopes, project, expires_at, dict(_quota(text) for text in quota or []))
        _, key = access.create_key(db, now, given)
    typer.echo(key)
    say("from now on every request needs a key: Authorization: Bearer ...")


def _quota(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in Quotas.model_fields or not number.isascii() or not number.isdigit():
        raise ValueError(f"a quota is name=number, not {text!r}; names are {', '.join(Quotas.model_fields)}")
    return name, int(number)


_TIMES = ("created_at", "expires_at", "used_at", "revoked_at")


@app.command("list")
def list_(output: Output = Form.TABLE) -> None:
    """List keys; the secrets are not known any more."""
    with _writing() as (db, _):
        rows = [{**row, **{time: rfc3339(row[time]) for time in _TIMES}} for row in access.list_keys(db)]
    show_rows(rows, ("id", "name", "project", "scopes", "quotas", "expires_at", "used_at", "revoked_at"), output)


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="Its id, as `ontogeny keys list` shows it.")]) -> None:
    """End a key."""
    with _writing() as (db, now):
        found = access.revoke_key(db, now, key)
    if not found:
        complain(f"there is no key {key!r} that is not revoked already")
        raise typer.Exit(3)
    say(f"{key} is revoked")
