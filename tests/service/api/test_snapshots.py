"""Snapshots over HTTP, of a cohort that was really trained: facts, the file in parts, pictures of the weights."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from build import tiny_schedule
from direct import Direct
from fastapi import FastAPI
from safetensors.numpy import load

from service.app import create_app
from service.settings import Settings
from service.store.engine import migrate
from workers.tasks import advance, build_worker

CONVOLVED = tiny_schedule()["organism"] | {
    "areas": {
        "V1": {"kind": "conv", "channels": 3, "kernel": 3, "act": "tanh"},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = Settings(home=tmp_path_factory.mktemp("snapshots"))
    migrate(settings.database_url)
    return create_app(settings)


@pytest.fixture(scope="module")
def api(app: FastAPI) -> httpx.Client:
    return httpx.Client(transport=Direct(app), base_url="http://localhost:8714")


@pytest.fixture(scope="module", params=["linear", "conv"])
def snapshot(request: pytest.FixtureRequest, app: FastAPI, api: httpx.Client) -> str:
    """The last snapshot of a job that a worker has trained."""
    changes: dict[str, Any] = {} if request.param == "linear" else {"organism": CONVOLVED}
    job = api.post("/v1/jobs", json={"document": tiny_schedule(**changes)}).json()
    worker = build_worker(app.state.settings, 0)
    while advance(worker):
        pass
    worker.bell.close()
    worker.database.close()
    assert api.get(f"/v1/jobs/{job['id']}").json()["status"] == "succeeded"
    return str(api.get(f"/v1/jobs/{job['id']}/snapshots").json()["items"][-1]["id"])


def test_facts_of_a_snapshot(api: httpx.Client, snapshot: str) -> None:
    answer = api.get(f"/v1/snapshots/{snapshot}")
    facts = answer.json()
    assert (facts["seeds"], facts["areas"], facts["complete"], facts["lost_at"]) == ([0, 1], ["V1", "head"], True, None)
    assert facts["age_sp"][0] == facts["age_sp"][1] > 0
    again = api.get(f"/v1/snapshots/{snapshot}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_file_is_what_its_hash_says_whole_and_in_parts(api: httpx.Client, snapshot: str) -> None:
    facts = api.get(f"/v1/snapshots/{snapshot}").json()
    whole = api.get(facts["links"]["file"])
    assert hashlib.sha256(whole.content).hexdigest() == facts["sha256"]
    assert whole.headers["etag"] == f'"{facts["sha256"]}"'
    assert whole.headers["accept-ranges"] == "bytes"
    part = api.get(facts["links"]["file"], headers={"Range": "bytes=10-29"})
    assert (part.status_code, part.content) == (206, whole.content[10:30])
    assert part.headers["content-range"] == f"bytes 10-29/{facts['bytes']}"
    stale = api.get(facts["links"]["file"], headers={"Range": "bytes=10-29", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, whole.content)
    assert api.get(facts["links"]["file"], headers={"Range": f"bytes={facts['bytes']}-"}).status_code == 416
    assert api.get(facts["links"]["file"], headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


def test_pictures_are_the_weights_of_one_life(api: httpx.Client, snapshot: str) -> None:
    links = api.get(f"/v1/snapshots/{snapshot}").json()["links"]
    tensors = load(api.get(links["file"]).content)
    weight = tensors["params/area/V1/from/retina/weight"][1]
    answer = api.get(links["pictures"], params={"area": "V1", "seed": 1}).json()
    values = np.array(answer["values"], np.float32)
    expected = weight if weight.ndim == 4 else weight.T.reshape(-1, 1, 8, 8)
    assert np.array_equal(values, expected)
    assert (answer["shape"], answer["units_in_all"]) == (list(expected.shape), len(expected))
    assert answer["scale"] == pytest.approx(np.abs(expected).max())


def test_a_picture_is_a_png_in_which_grey_means_nothing(api: httpx.Client, snapshot: str) -> None:
    links = api.get(f"/v1/snapshots/{snapshot}").json()["links"]
    query = {"area": "V1", "units": 3}
    values = np.array(api.get(links["pictures"], params=query).json()["values"])
    answer = api.get(links["pictures"], params=query, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    data = answer.content
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    lines = np.frombuffer(zlib.decompress(data[start : start + length]), np.uint8).reshape(height, width + 1)[:, 1:]
    first = values[0, 0]
    assert np.array_equal(lines[: len(first), : len(first)], np.round(127.5 + 127.5 * first / np.abs(values).max()))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"area": "V9"}, "/query/area"), ({"area": "head"}, "/query/area"), ({"area": "V1", "seed": 7}, "/query/seed"),
     ({"area": "V1", "sense": "ear"}, "/query/area")],
)  # fmt: skip
def test_what_cannot_be_drawn_is_told(api: httpx.Client, snapshot: str, query: Any, pointer: str) -> None:
    answer = api.get(f"/v1/snapshots/{snapshot}/pictures", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-query")
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_file_that_is_gone_is_told(api: httpx.Client, app: FastAPI, snapshot: str) -> None:
    stored = Path(app.state.settings.snapshots)
    hidden = stored.rename(stored.with_name("elsewhere"))
    try:
        for part in ("file", "pictures?area=V1"):
            answer = api.get(f"/v1/snapshots/{snapshot}/{part}")
            assert (answer.status_code, "missing" in answer.json()["detail"]) == (404, True)
    finally:
        hidden.rename(stored)
