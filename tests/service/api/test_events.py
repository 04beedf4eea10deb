from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock

from service.api import stream as module

Frame = tuple[str, str | None, Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    return Bench(app.state.database, Clock())


@pytest.fixture
def job(api: httpx.Client) -> str:
    return str(api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"])


def frames(answer: httpx.Response) -> list[Frame]:
    assert answer.status_code == 200, answer.text
    found: list[Frame] = []
    for text in answer.text.strip().split("\n\n"):
        if not text.startswith(":"):
            fields = dict(line.split(": ", 1) for line in text.split("\n"))
            found.append((fields["event"], fields.get("id"), orjson.loads(fields["data"])))
    return found


def ids(found: list[Frame]) -> list[int]:
    return [int(number) for _, number, _ in found if number]


def stream_while(app: FastAPI, job: str, act: Callable[[], None], **headers: str) -> list[Frame]:
    """The whole stream of a job during which `act` happens."""

    async def scene() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=20) as client:
            reading = asyncio.create_task(client.get(f"/v1/jobs/{job}/events/stream", headers=headers))
            await asyncio.sleep(0.1)
            await asyncio.to_thread(act)
            return await reading

    return frames(asyncio.run(scene()))


def test_events_are_paged_in_order_and_filtered(api: httpx.Client, job: str, bench: Bench) -> None:
    bench.run(updates=3)
    path = f"/v1/jobs/{job}/events"
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = api.get(path, params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [event["seq"] for event in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list(range(1, len(seen) + 1))
    first = api.get(path).json()["items"][0]
    assert (first["type"], first["level"]) == ("job.created", "info")
    assert first["at"].endswith("Z")
    changes = api.get(path, params={"type": "job.status"}).json()["items"]
    assert [event["data"]["status"] for event in changes] == ["running", "succeeded"]
    assert api.get(path, params={"after": seen[-2]}).json()["items"][0]["seq"] == seen[-1]


def test_events_come_as_lines_for_those_who_accept_them(api: httpx.Client, job: str) -> None:
    answer = api.get(f"/v1/jobs/{job}/events", headers={"Accept": "application/x-ndjson"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert [line["type"] for line in lines] == ["job.created"]


def test_the_stream_of_a_finished_job_tells_all_and_ends(api: httpx.Client, job: str, bench: Bench) -> None:
    bench.run()
    answer = api.get(f"/v1/jobs/{job}/events/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    found = frames(answer)
    assert (found[0][0], found[0][2]["id"]) == ("job", job)
    assert found[-1] == ("end", None, {"status": "succeeded"})
    events = api.get(f"/v1/jobs/{job}/events").json()["items"]
    assert ids(found) == [event["seq"] for event in events if event["type"] != "history"]
    assert [kind for kind, _, _ in found].count("history") == 1


def test_a_reader_reconnects_by_last_event_id_and_misses_nothing(
    api: httpx.Client, app: FastAPI, job: str, bench: Bench
) -> None:
    bench.slice(updates=4)
    events = api.get(f"/v1/jobs/{job}/events").json()["items"]
    last = events[1]["seq"]

    def finish() -> None:
        bench.run(updates=4)

    found = stream_while(app, job, finish, **{"Last-Event-ID": str(last)})
    stored = api.get(f"/v1/jobs/{job}/events").json()["items"]
    assert ids(found) == [event["seq"] for event in stored if event["seq"] > last and event["type"] != "history"]
    assert found[0][0] == "job"
    assert found[-1] == ("end", None, {"status": "succeeded"})
    assert "progress" in [kind for kind, _, _ in found]


def test_one_who_has_everything_is_sent_away(api: httpx.Client, job: str) -> None:
    api.post(f"/v1/jobs/{job}/cancel")
    last = api.get(f"/v1/jobs/{job}/events").json()["items"][-1]["seq"]
    path = f"/v1/jobs/{job}/events/stream"
    assert api.get(path, headers={"Last-Event-ID": str(last)}).status_code == 204
    assert api.get(path, params={"after": last}).status_code == 204
    assert api.get(path, params={"after": last - 1}).status_code == 200


def test_a_foreign_page_gets_no_stream(api: httpx.Client, job: str) -> None:
    answer = api.get(f"/v1/jobs/{job}/events/stream", headers={"Origin": "http://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden-origin")


def test_cancelling_ends_the_stream_of_whoever_listens(app: FastAPI, api: httpx.Client, job: str) -> None:
    found = stream_while(app, job, lambda: api.post(f"/v1/jobs/{job}/cancel") and None)
    assert found[-1] == ("end", None, {"status": "cancelled"})


def test_several_jobs_on_one_stream_of_which_all_must_exist(api: httpx.Client, job: str) -> None:
    api.post(f"/v1/jobs/{job}/cancel")
    other = api.post(f"/v1/jobs/{job}/retry").json()["id"]
    api.post(f"/v1/jobs/{other}/cancel")
    answer = api.get("/v1/events/stream", params={"job": [job, other]})
    assert answer.headers["content-type"].startswith("text/event-stream")
    last = [line for line in answer.text.split("\n") if line.startswith("id:")][-1].split()[1]
    again = api.get("/v1/events/stream", params={"job": [job, other]}, headers={"Last-Event-ID": last})
    assert again.status_code == 204
    assert api.get("/v1/events/stream", params={"job": [job, "job_x"]}).status_code == 404
    assert api.get("/v1/events/stream", params={"job": [f"job_{k}" for k in range(21)]}).status_code == 400
    assert api.get("/v1/events/stream").status_code == 400
