"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError

from service.api.answers import json_answer
from service.api.dependencies import Config, Store
from service.settings import Settings
from service.store import agreements, tallies, trajectories
from service.store.engine import Database, SchemaOutdated, require_revision
from service.store.places import open_blobs

router = APIRouter(tags=["health"])

ALARM_SECONDS = 60.0
"""Work that waits longer is worth a look."""


class Readiness(BaseModel):
    """Whether the service can do its work, and what is amiss."""

    status: Literal["ready", "not-ready"]
    checks: dict[str, dict[str, Any]]
    warnings: list[str]


@router.get("/health")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready", responses={200: {"model": Readiness}, 503: {"model": Readiness}})
def ready(store: Store, settings: Config, request: Request) -> Response:
    """Database, schema and the place of snapshots, which must be there; what else is amiss is a warning.

    Details are told only where no stranger can ask.
    """
    checks = {"database": _database(store), "snapshots": _snapshots(store, settings)}
    fine = all(check["ok"] for check in checks.values())
    if fine:
        checks |= {"broker": _broker(settings), "work": _work(store)}
    warnings = [f"{name}: {check['warning']}" for name, check in checks.items() if "warning" in check]
    if not settings.binds_loopback:
        warnings = [each.partition(":")[0] for each in warnings]
        checks = {name: {"ok": check["ok"]} for name, check in checks.items()}
    answer = {"status": "ready" if fine else "not-ready", "checks": checks, "warnings": warnings}
    return json_answer(answer, 200 if fine else 503, headers={} if fine else {"Retry-After": "5"})


def _broker(settings: Settings) -> dict[str, Any]:
    """A broker that is away is no error: workers look for work by themselves, only later."""
    from service.queue.bell import unreachable  # noqa: PLC0415 - slow to load, asked seldom

    trouble = unreachable(settings)
    return {"ok": True} if trouble is None else {"ok": False, "warning": f"bells are not heard: {trouble}"}


def _work(store: Database) -> dict[str, Any]:
    """How long the oldest runnable trajectory has waited for a worker, and how many are being trained."""
    with store.read() as db:
        now = store.now(db)
        count, oldest = trajectories.waiting(db, now)
        leased = tallies.trajectories_by_state(db, now)["leased"]
    seconds = 0.0 if oldest is None else round(max(0.0, now - oldest), 1)
    found: dict[str, Any] = {"ok": True, "runnable": count, "leased": leased, "oldest_runnable_seconds": seconds}
    if seconds > ALARM_SECONDS:
        who = "no worker is at work" if leased == 0 else "workers are busy"
        found |= {"ok": False, "warning": f"work has waited for {seconds:.0f} s: {who}"}
    return found


def _database(store: Database) -> dict[str, Any]:
    try:
        require_revision(store)
    except (SchemaOutdated, DBAPIError) as error:
        return {"ok": False, "detail": str(error).splitlines()[0]}
    return {"ok": True}


def _snapshots(store: Database, settings: Settings) -> dict[str, Any]:
    """The place can be reached and written, and is that of this database."""
    try:
        blobs = open_blobs(settings.snapshots)
        blobs.try_out()
        agreements.require_same_place(store, blobs, agreements.this_process())
    except OSError as error:
        return {"ok": False, "detail": f"{settings.snapshots}: {error.strerror or error}"}
    except (agreements.Disagreement, DBAPIError) as error:
        return {"ok": False, "detail": str(error).splitlines()[0]}
    return {"ok": True}
