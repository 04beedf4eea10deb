"""Builds the API. No torch here, and nothing heavy before it is needed: it must start in a second."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import Depends, FastAPI
from sqlalchemy.exc import DBAPIError

from models.specs.worlds import dataset, environments
from service import logs
from service.api import (
    catalogue,
    compare,
    datasets,
    descent,
    events,
    figures,
    guard,
    health,
    history,
    jobs,
    keys,
    metrics,
    openapi,
    outcomes,
    parameters,
    parts,
    problems,
    schedules,
    search,
    snapshots,
    submissions,
    verbs,
)
from service.api.bells import Ringer
from service.api.ledger import Ledger
from service.api.metrics import Meters
from service.api.shared import Shared
from service.api.stream import Tail
from service.api.together import Together
from service.pages import routes as pages
from service.settings import Settings
from service.store import access
from service.store.engine import Database, require_revision

log = structlog.get_logger(__name__)

LEDGER_SECONDS = 5.0
DESCRIPTION = (
    "Development as data: schedules of changing cost functions, trained stage by stage, their histories queried."
)


ROOMS = (
    schedules,
    submissions,
    verbs,
    descent,
    search,
    jobs,
    parts,
    events,
    history,
    outcomes,
    compare,
    figures,
    snapshots,
    catalogue,
    datasets,
    keys,
    health,
    metrics,
    problems,
)


class OpenDoor(Exception):
    """The service would answer to the network without asking for a key."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; its lifespan checks the schema and runs a reconciler."""
    settings = settings or Settings()
    app = FastAPI(
        title="ontogeny",
        version="1",
        description=DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    dataset.look_under(settings.data_folder)
    environments.let_in(settings.gym_packages)
    app.state.database = Database(
        settings.database_url,
        read_seconds=settings.request_seconds,
        patience_seconds=settings.database_patience_seconds,
    )
    app.state.ringer = Ringer(settings)
    app.state.ledger = Ledger()
    app.state.shared = Shared()
    app.state.meters = Meters(app.state.database)
    app.state.tail = Tail(events.Stored(app.state.database))
    problems.install(app)
    app.add_middleware(Together)
    app.add_middleware(
        guard.Guard,
        body_bytes=settings.body_bytes_max,
        hosts=frozenset(map(str.lower, settings.allowed_hosts)),
        seconds=settings.request_seconds,
        answered=app.state.meters.answered,
    )
    for module in ROOMS:
        app.include_router(module.router, dependencies=[Depends(parameters.only_known)])
    openapi.describe(app)
    pages.install(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    database: Database = app.state.database
    logs.configure(settings)
    require_revision(database)
    _require_key(settings, database)
    stopping = threading.Event()
    beside = [
        threading.Thread(target=_reconcile, args=(settings, stopping), name="reconciler", daemon=True),
        threading.Thread(target=_write_down, args=(app, stopping), name="ledger", daemon=True),
    ]
    for thread in beside:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in beside:
            thread.join(settings.reconcile_seconds + 5.0)
        app.state.ringer.close()
        database.close()


def _reconcile(settings: Settings, stopping: threading.Event) -> None:
    from service.queue.reconciler import Reconciler  # noqa: PLC0415 - slow to load, wanted after the start

    Reconciler(settings).run_forever(stopping)


def _write_down(app: FastAPI, stopping: threading.Event) -> None:
    """Store what the ledger has noted, now and then and at the end; a database that is away loses no more than that."""
    ending = False
    while not ending:
        ending = stopping.wait(LEDGER_SECONDS)
        try:
            app.state.ledger.write_down(app.state.database)
            app.state.ringer.write_down(app.state.database)
        except DBAPIError as error:
            log.warning("ledger.failed", error=str(error.orig))


def _require_key(settings: Settings, database: Database) -> None:
    if settings.binds_loopback:
        return
    with database.read() as db:
        if not access.any_key(db):
            raise OpenDoor(f"{settings.host} can be reached from outside; make a key first: `ontogeny keys create`")
