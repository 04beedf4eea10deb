from __future__ import annotations

import httpx
from registering import register_colours, register_scans

from models.specs import catalogue
from service.settings import Settings

YAML = {"Content-Type": "application/yaml"}


def test_families_and_their_members_are_listed(api: httpx.Client) -> None:
    rows = api.get("/v1/catalogue").json()["items"]
    assert [row["family"] for row in rows] == list(catalogue.FAMILIES)
    for row in rows:
        members = api.get(row["links"]["self"]).json()["items"]
        assert [member["kind"] for member in members] == [kind["kind"] for kind in row["kinds"]]


def test_a_member_is_told_with_its_formula(api: httpx.Client) -> None:
    member = api.get("/v1/catalogue/costs/activity").json()
    assert (member["family"], member["kind"]) == ("costs", "activity")
    assert "Formula" in member["sections"]
    assert api.get("/v1/catalogue/costs/nonsense").status_code == 404


def test_schemas_for_editors_are_served_with_a_tag(api: httpx.Client) -> None:
    for kind in ("schedule", "study"):
        answer = api.get(f"/v1/schema/{kind}.json")
        assert answer.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        tag = {"If-None-Match": answer.headers["etag"]}
        assert api.get(f"/v1/schema/{kind}.json", headers=tag).status_code == 304


def test_every_example_is_served_and_sound(api: httpx.Client, settings: Settings) -> None:
    register_scans(settings.data_folder)
    register_colours(settings.data_folder)
    rows = api.get("/v1/examples").json()["items"]
    assert "quickstart" in [row["name"] for row in rows]
    for row in rows:
        text = api.get(row["links"]["self"])
        assert text.headers["content-type"].startswith("application/yaml")
        if row["kind"] == "schedule":
            answer = api.post("/v1/schedules/check", content=text.content, headers=YAML).json()
            assert answer["ok"], (row["name"], answer["errors"])


def test_the_service_is_alive_and_ready(api: httpx.Client) -> None:
    assert api.get("/health").json() == {"status": "ok"}
    ready = api.get("/health/ready")
    assert ready.status_code == 200, ready.text
    assert ready.json()["checks"]["work"]["runnable"] == 0


def test_the_interface_describes_itself(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/v1/jobs", "/v1/jobs/{job}/history", "/v1/jobs/{job}/events/stream"} <= set(document["paths"])
