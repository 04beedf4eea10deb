"""How the service does: health, what workers hold, what waits, who asks and by which keys."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.pages.asking import Api
from service.pages.rendering import render

router = APIRouter(include_in_schema=False)

RUNNING, WAITING = 20, 50
"""So many jobs that run are looked into, and so many that wait are listed."""


@router.get("/state")
async def show(request: Request, api: Api) -> Response:
    """All of it, of the asker's project."""
    ready = await api.look("/health/ready")
    me, running, waiting = await api.together(
        [
            "/v1/me",
            f"/v1/jobs?status=running,pausing,cancelling&limit={RUNNING}",
            f"/v1/jobs?status=queued,paused&limit={WAITING}",
        ]
    )
    jobs = await api.together([f"/v1/jobs/{line['id']}" for line in running["items"]])
    leases: list[dict[str, Any]] = [{**held, "job": job} for job in jobs for held in job["now"]]
    return render(
        request,
        "state.html",
        ready=ready,
        leases=leases,
        more_running=running["next"] is not None,
        looked_at=RUNNING,
        waiting=sorted(waiting["items"], key=lambda job: (-job["priority"], job["created_at"])),
        more_waiting=waiting["next"] is not None,
        me=me,
        keys=(await api.get("/v1/keys", limit=1000))["items"] if "admin" in me["scopes"] else None,
    )
