"""Differences by name: complete, symmetric, readable."""

from __future__ import annotations

from typing import Any

import orjson
from build import tiny_schedule
from hypothesis import given, settings
from hypothesis import strategies as st

from models.specs.canonical import canonical
from models.specs.diff import UNCOMPARED, Change, diff, text
from models.specs.patches import PatchError, Write, apply
from models.specs.schedule import ScheduleSpec


def spec(document: dict[str, Any]) -> ScheduleSpec:
    return canonical(ScheduleSpec.model_validate_json(orjson.dumps(document)))


def changed(*writes: tuple[Any, ...]) -> list[Change]:
    document = apply(tiny_schedule(), [Write(op, path, "", "x", *rest) for op, path, *rest in writes])
    return diff(spec(tiny_schedule()), spec(document))


def test_a_schedule_does_not_differ_from_itself_or_from_another_spelling() -> None:
    assert changed() == []
    assert changed(("replace", "/stages/late/until/after", "200sp"), ("replace", "/name", "other")) == []
    assert text([]) == "no difference"


def test_a_number_in_a_named_thing() -> None:
    assert changed(("replace", "/stages/late/costs/naming", 0.25)) == [Change("/stages/late/costs/naming", 0.5, 0.25)]


def test_a_duration_is_compared_as_resolved() -> None:
    assert changed(("replace", "/stages/early/until/after", "1ep")) == []
    assert changed(("replace", "/stages/early/until/after", "2ep")) == [
        Change("/stages/early/until/after", "200sp", "400sp")
    ]


def test_a_stage_that_is_not_there_is_one_change() -> None:
    (change,) = changed(("remove", "/stages/early"))
    assert (change.path, change.b) == ("/stages/early", None)
    assert change.a["name"] == "early"


def test_another_order_of_stages_is_a_change_of_the_list() -> None:
    assert changed(("reorder", "/stages", None, ("late", "early"))) == [
        Change("/stages", ["early", "late"], ["late", "early"])
    ]


def test_a_thing_put_before_others_tells_its_place() -> None:
    stage = {"name": "first", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "1ba"}}
    order = ("first", "early", "late")
    found = changed(("add", "/stages/first", stage), ("reorder", "/stages", None, order))
    assert [each.path for each in found] == ["/stages/first", "/stages"]
    assert (found[1].a, found[1].b) == (["early", "late"], list(order))


def test_another_kind_is_one_change_of_the_member() -> None:
    (change,) = changed(("replace", "/organism/optimizer", {"kind": "adam", "lr": 0.001}))
    assert change.path == "/organism/optimizer"
    assert (change.a["kind"], change.b["kind"]) == ("sgd", "adam")


def test_a_number_that_becomes_an_envelope_is_one_change() -> None:
    ramp = {"kind": "ramp", "end": "2ba", "from": 0.0, "to": 1.0}
    (change,) = changed(("replace", "/stages/late/costs/naming", ramp))
    assert (change.path, change.a, change.b["kind"]) == ("/stages/late/costs/naming", 0.5, "ramp")


def test_the_text_marks_what_only_one_side_has() -> None:
    changes = [Change("/a", None, 1.0), Change("/b", "x", None), Change("/c", 1, [2])]
    assert text(changes, "apart from age 40").splitlines() == [
        "apart from age 40",
        "+ /a: 1.0",
        "- /b: x",
        "  /c: 1 -> [2]",
    ]


EDITS = st.lists(
    st.sampled_from(
        [
            ("replace", "/clock/batch", 10),
            ("replace", "/organism/areas/V1/size", 4),
            ("add", "/organism/pathways/retina-V1/name", "optic"),
            ("replace", "/worlds/school/source", {"kind": "digits"}),
            ("add", "/worlds/school/transforms", [{"kind": "flip"}, {"kind": "blur", "sigma": 1.0}]),
            ("add", "/stages/early/limit", "9ep"),
            ("replace", "/stages/late/until", {"age": "40ba"}),
            ("add", "/deficits", {"d": {"transform": "flip", "onset": "1ba", "duration": "2ba"}}),
            ("remove", "/probes/acc"),
            ("reorder", "/stages", None, ("late", "early")),
        ]
    ),
    unique_by=lambda edit: edit[1],
    max_size=6,
)


def edited(edits: list[tuple[Any, ...]]) -> ScheduleSpec:
    return spec(apply(tiny_schedule(), [Write(op, path, "", "x", *rest) for op, path, *rest in edits]))


def body(schedule: ScheduleSpec) -> dict[str, Any]:
    return schedule.model_dump(mode="json", exclude=set(UNCOMPARED))


@given(EDITS, EDITS)
@settings(max_examples=60, deadline=None)
def test_the_changes_made_to_one_schedule_give_the_other(left: list[Any], right: list[Any]) -> None:
    a, b = edited(left), edited(right)
    writes = [_write(change, body(a), body(b)) for change in diff(a, b)]
    writes.sort(key=lambda write: write.op == "reorder")
    assert apply(body(a), writes) == body(b)


def _write(change: Change, a: dict[str, Any], b: dict[str, Any]) -> Write:
    if change.path in ORDERED:
        return Write("reorder", change.path, "", "x", names=tuple(change.b))
    if not _there(a, change.path):
        return Write("add", change.path, "", "x", change.b)
    if not _there(b, change.path):
        return Write("remove", change.path, "", "x")
    return Write("replace", change.path, "", "x", change.b)


ORDERED = {"/stages", "/organism/pathways", "/worlds/school/transforms"}


def _there(document: dict[str, Any], path: str) -> bool:
    try:
        apply(document, [Write("replace", path, "", "x")])
    except PatchError:
        return False
    return True


@given(EDITS, EDITS)
@settings(max_examples=40, deadline=None)
def test_the_difference_seen_from_the_other_side_is_the_same_turned_around(left: list[Any], right: list[Any]) -> None:
    a, b = edited(left), edited(right)
    there, back = ([each for each in found if each.path not in ORDERED] for found in (diff(a, b), diff(b, a)))
    turned = [Change(each.path, each.b, each.a) for each in there]
    assert sorted(back, key=lambda each: each.path) == sorted(turned, key=lambda each: each.path)
