"""The page of one life, and the page that says how the service does; both without JavaScript."""

from __future__ import annotations

import html
import re

import httpx
import pytest
from build import tiny_schedule, tiny_study
from fastapi import FastAPI
from simulated import Bench, Clock

from service.pages.rendering import number
from service.store import access

STUDY = tiny_study(0.5, 2.0, seeds=3, name="rates") | {
    "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "5ba"}},
}


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    return Bench(app.state.database, Clock())


def words(api: httpx.Client, path: str, status: int = 200) -> str:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
def study(api: httpx.Client, bench: Bench) -> str:
    job = str(api.post("/v1/jobs", json={"document": STUDY}).json()["id"])
    bench.run()
    return job


def test_a_life_tells_its_stages_its_outcomes_and_its_arm(api: httpx.Client, study: str) -> None:
    told = words(api, f"/jobs/{study}/lives/1/1")
    assert "Life 1 of weight=2" in told
    assert "complete late age 400 sp" in told
    ends = api.get(f"/v1/jobs/{study}/transitions?arm=1&seed=1").json()["items"]
    for row in ends:
        assert f"{row['stage']} {row['age_sp']:,}\xa0sp".replace("\xa0", " ") in told
    outcome = api.get(f"/v1/jobs/{study}/outcomes").json()["outcomes"][0]["arms"][1]
    (own,) = [each["value"] for each in outcome["lives"] if each["seed"] == 1]
    assert f"final {number(own)}" in told
    assert f"{number(outcome['mean'])} ± {number(outcome['sd'])}, n 3" in told


def test_a_life_is_drawn_against_its_arm_and_leads_to_its_neighbours(api: httpx.Client, study: str) -> None:
    page = api.get(f"/jobs/{study}/lives/1/1?series=probe.acc").text
    sources = [html.unescape(each) for each in re.findall(r'data-figure="([^"]+)"', page)]
    assert sources == [
        f"/v1/jobs/{study}/figures/development?series=probe.acc&arm=1&life=1&lives=false",
        f"/v1/jobs/{study}/figures/pictures?arm=1&life=1",
    ]
    assert all(api.get(each).status_code == 200 for each in sources)
    for place, neighbours in ((0, {1}), (1, {0, 2}), (2, {1})):
        page = api.get(f"/jobs/{study}/lives/1/{place}").text
        linked = {int(each) for each in re.findall(rf'href="/jobs/{study}/lives/1/(\d+)"', page)}
        assert linked == neighbours
    assert f'href="/jobs/{study}/lives/1/2"' in api.get(f"/jobs/{study}/lives").text


@pytest.mark.parametrize("place", ["0/9", "7/0"])
def test_a_life_that_there_is_not_is_told_on_a_page(api: httpx.Client, study: str, place: str) -> None:
    arm, seed = place.split("/")
    assert f"no life with seed {seed} in an arm {arm}" in words(api, f"/jobs/{study}/lives/{place}", 404)


def test_a_life_of_a_job_that_has_not_begun_has_its_page(api: httpx.Client) -> None:
    job = api.post("/v1/jobs", json={"document": tiny_schedule()}).json()["id"]
    told = words(api, f"/jobs/{job}/lives/0/0")
    assert "Life 0" in told
    assert "No life has left a stage yet." in told


def test_the_state_tells_what_waits_what_is_held_and_that_all_is_well(api: httpx.Client, bench: Bench) -> None:
    told = words(api, "/state")
    assert "The service is ready" in told
    assert "No job waits." in told
    assert "Nothing is being trained" in told
    assert "whoever reaches this machine may do everything" in told
    first = api.post("/v1/jobs", json={"document": tiny_schedule(), "name": "first"}).json()["id"]
    urgent = {"document": tiny_schedule(seeds={"start": 5, "count": 1}), "name": "urgent", "priority": 5}
    api.post("/v1/jobs", json=urgent)
    told = words(api, "/state")
    assert told.index("urgent") < told.index("first")
    assert bench.claim("w1@lab") is not None
    told = words(api, "/state")
    assert "w1@lab" in told
    assert api.get(f"/v1/jobs/{first}").status_code == 200


def test_keys_are_listed_for_administrators_only_and_no_secret_stands_there(app: FastAPI, api: httpx.Client) -> None:
    with app.state.database.write() as db:
        made = {
            name: access.create_key(db, app.state.database.now(db), access.NewKey(name, scopes))[1]
            for name, scopes in (("boss", ["read", "admin"]), ("guest", ["read"]))
        }
    for name, lists in (("boss", True), ("guest", False)):
        page = api.get("/state", headers={"Authorization": f"Bearer {made[name]}"}).text
        assert ("keys revoke" in page) is lists
        assert ("boss" in page) is lists
        assert not any(secret in page for secret in made.values())
