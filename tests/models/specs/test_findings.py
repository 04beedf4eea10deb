from __future__ import annotations

import pytest
from pydantic import ValidationError

from models.specs.findings import (
    Finding,
    by_name,
    did_you_mean,
    finding,
    from_reason,
    named,
    nearest,
    place_of,
    present,
)

DOCUMENT = {
    "kind": "schedule",
    "organism": {
        "pathways": [{"from": "retina", "to": "V1"}, {"name": "up", "from": "V1", "to": "IT"}],
        "credit": [{"areas": ["V1"], "rule": "frozen"}, {"areas": ["IT"], "rule": {"kind": "backprop"}}],
    },
    "worlds": {"day": {"transforms": ["flip", {"kind": "blur", "sigma": 1.0}, {"name": "fog", "kind": "noise"}]}},
    "stages": [{"name": "one", "on_enter": [{"kind": "reset_area"}]}, {"until": {"any": [{}, {}]}}],
}


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("/stages/0/until", "/stages/one/until"),
        ("/stages/1/until/any/1", "/stages/1/until/any/1"),
        ("/stages/0/on_enter/0/areas", "/stages/one/on_enter/0/areas"),
        ("/organism/pathways/0/to", "/organism/pathways/retina-V1/to"),
        ("/organism/pathways/1", "/organism/pathways/up"),
        ("/organism/credit/0", "/organism/credit/frozen"),
        ("/organism/credit/1/areas/0", "/organism/credit/backprop/areas/0"),
        ("/worlds/day/transforms/0", "/worlds/day/transforms/flip"),
        ("/worlds/day/transforms/1/sigma", "/worlds/day/transforms/blur/sigma"),
        ("/worlds/day/transforms/2", "/worlds/day/transforms/fog"),
        ("", ""),
    ],
)
def test_a_path_has_names_where_lists_have_them(pointer: str, path: str):
    assert by_name(DOCUMENT, pointer) == path


@pytest.mark.parametrize(
    ("steps", "place", "rest"),
    [
        (("stages", 0, "until"), "stage one", ("until",)),
        (("organism", "pathways", 0), "pathway retina-V1", ()),
        (("worlds", "day", "size"), "world day", ("size",)),
        (("critical_periods", "cp"), "critical period cp", ()),
        (("clock", "batch"), "clock", ("batch",)),
        ((), "schedule", ()),
    ],
)
def test_a_place_is_what_a_message_begins_with(steps: tuple[str | int, ...], place: str, rest: tuple[str, ...]):
    assert place_of(DOCUMENT, steps) == (place, rest)


def test_the_nearest_name_ignores_case_and_far_names():
    assert nearest("v1", ["V1", "IT"]) == "V1"
    assert nearest("namng", ["naming", "rebuild"]) == "naming"
    assert nearest("zebra", ["naming", "rebuild"]) is None
    assert did_you_mean("zebra", ["naming", "rebuild"]) == "known: naming, rebuild"
    assert did_you_mean("zebra", []) is None


def test_findings_come_errors_first_once_and_only_where_the_document_is():
    found = [
        finding("W04", ("stages", 0), "w"),
        finding("E08", ("stages", 0, "costs"), "e"),
        finding("E08", ("stages", 0), "e"),
        finding("E02", ("stages", 1), "e"),
    ]
    assert [(each.code, each.pointer, each.path) for each in named(found, DOCUMENT)] == [
        ("E02", "/stages/1", "/stages/1"),
        ("E08", "/stages/0", "/stages/one"),
        ("W04", "/stages/0", "/stages/one"),
    ]
    assert [each.severity for each in named(found, DOCUMENT)] == ["error", "error", "warning"]


def test_pointers_escape_slashes_and_tildes():
    odd = {"worlds": {"a/b~c": 1}}
    place = finding("E18", ("worlds", "a/b~c"), "m").pointer
    assert place == "/worlds/a~1b~0c"
    assert present(odd, place) == place


def test_a_finding_becomes_a_reason_and_back():
    there = finding("E14", ("organism", "areas", "V1"), "m", "s")
    assert from_reason(there.reason) == there


def test_an_unknown_code_is_refused():
    with pytest.raises(ValidationError):
        Finding(code="E99", severity="error", pointer="", path="", message="m")
