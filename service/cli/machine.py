"""The machine: up, api, worker, migrate, demo."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.cli.output import say
from service.settings import Settings

Home = Annotated[
    Path | None, typer.Option(help="Folder of the database, the bells and the snapshots; .ontogeny if left out.")
]
Port = Annotated[int | None, typer.Option(help="Port of the API; 8714 if left out.", min=0, max=65535)]


def _settings(**given: object) -> Settings:
    return Settings.model_validate({name: value for name, value in given.items() if value is not None})


def up(
    workers: Annotated[int, typer.Option(help="Worker processes.", min=0, max=256)] = 2,
    port: Port = None,
    home: Home = None,
) -> None:
    """Start API, workers and reconciler on 127.0.0.1 in one command; Ctrl-C stops what it started."""
    from service.up import run  # noqa: PLC0415 - the other commands need no server

    raise typer.Exit(run(_settings(port=port, home=home), workers))


def api(
    host: Annotated[str | None, typer.Option(help="Address to bind; beyond loopback a key is needed.")] = None,
    port: Port = None,
) -> None:
    """Start the API alone, against the database and broker of the environment."""
    from service.up import serve  # noqa: PLC0415 - the other commands need no server

    serve(_settings(host=host, port=port))


def worker(
    slots: Annotated[int, typer.Option(help="Worker processes.", min=1, max=256)] = 2,
) -> None:
    """Start workers with a reconciler, against the database and broker of the environment; needs the extra `worker`."""
    command = [sys.executable, "-m", "workers", "--slots", str(slots)]
    os.execv(command[0], command)


def migrate() -> None:
    """Bring the database up to date."""
    from service.store.engine import migrate as bring_up_to_date  # noqa: PLC0415 - alembic is slow to load

    settings = _settings()
    bring_up_to_date(settings.database_url)
    say("the database is up to date")


def demo(
    file: Annotated[Path, typer.Argument(help="The schedule to grow.", exists=True)] = Path("examples/quickstart.yaml"),
    home: Home = None,
) -> None:
    """Start a service, grow a schedule over HTTP, print what its lives learned, stop the service."""
    from service.cli.demo import run  # noqa: PLC0415 - wanted once

    raise typer.Exit(run(file, home or Path(".ontogeny/demo")))


COMMANDS = (up, api, worker, migrate, demo)
