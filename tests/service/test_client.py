"""The client: what it sends, what it tries again, what it makes of answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from build import tiny_schedule

from service.client import ApiError, Client, Unreachable, base_of, connection, read_document

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
