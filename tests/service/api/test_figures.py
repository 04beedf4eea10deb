"""Figures over HTTP: every one of a job that grows, of a document, of arms side by side; tags, tables, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import plotly.graph_objects as go
import pytest
import yaml
from build import tiny_schedule, tiny_study
from direct import Direct
from fastapi import FastAPI
from simulated import Bench, Clock
from typer.testing import CliRunner, Result

from models.specs.document import read
from service.app import create_app
from service.cli import app as command
from service.client import Client
from service.figures.look import DARK
from service.settings import Settings
from service.store import history
from service.wire.figures import FIGURES

ROOT = Path(__file__).parents[3]
STUDY_ONLY = {"outcomes", "sensitivity"}
OF_WEIGHTS = "pictures"
"""Wants snapshots that were really stored: tests/service/api/test_snapshots.py."""

Document = dict[str, Any]

STUDY: Document = tiny_study(0.5, 1.0, 2.0, seeds=3, name="rates") | {
    "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "5ba"}},
    "contrasts": [{"name": "by-weight", "kind": "trend", "outcome": "final", "axis": "weight"}],
    "analysis": {"resamples": 100},
}


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    return Bench(app.state.database, Clock())


def submit(api: httpx.Client, document: Document) -> str:
    answer = api.post("/v1/jobs", json={"document": document})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def figure(api: httpx.Client, job: str, name: str, **query: Any) -> Document:
    answer = api.get(f"/v1/jobs/{job}/figures/{name}", params={"arm": 0, "versus": 1, **query})
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(set(FIGURES) - {OF_WEIGHTS}))
def test_every_figure_of_a_study_is_one_for_plotly(api: httpx.Client, bench: Bench, name: str, look: str) -> None:
    job = submit(api, STUDY)
    bench.run()
    drawn = figure(api, job, name, look=look)
    meta = go.Figure(drawn).layout.meta
    assert meta["figure"] in (name, "bands")
    assert meta["jobs"] == [job]
    assert meta["document_hashes"] == [api.get(f"/v1/jobs/{job}").json()["document_hash"]]
    assert meta["numerics"][0]["device"] == "cpu"
    assert drawn["data"], "nothing is drawn"


@pytest.mark.parametrize("name", sorted(set(FIGURES) - STUDY_ONLY - {"difference"}))
def test_a_job_that_has_not_begun_has_its_figures(api: httpx.Client, name: str) -> None:
    go.Figure(figure(api, submit(api, tiny_schedule()), name))


def test_the_figures_are_listed_with_what_they_show(api: httpx.Client) -> None:
    assert [item["figure"] for item in api.get("/v1/figures").json()["items"]] == list(FIGURES)


def test_a_curve_holds_the_values_of_the_history(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, tiny_schedule())
    bench.run()
    known = api.get(f"/v1/jobs/{job}/history", params={"series": "probe.acc", "over": "seed"}).json()["traces"][0]
    curve = next(each for each in figure(api, job, "curves", series="probe.acc")["data"] if each["name"] == "acc")
    assert (curve["x"], curve["y"]) == (known["x"], known["y"])


def test_a_difference_is_the_mean_of_the_paired_differences(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, STUDY)
    bench.run()
    asked = {"series": "probe.acc", "points": "all"}
    lives = [api.get(f"/v1/jobs/{job}/history", params={**asked, "arm": arm}).json()["traces"] for arm in (0, 2)]
    drawn = figure(api, job, "difference", series="probe.acc", versus=2)
    curve = next(each for each in drawn["data"] if each["name"] == "acc")
    by_hand = [
        sum(a["y"][place] - b["y"][place] for a, b in zip(*lives, strict=True)) / 3
        for place in range(len(lives[0][0]["x"]))
    ]
    assert curve["x"] == lives[0][0]["x"]
    assert curve["y"] == pytest.approx(by_hand)


def test_one_who_has_the_figure_gets_304_until_something_is_added(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, tiny_schedule())
    bench.slice(3)
    path = f"/v1/jobs/{job}/figures/development"
    first = api.get(path)
    tag = {"If-None-Match": first.headers["etag"]}
    assert first.headers["cache-control"] == "no-cache"
    assert api.get(path, headers=tag).status_code == 304
    assert api.get(f"{path}?log=true", headers=tag).status_code == 200
    bench.slice(3)
    assert api.get(path, headers=tag).status_code == 200


def test_a_job_that_ended_shows_what_it_shares_and_another_had_trained_further(
    api: httpx.Client, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.figures.snapshots.of_job", lambda *_: [])  # they may be new without being more
    ended, going = submit(api, tiny_schedule()), submit(api, tiny_schedule())
    bench.slice(3)
    assert api.post(f"/v1/jobs/{ended}/cancel").status_code == 202
    bench.slice(1)
    assert api.get(f"/v1/jobs/{ended}").json()["status"] == "cancelled"
    before = {name: api.get(f"/v1/jobs/{ended}/{name}") for name in ("figures/curves", "history?series=cost.*")}
    bench.run()
    assert api.get(f"/v1/jobs/{going}").json()["status"] == "succeeded"
    for name, answer in before.items():
        known = {"If-None-Match": answer.headers["etag"]}
        now = api.get(f"/v1/jobs/{ended}/{name}", headers=known)
        assert now.status_code == 200
        assert len(now.content) > len(answer.content)


def test_what_was_drawn_is_drawn_again_after_a_restart_and_when_it_was_sealed(
    api: httpx.Client, app: FastAPI, bench: Bench, settings: Settings
) -> None:
    job = submit(api, tiny_schedule())
    bench.slice(5)
    places = [f"/v1/jobs/{job}/{name}" for name in ("figures/development", "history?series=cost.*&over=seed")]
    drawn = [api.get(place) for place in places]
    with app.state.database.write() as db:
        for trajectory in bench.path(job):
            history.seal(db, trajectory, final=True)
    with httpx.Client(transport=Direct(create_app(settings)), base_url="http://localhost:8714") as anew:
        for place, known in zip(places, drawn, strict=True):
            for client_ in (api, anew):
                assert client_.get(place).content == known.content
                tag = {"If-None-Match": known.headers["etag"]}
                assert client_.get(place, headers=tag).status_code == 304


def test_the_table_behind_a_figure_is_csv(api: httpx.Client, bench: Bench) -> None:
    job = submit(api, tiny_schedule())
    bench.run()
    path = f"/v1/jobs/{job}/figures/development"
    by_accept = api.get(path, headers={"Accept": "text/csv"})
    assert by_accept.headers["content-type"].startswith("text/csv")
    assert by_accept.text.startswith("panel,curve,x,y,note\n")
    assert by_accept.text == api.get(f"{path}?format=csv").text
    assert "stage early,0.0,200.0" in by_accept.text


@pytest.mark.parametrize("name", ["envelopes", "organism", "sharing", "strip"])
def test_a_document_is_drawn_before_anything_runs(api: httpx.Client, name: str) -> None:
    quickstart = (ROOT / "examples/quickstart.yaml").read_bytes()
    answer = api.post(f"/v1/figures/{name}?look=dark", content=quickstart, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 200, answer.text
    meta = go.Figure(answer.json()).layout.meta
    assert meta["jobs"] == []
    assert meta["document_hashes"][0].startswith("sha256:")
    assert api.get("/v1/jobs").json()["items"] == []


def test_a_study_and_its_base_are_drawn_from_yaml_too(api: httpx.Client) -> None:
    both = {
        "document": read((ROOT / "examples/cataract-study.yaml").read_bytes()).data,
        "base": read((ROOT / "examples/cataract-blur.yaml").read_bytes()).data,
    }
    answer = api.post("/v1/figures/sharing", content=yaml.safe_dump(both), headers={"Content-Type": "application/yaml"})
    assert len(answer.json()["layout"]["yaxis"]["ticktext"]) == 35


@pytest.mark.parametrize("name", ["bands", "curves", "difference"])
def test_arms_of_several_jobs_lie_side_by_side(api: httpx.Client, bench: Bench, name: str) -> None:
    first, second = submit(api, STUDY), submit(api, tiny_schedule(name="other"))
    bench.run()
    items = [{"job": first, "arm": 1}, {"job": second}]
    answer = api.post(f"/v1/figures/{name}?series=probe.acc", json={"items": items})
    assert answer.status_code == 200, answer.text
    assert answer.json()["layout"]["meta"]["jobs"] == [first, second]
    names = {each["name"] for each in answer.json()["data"]}
    wanted = {"acc"} if name == "difference" else {"rates · weight=1", "other"}
    assert wanted <= names


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/jobs/{job}/figures/pie", 400, "figure"),
        ("/v1/jobs/{job}/figures/strip?colour=red", 400, "colour"),
        ("/v1/jobs/{job}/figures/strip?look=blue", 400, "look"),
        ("/v1/jobs/{job}/figures/strip?arm=7", 422, "1 arms"),
        ("/v1/jobs/{job}/figures/difference", 422, "two arms"),
        ("/v1/jobs/{job}/figures/difference?arm=0&versus=9", 422, "no arm 9"),
        ("/v1/jobs/{job}/figures/outcomes", 422, "plain schedule"),
        ("/v1/jobs/job_00000000000000000000000000/figures/strip", 404, "job"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(api: httpx.Client, path: str, status: int, words: str) -> None:
    job = submit(api, tiny_schedule())
    answer = api.get(path.format(job=job))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.text


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("curves", tiny_schedule(), "of a document there are envelopes"),
        ("strip", {"items": [{"job": "job_1"}]}, "of several arms there are bands"),
        ("difference", {"items": [{"job": "job_1"}]}, "a difference is of two arms"),
        ("bands", {"items": []}, "items"),
        ("envelopes", tiny_schedule(costs={}), "naming"),
    ],
)
def test_a_body_that_cannot_be_drawn_is_refused(api: httpx.Client, name: str, body: Document, words: str) -> None:
    answer = api.post(f"/v1/figures/{name}", json=body)
    assert answer.status_code == 422, answer.text
    assert words in answer.text


# ---- client and command line


def test_the_client_gives_objects_of_plotly(client: Client, api: httpx.Client, bench: Bench) -> None:
    job = submit(api, tiny_schedule())
    bench.run()
    drawn = client.job(job).figure("curves", series=["cost.naming"], log=True)
    assert isinstance(drawn, go.Figure)
    assert drawn.layout.yaxis.type == "log"
    planned = client.figure("envelopes", ROOT / "examples/quickstart.yaml", look="dark")
    assert planned.layout.paper_bgcolor == DARK.paper


def test_the_command_line_writes_figures_of_jobs_and_documents(
    client: Client, api: httpx.Client, bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("service.cli.figures.client", lambda _: client)
    job = submit(api, tiny_schedule())
    bench.run()

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, ["figure", *words])

    assert run("strip", job, "-o", str(tmp_path / "x.json"), "--dark").exit_code == 0
    assert json.loads((tmp_path / "x.json").read_bytes())["layout"]["paper_bgcolor"] == DARK.paper
    document = str(ROOT / "examples/quickstart.yaml")
    assert run("organism", document, "-o", str(tmp_path / "y.csv")).exit_code == 0
    assert "area head" in (tmp_path / "y.csv").read_text()
    assert isinstance(run("pie", job, "-o", str(tmp_path / "z.json")).exception, ValueError)
    assert isinstance(run("strip", job, "-o", str(tmp_path / "z.doc")).exception, ValueError)
