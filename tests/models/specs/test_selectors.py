"""Which arms labels mean, and what is refused."""

from __future__ import annotations

from itertools import product
from typing import Any

import orjson
import pytest

from models.specs.patches import PatchError
from models.specs.selectors import Arm, is_of_grid, label_text, reference_of, select, unknown_references
from models.specs.study import StudySpec

GRID = [Arm(i, f"a={a},b={b}", {"a": a, "b": b}, "grid") for i, (a, b) in enumerate(product(("1", "2"), ("x", "y")))]
ARMS = [*GRID, Arm(4, "extra", {"a": "1", "b": "x"}, "arm")]


def test_labels_mean_arms_of_the_grid_only() -> None:
    assert [arm.index for arm in select(ARMS, {"a": 1, "b": "x"}, "")] == [0]
    assert [arm.index for arm in select(ARMS, {"b": "y"}, "")] == [1, 3]
    assert [arm.index for arm in select(ARMS, {}, "")] == [0, 1, 2, 3]


def test_an_arm_of_the_grid_is_known_by_its_name_whatever_the_order_of_its_labels() -> None:
    assert [is_of_grid(arm.name, dict(reversed(arm.labels.items()))) for arm in ARMS] == [True] * 4 + [False]


def test_an_arm_outside_the_grid_is_meant_by_its_name() -> None:
    assert [arm.index for arm in select(ARMS, {"arm": "extra"}, "")] == [4]


@pytest.mark.parametrize(
    ("labels", "place", "suggestion"),
    [
        ({"arm": "extr"}, "/x/arm", "did you mean 'extra'?"),
        ({"c": 1}, "/x/c", "there is a, b"),
        ({"a": 3}, "/x/a", "there is 1, 2"),
    ],
)
def test_an_unknown_arm_axis_or_label_is_refused(labels: dict[str, Any], place: str, suggestion: str) -> None:
    with pytest.raises(PatchError) as caught:
        select(ARMS, labels, "/x")
    assert (caught.value.code, caught.value.pointer, caught.value.suggestion) == ("E32", place, suggestion)


def test_the_reference_has_the_other_labels_equal() -> None:
    found = [reference_of(arm, ARMS, {"a": 1}) for arm in ARMS]
    assert [arm and arm.index for arm in found] == [0, 1, 0, 1, 0]
    assert reference_of(GRID[3], ARMS, {"arm": "extra"}) == ARMS[4]
    assert reference_of(Arm(9, "odd", {"a": "1"}, "control"), ARMS, {"a": 2}) is None


def test_numbers_are_labels_in_one_spelling() -> None:
    assert [label_text(each) for each in (1, 1.0, 0.1, 1e21, True, None, "x")] == [
        "1",
        "1",
        "0.1",
        "1e+21",
        "true",
        "null",
        "x",
    ]


def test_every_unknown_reference_is_told_at_once() -> None:
    document = {
        "ontogeny": "1",
        "kind": "study",
        "name": "s",
        "base": "b",
        "seeds": {"count": 1},
        "axes": [{"name": "a", "path": "/x", "values": [1, 2]}, {"name": "b", "path": "/y", "values": ["x", "y"]}],
        "outcomes": {
            "good": {"kind": "best", "probe": "acc"},
            "bad": {"kind": "best", "probe": "ac", "relative_to": {"a": 7}},
        },
        "contrasts": [
            {"name": "p", "kind": "pair", "outcome": "goood", "treat": {"a": 1}, "control": {"arm": "nobody"}},
            {"name": "t", "kind": "trend", "outcome": "good", "axis": "z"},
            {"name": "i", "kind": "interaction", "outcome": "good", "axes": {"a": [1, 2], "b": ["x", "z"]}},
            {
                "name": "g",
                "kind": "agreement",
                "outcome": "good",
                "axis": "a",
                "treat": {"b": "x"},
                "control": {"a": 1},
                "rival": {"b": "z"},
                "among": [1, 3],
            },
        ],
    }
    study = StudySpec.model_validate_json(orjson.dumps(document))
    found = unknown_references(study, ARMS, frozenset({"acc"}))
    assert {each.code for each in found} == {"E32"}
    assert sorted(each.pointer for each in found) == [
        "/contrasts/0/control/arm",
        "/contrasts/0/outcome",
        "/contrasts/1/axis",
        "/contrasts/2/axes/b",
        "/contrasts/3/among/1",
        "/contrasts/3/control/a",
        "/contrasts/3/rival/b",
        "/outcomes/bad/probe",
        "/outcomes/bad/relative_to/a",
    ]
