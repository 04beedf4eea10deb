"""Searches over HTTP, from the client and the command line: conditions, pages, searches that are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from build import tiny_schedule, tiny_study
from typer.testing import Result

from service.client import ApiError, Client

Document = dict[str, Any]


@pytest.fixture
def four(api: httpx.Client) -> dict[str, Document]:
    """Jobs by name: two plain ones, one under another rule, and a study that lives by the plain one too."""
    organism = tiny_schedule()["organism"] | {"credit": [{"areas": ["V1"], "rule": {"kind": "feedback_alignment"}}]}
    study = tiny_study(0.5, 1.0, name="study")
    documents = {"plain": tiny_schedule(), "again": tiny_schedule(), "fa": tiny_schedule(organism=organism)}
    made = {}
    for name, document in [*documents.items(), ("study", study)]:
        answer = api.post("/v1/jobs", json={"document": document, "name": name, "labels": {"by": name[0]}})
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()
    return made


def names(api: httpx.Client, **query: Any) -> list[str]:
    answer = api.get("/v1/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"uses": "rules/feedback_alignment"}, ["fa"]),
        ({"uses": "feedback_alignment@V1"}, ["fa"]),
        ({"uses": "feedback_alignment@head"}, []),
        ({"uses": ["worlds/digits@school", "rules/backprop@V1"]}, ["study", "again", "plain"]),
        ({"uses": "costs/*@head", "kind": "study"}, ["study"]),
        ({"name": "again"}, ["again"]),
        ({"q": "aga"}, ["again"]),
        ({"uses": "rules/backprop@V1", "label": "by:p"}, ["plain"]),
        ({"status": "queued", "uses": "linear", "sort": "created_at", "limit": 2}, ["plain", "again"]),
        ({"finished_after": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_jobs_are_found_over_http(
    api: httpx.Client, four: dict[str, Document], query: Document, expected: list[str]
) -> None:
    assert names(api, **query) == expected


def test_a_document_is_found_by_the_beginning_of_its_hash_in_jobs_and_in_arms(
    api: httpx.Client, four: dict[str, Document]
) -> None:
    digest = four["plain"]["document_hash"]
    assert names(api, document=digest) == ["study", "again", "plain"]
    assert names(api, document=digest.removeprefix("sha256:")[:10]) == ["study", "again", "plain"]
    assert names(api, document=four["study"]["document_hash"]) == ["study"]


@pytest.mark.parametrize(
    ("query", "pointer", "word"),
    [
        ({"uses": "costs/cross_entropi"}, "/query/uses/0", "near it: cross_entropy"),
        ({"uses": ["linear", "blur"]}, "/query/uses/1", "several families"),
        ({"document": "xyz"}, "/query/document", "pattern"),
        ({"search": "no such"}, "/query/search", "pattern"),
    ],
)
def test_a_condition_that_means_nothing_is_named(api: httpx.Client, query: Document, pointer: str, word: str) -> None:
    answer = api.get("/v1/jobs", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert word in fault["message"]


def test_pages_of_a_search_follow_each_other_and_no_other(api: httpx.Client, four: dict[str, Document]) -> None:
    path = "/v1/jobs?uses=backprop%40V1&limit=2"
    first = api.get(path)
    link = first.headers["link"]
    rest = api.get(link[1 : link.index(">")])
    assert [item["name"] for item in first.json()["items"] + rest.json()["items"]] == ["study", "again", "plain"]
    same = api.get("/v1/jobs", params={"uses": "rules/backprop@V1", "limit": 2, "cursor": first.json()["next"]})
    assert [item["name"] for item in same.json()["items"]] == ["plain"]
    other = api.get("/v1/jobs", params={"uses": "backprop", "cursor": first.json()["next"]})
    assert (other.status_code, other.json()["code"]) == (400, "cursor-mismatch")


def test_a_search_is_kept_used_narrowed_replaced_and_forgotten(api: httpx.Client, four: dict[str, Document]) -> None:
    place = "/v1/searches/plain-digits"
    made = api.put(place, json={"uses": ["digits@school", "backprop@V1"]})
    assert (made.status_code, made.headers["location"]) == (201, place)
    assert made.json()["filter"] == {"uses": ["worlds/digits@school", "rules/backprop@V1"]}
    assert names(api, search="plain-digits") == ["study", "again", "plain"]
    assert names(api, search="plain-digits", kind="study") == ["study"]
    assert names(api, search="plain-digits", uses="feedback_alignment") == ["fa"]
    page = api.get("/v1/jobs", params={"search": "plain-digits", "limit": 1}).json()
    assert names(api, search="plain-digits", limit=9, cursor=page["next"]) == ["again", "plain"]
    listed = api.get("/v1/searches").json()["items"]
    assert [(row["name"], row["links"]["jobs"]) for row in listed] == [("plain-digits", "/v1/jobs?search=plain-digits")]

    assert api.put(place, json={"name": "fa"}).status_code == 200
    assert names(api, search="plain-digits") == ["fa"]
    stale = api.get("/v1/jobs", params={"search": "plain-digits", "cursor": page["next"]})
    assert stale.json()["code"] == "cursor-mismatch", "the cursor was of another search under this name"
    assert api.delete(place).status_code == 204
    for answer in (api.delete(place), api.get(place), api.get("/v1/jobs", params={"search": "plain-digits"})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_search_without_a_condition_or_with_an_unknown_member_is_not_kept(api: httpx.Client) -> None:
    for body in ({}, {"uses": ["nothing"]}, {"color": "red"}, {"status": ["odd"]}):
        answer = api.put("/v1/searches/odd", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body"), body
    assert api.get("/v1/searches").json()["items"] == []


def test_many_jobs_are_acted_on_by_what_they_use(api: httpx.Client, four: dict[str, Document]) -> None:
    body = {"action": "cancel", "filter": {"uses": ["rules/feedback_alignment@V1"]}}
    answer = api.post("/v1/jobs/bulk", json=body).json()
    assert [item["id"] for item in answer["items"]] == [four["fa"]["id"]]
    assert names(api, status="cancelled") == ["fa"]


def test_the_client_finds_and_keeps(client: Client, four: dict[str, Document]) -> None:
    found = [job["name"] for job in client.jobs(uses=["digits", "backprop@V1"], limit=1)]
    assert found == ["study", "again", "plain"]
    kept = client.save_search("mine", uses=["feedback_alignment"], status=None)
    assert kept["filter"] == {"uses": ["rules/feedback_alignment"]}
    assert [job["name"] for job in client.jobs(search="mine")] == ["fa"]
    assert [each["name"] for each in client.searches()] == ["mine"]
    client.forget_search("mine")
    with pytest.raises(ApiError, match="there is no search 'mine'"):
        list(client.jobs(search="mine"))


def test_the_command_line_finds_and_keeps(run: Callable[..., Result], four: dict[str, Document]) -> None:
    def ids(*words: str) -> list[str]:
        return list(run("list", *words, "-o", "id").stdout.split())

    assert ids("--uses", "feedback_alignment@V1") == [four["fa"]["id"]]
    assert ids("--label", "by:p", "--uses", "digits", "--save", "mine") == [four["plain"]["id"]]
    assert ids("--search", "mine") == [four["plain"]["id"]]
    assert ids("--name", "again", "--limit", "1") == [four["again"]["id"]]
    assert ids("-q", "stu", "--after", "2020-01-01", "--kind", "study") == [four["study"]["id"]]
    assert ids("--before", "2020-01-01T12:00") == []
    assert ids("--document", four["study"]["document_hash"][:15]) == [four["study"]["id"]]
    assert ids("--limit", "3") == [four[name]["id"] for name in ("study", "fa", "again")]
    assert "by:p" in run("searches", "list").stdout
    run("searches", "rm", "mine")
    assert "mine" not in run("searches", "list").stdout
