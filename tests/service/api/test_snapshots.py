"""Snapshots over HTTP, of a cohort that was really trained: facts, the file in parts, pictures of the weights."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import plotly.graph_objects as go
import pytest
from build import tiny_schedule
from direct import Direct
from fastapi import FastAPI
from safetensors.numpy import load
from typer.testing import CliRunner

from service.app import create_app
from service.cli import app as command
from service.client import ApiError, Client
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


def job_of(api: httpx.Client, snapshot: str) -> str:
    """The job on whose path a snapshot lies."""
    for job in api.get("/v1/jobs").json()["items"]:
        if snapshot in {each["id"] for each in api.get(f"/v1/jobs/{job['id']}/snapshots").json()["items"]}:
            return str(job["id"])
    raise LookupError(snapshot)


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


def test_the_figure_of_pictures_shows_every_age_of_one_life_on_one_scale(api: httpx.Client, snapshot: str) -> None:
    job = job_of(api, snapshot)
    stored = api.get(f"/v1/jobs/{job}/snapshots").json()["items"]
    drawn = api.get(f"/v1/jobs/{job}/figures/pictures", params={"life": 1}).json()
    go.Figure(drawn)
    ages = sorted({row["age_sp"] for row in stored})
    assert [trace["meta"]["age_sp"] for trace in drawn["data"]] == ages
    assert [trace["visible"] for trace in drawn["data"]] == [False] * (len(ages) - 1) + [True]
    (slider,) = drawn["layout"]["sliders"]
    assert [step["label"] for step in slider["steps"]] == [f"{age:,}" for age in ages]
    for place, step in enumerate(slider["steps"]):
        assert step["args"] == ["visible", [place == other for other in range(len(ages))]]

    for trace in drawn["data"]:
        axis = drawn["layout"][trace["yaxis"].replace("y", "yaxis")]
        assert axis["scaleanchor"] == trace["xaxis"], "no square pixels"

    weights = [
        np.array(api.get(f"/v1/snapshots/{row['id']}/pictures", params={"area": "V1", "seed": 1}).json()["values"])
        for row in sorted(stored, key=lambda row: row["age_sp"])
    ]
    largest = max(float(np.abs(each).max()) for each in weights)
    assert [trace["zmax"] for trace in drawn["data"]] == pytest.approx([largest] * len(ages), rel=1e-6)
    assert [trace["zmin"] for trace in drawn["data"]] == pytest.approx([-largest] * len(ages), rel=1e-6)
    units, _, height, width = weights[-1].shape
    first = np.array(drawn["data"][-1]["z"], dtype=float)[:height, :width]
    np.testing.assert_allclose(first, weights[-1][0, 0], rtol=1e-3)
    rows = api.get(f"/v1/jobs/{job}/figures/pictures", params={"life": 1, "format": "csv"}).text.splitlines()
    norm = float(np.linalg.norm(weights[-1][-1]))
    assert rows[-1].split(",")[:3] == ["V1", f"norm of unit {units - 1}", str(ages[-1])]
    assert float(rows[-1].split(",")[3]) == pytest.approx(norm, rel=1e-4)
    oldest = max(stored, key=lambda row: row["age_sp"])
    assert rows[-1].endswith(f"snapshot {oldest['id']}")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"area": "V2"}, "there is no area 'V2'"),
        ({"area": "head"}, "area head does not see any sense by weights of its own"),
        ({"area": "V1", "sense": "ear"}, "area V1 does not see sense 'ear' by weights of its own"),
        ({"life": 9}, "no life has seed 9"),
    ],
)
def test_pictures_that_there_cannot_be_are_refused_with_why(
    api: httpx.Client, snapshot: str, query: dict[str, Any], told: str
) -> None:
    answer = api.get(f"/v1/jobs/{job_of(api, snapshot)}/figures/pictures", params=query)
    assert (answer.status_code, answer.json()["detail"]) == (422, told)


def test_pictures_before_anything_is_stored_say_so(api: httpx.Client) -> None:
    job = api.post("/v1/jobs", json={"document": tiny_schedule(seeds={"start": 77, "count": 1})}).json()["id"]
    drawn = api.get(f"/v1/jobs/{job}/figures/pictures").json()
    assert drawn["data"] == []
    assert "no snapshot is stored yet" in drawn["layout"]["annotations"][0]["text"]
    api.post(f"/v1/jobs/{job}/cancel")


def test_a_snapshot_is_written_to_a_file_from_the_command_line_and_from_python(
    api: httpx.Client, snapshot: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client("http://localhost:8714")
    client._http = api
    monkeypatch.setattr("service.cli.parts.client", lambda context: client)
    words = ["snapshot", snapshot, "-o"]
    whole, picture = tmp_path / "all.safetensors", tmp_path / "seen.png"
    assert CliRunner().invoke(command, [*words, str(whole)]).exit_code == 0
    assert "params/area/V1/from/retina/weight" in load(whole.read_bytes())
    assert CliRunner().invoke(command, [*words, str(picture), "--area", "V1", "--seed", "1"]).exit_code == 0
    query = {"area": "V1", "seed": 1, "format": "png", "units": 1024}
    assert picture.read_bytes() == api.get(f"/v1/snapshots/{snapshot}/pictures", params=query).content
    assert "--area" in str(CliRunner().invoke(command, [*words, str(picture)]).exception)
    assert "end it in" in str(CliRunner().invoke(command, [*words, str(tmp_path / "x.npz")]).exception)

    job = client.job(job_of(api, snapshot))
    assert job.save_snapshot(snapshot, tmp_path / "again").read_bytes() == whole.read_bytes()
    weights = job.weights(snapshot, "V1", seed=1)
    np.testing.assert_array_equal(weights[0, 0], np.array(job.weights(snapshot, "V1", seed=1, sense="retina"))[0, 0])
    with pytest.raises(ApiError, match="there is no area 'V9'"):
        job.weights(snapshot, "V9")
