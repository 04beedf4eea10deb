"""Histories over HTTP, of jobs that a simulation has trained."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from build import tiny_schedule
from fastapi import FastAPI
from simulated import Bench, Clock
from typer.testing import CliRunner, Result

from service.cli import app as app_of_commands
from service.client import Client
from service.store import portions

ALL = {"points": "all", "format": "parquet"}


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    return Bench(app.state.database, Clock())


@pytest.fixture
def job(api: httpx.Client, bench: Bench) -> str:
    """A schedule of two lives, grown."""
    return grown(api, bench, tiny_schedule())


def grown(api: httpx.Client, bench: Bench, document: dict[str, Any]) -> str:
    answer = api.post("/v1/jobs", json={"document": document})
    assert answer.status_code == 201, answer.text
    bench.run()
    return str(answer.json()["id"])


def table(content: bytes) -> Any:
    return pq.read_table(io.BytesIO(content))


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        told.append(statement)

    engine = app.state.database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield told
    sa.event.remove(engine, "before_cursor_execute", note)


def test_an_answer_known_or_given_lately_touches_no_values(api: httpx.Client, app: FastAPI, job: str) -> None:
    place, query = f"/v1/jobs/{job}/history", {"series": "cost.*", "over": "seed"}
    tag = api.get(place, params=query).headers["etag"]
    with statements(app) as told:
        answer = api.get(place, params=query, headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert [each for each in told if "history_" in each] == []
    assert len(told) < 12
    with statements(app) as told:
        again = api.get(place, params=query)
    assert (again.status_code, again.headers["etag"]) == (200, tag)
    assert [each for each in told if "history_" in each] == []
    with statements(app) as told:
        assert api.get(place, params={"series": "cost.*"}).status_code == 200
    assert [each for each in told if "history_" in each] != []


def test_the_list_of_series_touches_no_values(api: httpx.Client, app: FastAPI, job: str) -> None:
    with statements(app) as told:
        rows = api.get(f"/v1/jobs/{job}/series").json()["items"]
    assert {row["name"]: row["unit"] for row in rows} == {
        "cost.naming": "1",
        "probe.acc": "fraction",
        "machine.speed": "updates/s",
    }
    assert {row["meaning"] for row in rows if row["name"] == "probe.acc"} == {
        "Share of items whose largest output is the label."
    }
    assert [each for each in told if "history_" in each] == []


def test_a_file_carries_document_versions_and_hashes(api: httpx.Client, job: str) -> None:
    about = table(api.get(f"/v1/jobs/{job}/history", params=ALL).content).schema.metadata
    (told,) = orjson.loads(about[b"ontogeny.jobs"])
    shown = api.get(f"/v1/jobs/{job}").json()
    assert told["document"] == tiny_schedule()
    assert (told["job"]["id"], told["job"]["document_hash"]) == (job, shown["document_hash"])
    assert [arm["arm"] for arm in told["arms"]] == [0]
    assert told["arms"][0]["document_hash"].startswith("sha256:")
    assert {row["name"] for row in told["series"]} == {"cost.naming", "probe.acc", "machine.speed"}
    assert {end["seed"] for end in told["transitions"]} == {0, 1}
    for trajectory in told["trajectories"]:
        assert trajectory["reached"] > 0
        assert {"key", "numerics", "state_hash"} <= trajectory.keys()
    assert {"python", "numpy", "pyarrow"} <= told["versions"].keys()


def test_an_export_read_in_portions_is_the_export(api: httpx.Client, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table(api.get(f"/v1/jobs/{job}/history", params=ALL).content)
    monkeypatch.setattr(portions, "PORTION_VALUES", 1)
    answer = api.get(f"/v1/jobs/{job}/history", params=ALL)
    assert orjson.loads(answer.headers["ontogeny-thinning"])["exact"] is True
    parts = table(answer.content)
    keys = [("series", "ascending"), ("seed", "ascending"), ("age_sp", "ascending")]
    assert parts.sort_by(keys).equals(whole.sort_by(keys))
    assert pq.ParquetFile(io.BytesIO(answer.content)).num_row_groups == 3


def test_an_export_has_no_limit_of_traces(api: httpx.Client, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.traces.MAX_TRACES", 1)
    assert api.get(f"/v1/jobs/{job}/history", params={"points": 10}).status_code == 422
    assert api.get(f"/v1/jobs/{job}/history", params=ALL).status_code == 200


def test_several_jobs_are_asked_at_once(api: httpx.Client, bench: Bench, job: str) -> None:
    other = grown(api, bench, tiny_schedule(seeds={"start": 5, "count": 3}))
    body = {"jobs": [job, other], "series": ["cost.*"], "over": "seed", "points": "all"}
    answer = api.post("/v1/history/query", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [(trace["job"], trace["lives"]["total"]) for trace in told["traces"]] == [(job, 2), (other, 3)]
    for trace in told["traces"]:
        alone = api.get(
            f"/v1/jobs/{trace['job']}/history", params={"series": "cost.*", "over": "seed", "points": "all"}
        )
        assert alone.json()["traces"] == [{name: part for name, part in trace.items() if name != "job"}]
    assert [row["job"] for row in told["jobs"]] == [job, other]
    assert told["thinning"]["values_in"] == sum(len(trace["y"]) for trace in told["traces"])
    again = api.post("/v1/history/query", json=body, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    after = {row["job"]: row["next_after"] for row in told["jobs"]}
    assert api.post("/v1/history/query", json=body | {"after": after}).json()["traces"] == []


def test_the_table_of_several_jobs_names_them(api: httpx.Client, bench: Bench, job: str) -> None:
    other = grown(api, bench, tiny_schedule(seeds={"start": 5, "count": 3}))
    body = {"jobs": [job, other], "series": ["cost.*"], "points": "all"}
    text = api.post("/v1/history/query", json=body, headers={"Accept": "text/csv"}).text
    rows = list(csv.DictReader(io.StringIO(text.split("\n", 1)[1])))
    assert {row["job"]: 0 for row in rows} == {job: 0, other: 0}
    assert {row["seed"] for row in rows if row["job"] == other} == {"5", "6", "7"}


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"jobs": []}, 422, "/jobs"),
        ({"jobs": ["job_1"] * 101}, 422, "/jobs"),
        ({"points": 1}, 422, "/points"),
        ({"colour": "red"}, 422, "/colour"),
        ({"jobs": ["job_none"]}, 404, None),
    ],
)
def test_a_question_about_jobs_that_is_wrong_says_where(
    api: httpx.Client, job: str, change: dict[str, Any], status: int, pointer: str | None
) -> None:
    answer = api.post("/v1/history/query", json={"jobs": [job]} | change)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_lives_that_diverged_or_were_censored_are_counted(api: httpx.Client, bench: Bench) -> None:
    bench.simulation.fates.diverge.update({(0, 1): 4})  # type: ignore[attr-defined]
    job = grown(api, bench, tiny_schedule())
    query = {"series": "cost.*", "over": "seed", "points": "all"}
    (trace,) = api.get(f"/v1/jobs/{job}/history", params=query).json()["traces"]
    assert trace["lives"] == {"total": 2, "diverged": 1, "censored": 0}
    assert set(np.unique(trace["n"]).tolist()) == {1, 2}
    (trace,) = api.get(f"/v1/jobs/{job}/history", params=query | {"diverged": "drop"}).json()["traces"]
    assert trace["lives"] == {"total": 2, "diverged": 1, "censored": 0, "left_out": 1}
    lives = api.get(f"/v1/jobs/{job}/history", params={"series": "cost.*"}).json()["traces"]
    assert [each.get("ended") for each in lives] == [None, "diverged"]


def test_levels_of_modulators_are_a_series_by_age(api: httpx.Client, bench: Bench) -> None:
    level = {"kind": "ramp", "start": "0sp", "end": "200sp", "from": 0.0, "to": 2.0}
    document = tiny_schedule(modulators={"drive": {"level": level, "plasticity": {"V1": 0.5}}})
    job = grown(api, bench, document)
    traces = api.get(f"/v1/jobs/{job}/history", params={"series": "modulator.*"}).json()["traces"]
    assert len(traces) == 2
    for trace in traces:
        assert (trace["series"], trace["unit"]) == ("modulator.drive", "1")
        # what was in force during the update that ended at that age
        assert trace["y"] == [min(2.0, (age - 20) / 100) for age in trace["x"]]


def test_levels_that_follow_a_probe_are_not_told_by_age(api: httpx.Client, bench: Bench) -> None:
    gate = {"kind": "gate", "probe": "acc", "low": 0.1, "high": 0.5, "from": 2.0, "to": 0.5}
    document = tiny_schedule(modulators={"drive": {"level": gate, "costs": {"naming": 1.0}}, "tone": {"level": 0.5}})
    job = grown(api, bench, document)
    traces = api.get(f"/v1/jobs/{job}/history", params={"series": "modulator.*"}).json()["traces"]
    assert {trace["series"] for trace in traces} == {"modulator.tone"}


@pytest.fixture
def command(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line, speaking to the application in this process."""
    made = Client("http://localhost:8714")
    made._http = api
    monkeypatch.setattr("service.cli.histories.client", lambda context: made)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app_of_commands, list(words), catch_exceptions=False)

    return run


def test_the_command_line_prints_what_the_api_says(command: Callable[..., Result], job: str) -> None:
    told = command("history", job, "cost.*", "--over", "seed", "--stat", "mean", "--stat", "sd", "--band", "sd")
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert {row["stat"] for row in rows} == {"mean", "sd"}
    assert {"x", "value", "n", "lo", "hi"} <= rows[0].keys()
    few = command(
        "history", job, "cost.*", "--points", "3", "--method", "m4", "--seed", "1", "--from", "100", "-o", "json"
    )
    answer = orjson.loads(few.stdout)
    assert (answer["query"]["method"], [trace["seed"] for trace in answer["traces"]]) == ("m4", [1])
    assert "values shown (m4)" in few.stderr or answer["thinning"]["method"] in few.stderr
    assert command("history", job, "cost.none").exit_code == 3


def test_the_command_line_exports_some_of_a_job(command: Callable[..., Result], job: str, tmp_path: Path) -> None:
    file = tmp_path / "some.parquet"
    assert command("export", job, "cost.*", "--seed", "1", "-o", str(file)).exit_code == 0
    told = pq.read_table(file)
    assert set(told["seed"].to_pylist()) == {1}
    assert set(told["series"].to_pylist()) == {"cost.naming"}
    assert b"ontogeny.jobs" in told.schema.metadata
    meanings = command("series", job).stdout
    assert "before its weight" in meanings
