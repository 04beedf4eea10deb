"""Snapshots over HTTP: what one holds, its file, and pictures of what an area's units look for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from service.api import weights
from service.api.answers import json_answer, matches, tagged
from service.api.dependencies import Config, Reader, Store
from service.api.schedules import invalid_query
from service.errors import NotFound, Unavailable
from service.settings import Settings
from service.store import snapshots
from service.store.places import open_blobs
from service.store.snapshots import Row
from service.wire.jobs import Pictures, SnapshotFacts
from service.wire.times import rfc3339

router = APIRouter(prefix="/v1/snapshots/{snapshot}", tags=["snapshots"])

SAFETENSORS = "application/octet-stream"


@router.get("", responses={200: {"model": SnapshotFacts}})
def show(snapshot: str, request: Request, caller: Reader, store: Store) -> Response:
    """Which lives are in it, at which age, and the hashes by which it is known."""
    with store.read() as db:
        row = snapshots.get(db, caller.project, snapshot)
    return tagged(request, _facts(row), f'"{row["sha256"]}-facts"')


@router.get("/file", response_class=Response, responses={200: {"content": {SAFETENSORS: {}}}, 206: {}, 416: {}})
def file(snapshot: str, request: Request, caller: Reader, store: Store, settings: Config) -> Response:
    """The safetensors file; parts of it by Range."""
    with store.read() as db:
        row = snapshots.get(db, caller.project, snapshot)
    tag = f'"{row["sha256"]}"'
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    path = _path(settings, row)
    return FileResponse(path, media_type=SAFETENSORS, filename=path.name, headers={"ETag": tag})


@router.get("/pictures", responses={200: {"model": Pictures, "content": {"image/png": {}}}})
def pictures(  # noqa: PLR0913 - every choice is a parameter of the query
    snapshot: str,
    request: Request,
    caller: Reader,
    store: Store,
    settings: Config,
    area: Annotated[str, Query(max_length=64, description="An area that sees a sense.")],
    seed: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="The first life if left out.")] = None,
    sense: Annotated[str | None, Query(max_length=64, description="The first that the area sees if left out.")] = None,
    units: Annotated[int, Query(ge=1, le=1024, description="At most so many.")] = 256,
    format_: Annotated[Literal["png", "json"] | None, Query(alias="format")] = None,
) -> Response:
    """Weights from a sense to each unit of an area, as grey pictures on one scale, or as numbers."""
    with store.read() as db:
        row = snapshots.get(db, caller.project, snapshot)
    wants_png = format_ == "png" or (format_ is None and "image/png" in request.headers.get("accept", ""))
    tag = f'"{row["sha256"]}-{area}-{seed}-{sense}-{units}-{"png" if wants_png else "json"}"'
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    fields = _fields(settings, row, weights.Wanted(area, seed, sense, units))
    if wants_png:
        return Response(weights.png(fields), headers=headers, media_type="image/png")
    return json_answer(weights.numbers(fields), headers=headers)


def _fields(settings: Settings, row: Row, wanted: weights.Wanted) -> weights.Fields:
    try:
        return weights.fields_of(_path(settings, row), row["regime"]["organism"], wanted)
    except weights.NoPicture as error:
        raise invalid_query(error.pointer, str(error), error.suggestion) from None


def _path(settings: Settings, row: Row) -> Path:
    """Where the file lies; NotFound if it is gone, which the next worker that needs it mends."""
    try:
        return open_blobs(settings.snapshots).file(row["uri"], settings.home / "fetched")
    except FileNotFoundError:
        raise NotFound(f"the file of snapshot {row['id']} is missing; it is made again when it is needed") from None
    except OSError as error:
        detail = f"the place of snapshots does not answer: {error.strerror or error}"
        raise Unavailable(detail, code="not-ready") from None


def _facts(row: Row) -> dict[str, Any]:
    ages = {seed: born + row["at_offset"] * row["regime"]["batch"] for seed, born in row["ages"].items()}
    names = ("id", "trajectory", "stop", "bytes", "sha256", "state_hash", "complete")
    return {
        **{name: row[name] for name in names},
        "offset": row["at_offset"],
        "seeds": row["seeds"],
        "age_sp": [min(ages.values()), max(ages.values())],
        "areas": sorted(row["regime"]["organism"]["areas"]),
        "created_at": rfc3339(row["created_at"]),
        "lost_at": rfc3339(row["lost_at"]),
        "links": {part: f"/v1/snapshots/{row['id']}/{part}" for part in ("file", "pictures")},
    }
