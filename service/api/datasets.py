"""The data sets that documents may name."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from models.specs.worlds import dataset
from service.api.answers import tagged
from service.api.dependencies import Reader

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/datasets")
def listed(request: Request, caller: Reader) -> Response:
    """Registered data sets: channel, shape, classes, sizes, digest, licence. `ontogeny data add` registers one."""
    entries = [dataset.registered(name) for name in dataset.names()]
    items = [entry.model_dump(mode="json") for entry in entries if entry is not None]
    return tagged(request, {"items": items, "next": None})
