"""The list of jobs, one job, and what hangs on it: each a page with its own address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from service.pages.asking import Api
from service.pages.progress import stage_shares
from service.pages.rendering import render
from service.wire.jobs import TERMINAL, Status

router = APIRouter(include_in_schema=False)

CONDITIONS = ("q", "status", "kind", "label", "uses", "document", "created_after", "created_before", "search")
LISTED = (*CONDITIONS, "sort", "cursor", "series")
STATUSES: tuple[Status, ...] = (
    "queued",
    "running",
    "pausing",
    "paused",
    "cancelling",
    "succeeded",
    "failed",
    "cancelled",
)
ROWS, ARMS_SHOWN, LIVES_SHOWN, EVENTS_SHOWN, FAULTS_SHOWN = 50, 200, 500, 300, 5
Part = Literal["outcomes", "transitions", "events", "lives", "document"]
PARTS: tuple[Part, ...] = ("outcomes", "transitions", "events", "lives", "document")
DRAWING = ("series", "arm", "x", "log", "lives", "life", "smooth", "band", "from", "to", "points")
"""Parameters of the job's page that are parameters of its figures."""


@router.get("/")
async def index(request: Request, api: Api) -> Response:
    """All jobs that pass the filters of the address, a page of them at a time."""
    view = {name: request.query_params.get(name) for name in LISTED}
    asked = {name: value for name, value in view.items() if name != "series"}
    page = await api.get("/v1/jobs", limit=ROWS, **asked)
    families, searches = await api.together(["/v1/catalogue", "/v1/searches?limit=1000"])
    return render(
        request,
        "jobs.html",
        jobs=page["items"],
        next=page["next"],
        view=view,
        filtered=any(view[name] for name in CONDITIONS),
        statuses=STATUSES,
        members=[f"{row['family']}/{each['kind']}" for row in families["items"] for each in row["kinds"]],
        searches=[row["name"] for row in searches["items"]],
    )


@router.get("/jobs/{job}")
async def show(job: str, request: Request, api: Api) -> Response:
    """A job: where it stands, its figures, its arms; the rest is fetched when it comes into sight."""
    here = f"/v1/jobs/{job}"
    state, series = await api.together([here, f"{here}/series"])
    arms, more = await api.all(f"{here}/arms", ARMS_SHOWN)
    view = _view(request)
    chosen = [int(arm) for arm in view["arm"] if str(arm).isdigit()] or [0]
    return render(
        request,
        "job.html",
        job=state,
        arms=[{**arm, "stages": stage_shares(arm["steps"])} for arm in arms],
        more_arms=more,
        faults_shown=FAULTS_SHOWN,
        series=series["items"],
        view=view,
        chosen=chosen,
        drawing={name: view[name] for name in DRAWING},
        ended=state["status"] in TERMINAL,
        commands=_commands(request, state, view),
    )


def _view(request: Request) -> dict[str, Any]:
    """The parameters of the address; those that repeat as lists, those that are missing empty."""
    view: dict[str, Any] = {name: [] if name in ("series", "arm") else "" for name in DRAWING}
    for name, value in request.query_params.multi_items():
        if value == "":
            continue
        if name in ("series", "arm"):
            view[name].append(value)
        else:
            view[name] = value
    return view


def _commands(request: Request, job: Mapping[str, Any], view: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What this page shows, asked for on the command line and with curl."""
    base = str(request.base_url).rstrip("/")
    link, name = f"{base}{job['links']['self']}", job["id"]
    series = " ".join(f"'{each}'" for each in view["series"] or ["probe.*"])
    return [
        ("its state", f"ontogeny show {name}", f"curl -s {link}"),
        ("as it happens", f"ontogeny watch {name}", f"curl -sN {link}/events/stream"),
        (
            "mean and band",
            f"ontogeny history {name} {series} --over seed",
            f"curl -sG {link}/history -d over=seed " + " ".join(f"-d series={each}" for each in series.split()),
        ),
        (
            "this figure",
            f"ontogeny figure development {name} -o figure.html",
            f"curl -s '{link}/figures/development'",
        ),
        (
            "every value",
            f"ontogeny export {name} -o {name}.parquet",
            f"curl -s '{link}/history?points=all&series=*&format=parquet' -o {name}.parquet",
        ),
    ]


@router.get("/jobs/{job}/{part}")
async def show_part(
    job: str,
    part: Part,
    request: Request,
    api: Api,
    bare: Annotated[bool, Query(description="Without the frame, to be put into the job's page.")] = False,
) -> Response:
    """One of the parts of a job's page, by itself."""
    state = await api.get(f"/v1/jobs/{job}")
    given = await _PARTS[part](api, state)
    return render(request, "part.html", job=state, part=part, bare=bare, **given)


async def _outcomes(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    found, contrasts = None, None
    if job["kind"] == "study":
        document = await api.get(f"/v1/jobs/{job['id']}/document")
        found = await api.get(f"/v1/jobs/{job['id']}/outcomes") if document.get("outcomes") else None
        contrasts = await api.get(f"/v1/jobs/{job['id']}/contrasts") if document.get("contrasts") else None
    return {"outcomes": found, "contrasts": contrasts}


async def _transitions(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    rows, more = await api.all(f"/v1/jobs/{job['id']}/transitions", LIVES_SHOWN)
    return {"rows": rows, "more": more, "names": await _names(api, job)}


async def _lives(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    rows, more = await api.all(f"/v1/jobs/{job['id']}/lives", LIVES_SHOWN)
    return {"rows": rows, "more": more, "names": await _names(api, job)}


async def _names(api: Api, job: Mapping[str, Any]) -> dict[int, str]:
    arms, _ = await api.all(f"/v1/jobs/{job['id']}/arms", ARMS_SHOWN)
    return {arm["index"]: arm["name"] for arm in arms}


async def _events(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    """The newest first; that history was stored is told by the curves."""
    rows, more = await api.all(f"/v1/jobs/{job['id']}/events", 20 * EVENTS_SHOWN)
    told = [row for row in rows if row["type"] != "history"]
    return {"rows": told[::-1][:EVENTS_SHOWN], "more": more or len(told) > EVENTS_SHOWN}


async def _document(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    here = f"/v1/jobs/{job['id']}"
    text = await api.text(f"{here}/document", "application/yaml")
    diff = None
    if job["parent"] is not None:
        diff = await api.post("/v1/schedules/diff", {"a": {"job": job["parent"]}, "b": {"job": job["id"]}})
    return {"text": text, "diff": diff}


_PARTS: dict[Part, Any] = {
    "outcomes": _outcomes,
    "transitions": _transitions,
    "events": _events,
    "lives": _lives,
    "document": _document,
}
