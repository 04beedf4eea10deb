"""The client: what it sends, what it tries again, what it makes of answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from build import tiny_schedule

from service.client import ApiError, Client, Job, Unreachable, base_of, connection, read_document

EXAMPLES = Path(__file__).parents[2] / "examples"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_wait", lambda state: 0.0)


def client(answer: Answer) -> Client:
    """A client whose wire is a function."""
    made = Client("http://127.0.0.1:1")
    made._http = httpx.Client(transport=httpx.MockTransport(answer), base_url=made.url)
    return made


def job(**more: Any) -> dict[str, Any]:
    return {"id": "job_1", "status": "queued", "arms": 1, "seeds": 2, **more}


def test_a_busy_service_is_asked_again_under_the_same_idempotency_key() -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            return httpx.Response(503, json={"code": "database-busy", "status": 503, "detail": "busy"})
        return httpx.Response(201, json=job())

    assert client(answer).submit(tiny_schedule()).id == "job_1"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_refusal_is_not_tried_again_and_tells_where_and_how() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        fault = {
            "pointer": "/stages/0/until",
            "code": "E21",
            "message": "stage early: may never end",
            "suggestion": {"text": "give it a limit"},
        }
        return httpx.Response(422, json={"code": "invalid-schedule", "status": 422, "detail": "no", "errors": [fault]})

    with pytest.raises(ApiError, match=r"E21 at /stages/0/until: stage early: may never end \(give it a limit\)"):
        client(answer).submit(tiny_schedule())
    assert asked == ["/v1/jobs"]


def test_nobody_there_is_said_with_what_to_do() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable, match="ontogeny up"):
        client(answer).get("/health")


def test_pages_are_followed_to_the_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("cursor", "0"))
        following = str(page + 1) if page < 2 else None
        return httpx.Response(200, json={"items": [{"id": page}], "next": following})

    assert [item["id"] for item in client(answer).jobs()] == [0, 1, 2]


def test_what_was_not_finite_is_put_back_in_its_place() -> None:
    trace = {
        "series": "cost.a",
        "unit": "1",
        "arm": 0,
        "labels": {},
        "seed": 3,
        "x": [0, 20, 40],
        "y": [1.0, None, None],
        "nonfinite": [[1, "inf"], [2, "nan"]],
    }
    history = {"traces": [trace], "thinning": {}, "stages": [], "complete": True, "next_after": None}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=orjson.dumps(history if "history" in request.url.path else job()))

    (found,) = client(answer).job("job_1").history("cost.a").traces
    assert found.y[1] == np.inf
    assert np.isnan(found.y[2])
    assert found.x.tolist() == [0, 20, 40]


def test_a_study_is_sent_with_the_schedule_beside_it() -> None:
    study = EXAMPLES / "cataract-study.yaml"
    base = base_of(study, read_document(study))
    assert base is not None
    assert base["name"] == "cataract-blur"
    assert base_of(EXAMPLES / "quickstart.yaml", read_document(EXAMPLES / "quickstart.yaml")) is None


def test_an_export_needs_a_name_that_tells_its_format(tmp_path: Path) -> None:
    found = client(lambda request: httpx.Response(200, json=job())).job("job_1")
    with pytest.raises(ValueError, match=r"\.parquet"):
        found.export(tmp_path / "all.xlsx")


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"PAR1"
        raise httpx.ReadError("gone")

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=broken() if "history" in request.url.path else orjson.dumps(job()))

    with pytest.raises(Unreachable, match="broke off"):
        client(answer).job("job_1").export(tmp_path / "all.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_question_is_sent_with_labels_and_bounds_by_their_names() -> None:
    asked: list[httpx.Request] = []
    told = {"traces": [], "thinning": {}, "stages": [], "complete": True, "next_after": "token"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/series"):  # nothing came back: is it recorded at all?
            return httpx.Response(200, json={"items": [], "next": None})
        asked.append(request)
        return httpx.Response(200, content=orjson.dumps(told if "history" in request.url.path else job()))

    found = client(answer).job("job_1")
    assert found.history("cost.a", "probe.*", axis={"onset": "40ep"}, from_="2ep", seed=None).next_after == "token"
    assert asked[-1].url.params.multi_items() == [
        ("from", "2ep"), ("axis.onset", "40ep"), ("series", "cost.a"), ("series", "probe.*")
    ]  # fmt: skip


def test_several_jobs_are_asked_in_one_body() -> None:
    bodies: list[Any] = []
    rows = [
        {"job": "job_1", "complete": True, "next_after": "a"},
        {"job": "job_2", "complete": False, "next_after": "b"},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(orjson.loads(request.content))
        return httpx.Response(200, json={"traces": [], "thinning": {}, "stages": [], "jobs": rows})

    service = client(answer)
    found = service.history([Job(service, job()), "job_2"], "cost.*", over="seed", from_=100)
    assert bodies == [{"jobs": ["job_1", "job_2"], "series": ["cost.*"], "over": "seed", "from": 100}]
    assert (found.complete, found.next_after) == (False, {"job_1": "a", "job_2": "b"})


def test_what_only_keeps_a_stream_alive_is_no_event() -> None:
    frames = (
        'event: job\ndata: {"id": "job_1", "status": "running"}\n\n',
        ": ping\n\n",
        "retry: 2000\n\n",
        "event: life.transition\nid: 7\n"
        'data: {"seq": 7, "type": "life.transition", "stage": "early", "age_sp": 40}\n\n',
        'event: end\ndata: {"status": "succeeded"}\n\n',
    )

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stream"):
            return httpx.Response(200, text="".join(frames), headers={"Content-Type": "text/event-stream"})
        return httpx.Response(200, json=job())

    told = list(client(answer).job("job_1").follow())
    assert [(event.type, event.seq, event.stage, event.age_sp) for event in told] == [
        ("job", None, None, None),
        ("life.transition", 7, "early", 40),
        ("end", None, None, None),
    ]
