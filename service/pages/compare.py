"""Arms of one or several jobs side by side; the address names them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from service.pages.asking import Api
from service.pages.rendering import render

router = APIRouter(include_in_schema=False)

MOST = 4


@router.get("/compare")
async def compare(
    request: Request,
    api: Api,
    item: Annotated[list[str], Query(description="JOB or JOB:ARM")] = [],  # noqa: B006 - read only
) -> Response:
    """Bands of up to four arms, the paired difference of the first two, and how their documents differ."""
    items = [await _item(api, text) for text in item[:MOST]]
    series = sorted({each["name"] for one in items for each in one["series"]})
    diff = await _diff(api, items) if len(items) > 1 else None
    chosen = request.query_params.getlist("series")
    body = {"items": [{"job": one["job"]["id"], "arm": one["arm"]} for one in items]}
    return render(
        request, "compare.html", items=items, series=series, chosen=chosen, diff=diff, body=body, dropped=item[MOST:]
    )


async def _item(api: Api, text: str) -> dict[str, Any]:
    job, _, arm = text.partition(":")
    state, series = await api.together([f"/v1/jobs/{job}", f"/v1/jobs/{job}/series"])
    arms, _ = await api.all(f"/v1/jobs/{job}/arms", 1000)
    index = int(arm) if arm.isdigit() else 0
    name = next((each["name"] for each in arms if each["index"] == index), f"arm {index}")
    return {"job": state, "arm": index, "name": name, "series": series["items"], "text": text}


async def _diff(api: Api, items: list[dict[str, Any]]) -> Any:
    first, second = ({"job": one["job"]["id"], "arm": one["arm"]} for one in items[:2])
    return await api.post("/v1/schedules/diff", {"a": first, "b": second})
