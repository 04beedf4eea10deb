"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import DBAPIError

from service.api.answers import json_answer
from service.api.dependencies import Config, Store
from service.settings import Settings
from service.store import trajectories
from service.store.engine import Database, SchemaOutdated, require_revision

router = APIRouter(tags=["health"])


@router.get("/health")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
def ready(store: Store, settings: Config, request: Request) -> Response:
    """Database, schema and snapshot folder, which must be there; how long the oldest work has waited."""
    checks = {"database": _database(store), "snapshots": _snapshots(settings)}
    fine = all(check["ok"] for check in checks.values())
    if fine:
        checks["work"] = _work(store)
    return json_answer({"status": "ready" if fine else "not-ready", "checks": checks}, 200 if fine else 503)


def _work(store: Database) -> dict[str, Any]:
    """How long the oldest runnable trajectory has waited for a worker."""
    with store.read() as db:
        now = store.now(db)
        count, oldest = trajectories.waiting(db, now)
    seconds = 0.0 if oldest is None else round(now - oldest, 1)
    return {"ok": True, "runnable": count, "oldest_runnable_seconds": seconds}


def _database(store: Database) -> dict[str, Any]:
    try:
        require_revision(store)
    except (SchemaOutdated, DBAPIError) as error:
        return {"ok": False, "detail": str(error).splitlines()[0]}
    return {"ok": True}


def _snapshots(settings: Settings) -> dict[str, Any]:
    """The folder can be made and written."""
    folder = settings.snapshot_folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        return {"ok": False, "detail": f"{folder}: {error.strerror}"}
    return {"ok": True}
