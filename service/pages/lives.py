"""One life: its curves against the band of its arm, its stages with what triggers read, what its areas look for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service.pages.asking import Api, PageRefused
from service.pages.rendering import render
from service.wire.jobs import TERMINAL

router = APIRouter(include_in_schema=False)

Index = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("/jobs/{job}/lives/{arm}/{seed}")
async def show(job: str, arm: Index, seed: Index, request: Request, api: Api) -> Response:
    """A life, by the index of its arm and its seed."""
    here = f"/v1/jobs/{job}"
    chosen = f"arm={arm}&seed={seed}"
    state, found, transitions = await api.together(
        [here, f"{here}/lives?{chosen}", f"{here}/transitions?{chosen}&limit=1000"]
    )
    if not found["items"]:
        raise _unknown(request, f"the job has no life with seed {seed} in an arm {arm}")
    arms = await api.get(f"{here}/arms", limit=1000)
    lives = await api.get(f"{here}/lives", arm=str(arm), limit=1000)
    seeds = [life["seed"] for life in lives["items"]]
    place = seeds.index(seed) if seed in seeds else None
    return render(
        request,
        "life.html",
        job=state,
        life=found["items"][0],
        arm=next((each for each in arms["items"] if each["index"] == arm), {"index": arm, "name": f"arm {arm}"}),
        before=seeds[place - 1] if place else None,
        after=seeds[place + 1] if place is not None and place + 1 < len(seeds) else None,
        transitions=transitions["items"],
        outcomes=await _outcomes(api, state, arm, seed),
        series=request.query_params.getlist("series"),
        ended=state["status"] in TERMINAL,
    )


async def _outcomes(api: Api, job: Mapping[str, Any], arm: int, seed: int) -> list[dict[str, Any]]:
    """Of a study that declares some: the life's value of each, beside its arm's."""
    if job["kind"] != "study" or not (await api.get(f"/v1/jobs/{job['id']}/document")).get("outcomes"):
        return []
    answer = await api.get(f"/v1/jobs/{job['id']}/outcomes", seeds="all")
    return list(_of_life(answer, arm, seed))


def _of_life(answer: Mapping[str, Any], arm: int, seed: int) -> Iterator[dict[str, Any]]:
    for outcome in answer["outcomes"]:
        for each in outcome["arms"]:
            for life in each["lives"] if each["arm"] == arm else ():
                if life["seed"] == seed:
                    arm_says = {name: each[name] for name in ("mean", "sd", "n")}
                    yield {**life, **arm_says, "name": outcome["name"], "unit": outcome["unit"]}


def _unknown(request: Request, detail: str) -> PageRefused:
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    told = {"status": 404, "code": "not-found", "title": "Not found", "detail": detail, "request_id": request_id}
    return PageRefused({**told, "errors": []})
