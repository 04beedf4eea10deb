"""Whatever is wrong with a document, it is answered with place, code, words and a way out, and nothing is stored."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from build import tiny_schedule

from benchmarks import inputs

JSON = {"Content-Type": "application/json"}
YAML = {"Content-Type": "application/yaml"}

Document = dict[str, Any]


def with_change(change: Callable[[Document], None]) -> Document:
    document = copy.deepcopy(tiny_schedule())
    change(document)
    return document


def misspelt(document: Document) -> None:
    document["stages"][0]["cost"] = document["stages"][0].pop("costs")


def unknown_area(document: Document) -> None:
    document["costs"]["naming"]["at"] = "haed"


def unreachable(document: Document) -> None:
    for stage in document["stages"]:
        stage["plasticity"] = {"*": 0.0}


def endless(document: Document) -> None:
    document["stages"][1]["until"] = {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}}


def weight_as_text(document: Document) -> None:
    document["stages"][0]["costs"]["naming"] = "1.0"


REFUSED = [
    pytest.param(misspelt, "E18", "/stages/0/cost", id="a misspelt field"),
    pytest.param(unknown_area, "E03", "/costs/naming/at", id="an unknown area"),
    pytest.param(unreachable, "E07", "/stages/0/costs/naming", id="a cost that reaches no plastic area"),
    pytest.param(endless, "E21", "/stages/1", id="a stage without an end"),
    pytest.param(weight_as_text, "E18", "/stages/0/costs/naming", id="a weight that is a text"),
]


@pytest.fixture
def nothing_stored(api: httpx.Client) -> Iterator[None]:
    yield
    assert api.get("/v1/jobs").json()["items"] == []


def assert_problem(answer: Any, status: int, code: str) -> Document:
    problem: Document = answer.json()
    assert answer.status_code == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("change", "code", "pointer"), REFUSED)
@pytest.mark.parametrize("wrapped", [True, False], ids=["in a JSON body", "as the body itself"])
def test_a_wrong_document_is_refused_with_a_way_out(
    api: httpx.Client, change: Callable[[Document], None], code: str, pointer: str, wrapped: bool
) -> None:
    document = with_change(change)
    answer = api.post("/v1/jobs", json={"document": document} if wrapped else document)
    problem = assert_problem(answer, 422, "invalid-schedule")
    found = [fault for fault in problem["errors"] if fault["code"] == code]
    assert found, problem["errors"]
    assert any(fault["pointer"].startswith(pointer) for fault in found), found
    assert found[0]["message"]
    assert found[0]["suggestion"]["text"]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(api: httpx.Client, number: str) -> None:
    text = json.dumps(tiny_schedule()).replace("0.5", number, 1)
    for body in (text, '{"document": ' + text + "}"):
        problem = assert_problem(api.post("/v1/jobs", content=body, headers=JSON), 400, "malformed")
        assert problem["errors"][0]["code"] == "E00"
        assert "finite" in problem["errors"][0]["message"]
        assert problem["errors"][0]["suggestion"]["text"]


@pytest.mark.usefixtures("nothing_stored")
def test_a_body_of_50_megabytes_is_refused_before_it_is_parsed(api: httpx.Client) -> None:
    body = b'{"document": "' + b"x" * 50_000_000 + b'"}'
    problem = assert_problem(api.post("/v1/jobs", content=body, headers=JSON), 413, "too-large")
    assert "1048576" in problem["detail"]
    assert problem["errors"][0]["suggestion"]["text"]


@pytest.mark.usefixtures("nothing_stored")
def test_a_yaml_bomb_is_refused_at_its_first_anchor(api: httpx.Client) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]\n" for i in range(1, 12))
    problem = assert_problem(api.post("/v1/jobs", content=bomb, headers=YAML), 400, "malformed")
    fault = problem["errors"][0]
    assert (fault["code"], fault["line"]) == ("E00", 1)
    assert "anchor" in fault["message"]
    assert fault["suggestion"]["text"]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("depth", [40, 100_000])
def test_json_nested_too_deep_is_refused(api: httpx.Client, depth: int) -> None:
    body = '{"document": ' + "[" * depth + "]" * depth + "}"
    problem = assert_problem(api.post("/v1/jobs", content=body, headers=JSON), 400, "malformed")
    assert "deeper than 32" in problem["errors"][0]["message"]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", JSON),
        (b"", JSON),
        (b"[]", JSON),
        (b'"text"', JSON),
        (b"\xff\xfe", YAML),
        (b"a: 1\na: 2\n", YAML),
        (b"a: !!python/object:os.system {}\n", YAML),
        (b"- 1\n", YAML),
        (b"", YAML),
        (b'{"document": {}, "document": {}}', JSON),
    ],
)
def test_what_is_no_document_at_all_is_malformed(api: httpx.Client, body: bytes, headers: dict[str, str]) -> None:
    problem = assert_problem(api.post("/v1/jobs", content=body, headers=headers), 400, "malformed")
    assert problem["errors"][0]["code"] == "E00"


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("media", ["text/plain", "multipart/form-data", "application/octet-stream", None])
def test_other_media_types_are_refused(api: httpx.Client, media: str | None) -> None:
    headers = {"Content-Type": media} if media else {}
    answer = api.post("/v1/jobs", content=b"{}", headers=headers)
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"nmae": "x"}, "/nmae"),
        ({"name": 5}, "/name"),
        ({"labels": {"a": 5}}, "/labels/a"),
        ({"priority": "high"}, "/priority"),
        ({"priority": 100000}, "/priority"),
        ({"document": "x"}, "/document"),
    ],
)
def test_a_wrong_member_beside_the_document_is_refused(api: httpx.Client, members: Document, pointer: str) -> None:
    answer = api.post("/v1/jobs", json={"document": tiny_schedule(), **members})
    problem = assert_problem(answer, 422, "invalid-body")
    assert pointer in [fault["pointer"] for fault in problem["errors"]]


@pytest.mark.usefixtures("nothing_stored")
def test_work_beyond_the_limits_is_too_costly_and_says_by_how_much(api: httpx.Client) -> None:
    document = tiny_schedule(seeds={"start": 0, "count": 10000})
    document["stages"][0]["until"] = {"after": "9000000000ba"}
    problem = assert_problem(api.post("/v1/jobs", json=document), 422, "too-costly")
    fault = problem["errors"][0]
    assert fault["code"] == "E17"
    assert any(character.isdigit() for character in fault["message"])
    assert fault["suggestion"]["text"]


@pytest.mark.usefixtures("nothing_stored")
def test_all_mistakes_are_told_at_once(api: httpx.Client) -> None:
    document = with_change(unknown_area)
    document["stages"][0]["world"] = "scool"
    codes = {fault["code"] for fault in api.post("/v1/jobs", json=document).json()["errors"]}
    assert {"E03", "E04"} <= codes


@pytest.mark.usefixtures("nothing_stored")
def test_a_duration_of_thousands_of_digits_is_refused(api: httpx.Client) -> None:
    document = tiny_schedule()
    document["stages"][0]["until"] = {"after": "9" * 5000 + "ba"}
    problem = assert_problem(api.post("/v1/jobs", json=document), 422, "invalid-schedule")
    assert problem["errors"][0]["pointer"] == "/stages/0/until/after"


@pytest.mark.parametrize("name", ["arm", "seed"])
def test_a_history_of_a_number_beyond_all_bounds_is_a_bad_parameter(api: httpx.Client, name: str) -> None:
    job = api.post("/v1/jobs", json=tiny_schedule()).json()["id"]
    answer = api.get(f"/v1/jobs/{job}/history", params={name: "9" * 30})
    assert_problem(answer, 400, "bad-parameter")


def test_a_bound_that_is_none_is_named(api: httpx.Client) -> None:
    job = api.post("/v1/jobs", json=tiny_schedule()).json()["id"]
    answer = api.get(f"/v1/jobs/{job}/history", params={"from": "soon"})
    assert "'soon' is neither" in assert_problem(answer, 400, "bad-parameter")["detail"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/v1/jobs?q=%00", 400, "bad-parameter", id="a NUL in the query"),
        pytest.param("/v1/jobs/job_%00", 400, "bad-parameter", id="a NUL in the path"),
        pytest.param("/v1/jobs?nothing=1", 400, "bad-parameter", id="a parameter that no route takes"),
        pytest.param("/v1/jobs?label=a", 400, "bad-parameter", id="a label without a value"),
        pytest.param("/v1/jobs?label=%22:b", 400, "bad-parameter", id="a label with a quote in its key"),
        pytest.param("/v1/jobs?cursor=%F0%9F%90%8D", 400, "cursor-mismatch", id="a cursor of other signs"),
        pytest.param("/v1/jobs/..%2f..%2fetc%2fpasswd", 404, "not-found", id="a path as an id"),
        pytest.param("/v1/examples/..%2f..%2fpyproject", 404, "not-found", id="a path as an example"),
        pytest.param("/v1/snapshots/..%2fontogeny.db/file", 404, "not-found", id="a path as a snapshot"),
        pytest.param("/v1/jobs?created_after=9999999999999", 200, "", id="a time in the far future"),
        pytest.param("/v1/jobs?created_after=yesterday", 400, "bad-parameter", id="a time in words"),
    ],
)
def test_whatever_stands_in_an_address_is_answered(api: httpx.Client, path: str, status: int, code: str) -> None:
    answer = api.get(path)
    assert answer.status_code == status, answer.text
    assert answer.json().get("code", "") == code


def test_every_input_of_the_table_gets_what_the_table_says() -> None:
    """`python -m benchmarks.inputs` prints it."""
    got = asyncio.run(inputs.tried())
    assert [(each.given.sent, each.status, each.code, each.told) for each in got if not each.ok] == []
    assert len({each.given.sent for each in got}) == len(got) >= 80
