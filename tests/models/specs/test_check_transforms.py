"""Transforms and deficits that would find nothing to change are refused, with the place and the reason."""

from __future__ import annotations

from typing import Any

import pytest
from build import tiny_schedule

from models.specs.checks import check_document

HERE = "/deficits/test/transform"


def document(transform: Any, **deficit: Any) -> dict[str, Any]:
    """Two eyes, one still world with labels, one without, and a deficit in both."""
    given = tiny_schedule()
    eyes = {"left": {"shape": [1, 8, 8]}, "right": {"shape": [1, 8, 8]}}
    given["organism"]["senses"] = eyes
    given["organism"]["pathways"] = [{"from": eye, "to": "V1"} for eye in eyes] + [{"from": "V1", "to": "head"}]
    given["costs"]["rebuild"] = {"kind": "mse", "at": "head", "target": {"kind": "area", "area": "V1"}}
    given["organism"]["areas"]["V1"]["size"] = 10
    given["worlds"]["crib"] = {"source": "digits", "size": 200, "labels": "none"}
    given["stages"][0] |= {"world": "crib", "costs": {"rebuild": 1.0}}
    given["deficits"] = {"test": {"transform": transform, "onset": "0ba", "duration": "5ba", **deficit}}
    return given


def errors(given: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each.code, each.pointer, each.message) for each in check_document(given).errors]


@pytest.mark.parametrize(
    ("transform", "code", "place", "message"),
    [
        ({"kind": "eye", "sense": "lefd"}, "E01", HERE + "/sense", "deficit test: unknown sense 'lefd'"),
        ({"kind": "swap_senses", "senses": ["left", "rite"]}, "E01", HERE + "/senses/1",
         "deficit test: unknown sense 'rite'"),
        ({"kind": "swap_senses", "senses": ["left", "left"]}, "E23", HERE,
         "deficit test: transform: exactly two different senses"),
        ({"kind": "flip", "axis": -4}, "E30", HERE + "/axis", "deficit test: transform.axis: -4 is out of bounds"),
        ({"kind": "desaturate"}, "E14", HERE,
         "deficit test: no sense has three colours: left [1, 8, 8], right [1, 8, 8]"),
        ({"kind": "shuffle_time"}, "E30", HERE,
         "deficit test: shuffle_time needs 2 time steps, every one of the worlds crib, school has 1"),
        ({"kind": "lag", "steps": 3}, "E30", HERE,
         "deficit test: lag needs 4 time steps, every one of the worlds crib, school has 1"),
        ({"kind": "bandpass", "low": 0.3}, "E13", HERE, "deficit test: transform: low (0.3) is not below high (0.25)"),
        ({"kind": "lesion", "areas": ["V1", "V2"]}, "E01", HERE + "/areas/1", "deficit test: unknown area 'V2'"),
        ({"kind": "reset_context", "areas": ["V2"], "every": 1}, "E01", HERE + "/areas/0",
         "deficit test: unknown area 'V2'"),
        ({"kind": "reset_context", "areas": ["V1"], "every": 1}, "E30", HERE + "/every",
         "deficit test: a reset every 1 steps, every one of the worlds crib, school has 1"),
        ({"kind": "bias_error", "area": "V2", "bias": 1.0}, "E01", HERE + "/area", "deficit test: unknown area 'V2'"),
        ({"kind": "bias_error", "area": "V1", "bias": 2e6}, "E30", HERE + "/bias",
         "deficit test: transform.bias: 2000000.0 is out of bounds"),
        ({"kind": "drop_sense"}, "E18", HERE, "deficit test: transform: missing key 'sense'"),
    ],
)  # fmt: skip
def test_a_deficit_that_cannot_be_is_refused(transform: Any, code: str, place: str, message: str) -> None:
    assert errors(document(transform)) == [(code, place, message)]


def test_a_named_sense_must_have_the_axes_and_others_do_not_count() -> None:
    given = document({"kind": "affine", "sense": "ear"})
    given["organism"]["senses"]["ear"] = {"shape": [64], "channel": "image"}
    given["organism"]["pathways"].append({"from": "ear", "to": "V1"})
    assert (HERE, "deficit test: no sense has 2 axes: ear [64]") in [(place, told) for _, place, told in errors(given)]
    given["deficits"]["test"]["transform"] = {"kind": "affine"}
    assert not [each for each in errors(given) if each[1] == HERE]


def test_senses_of_two_shapes_cannot_be_swapped() -> None:
    given = document({"kind": "swap_senses", "senses": ["left", "right"]})
    given["organism"]["senses"]["right"]["shape"] = [1, 4, 16]
    told = "deficit test: left [1, 8, 8], right [1, 4, 16] cannot be swapped"
    assert ("E14", HERE, told) in errors(given)


def test_labels_must_be_shown_by_one_of_the_worlds() -> None:
    assert errors(document("label_noise")) == []
    assert errors(document("label_noise", worlds=["crib"])) == [
        ("E06", HERE, "deficit test: label_noise needs labels, world crib gives none")
    ]
    given = document({"kind": "flip"})
    given["worlds"]["crib"]["transforms"] = ["label_shuffle"]
    told = "world crib: label_shuffle needs labels, world crib gives none"
    assert errors(given) == [("E06", "/worlds/crib/transforms/0", told)]


PULSE = {"kind": "pulse", "onset": "1ba", "duration": "2ba"}
STEPS = {"kind": "steps", "points": [["0sp", 1.0], ["2ba", 0.0]]}


@pytest.mark.parametrize("strength", [1.0, PULSE, STEPS, [PULSE, STEPS], [1.0, 1.0]])
def test_a_permutation_is_on_or_off(strength: Any) -> None:
    assert errors(document("permute", strength=strength)) == []


@pytest.mark.parametrize(
    "strength",
    [
        0.5,
        PULSE | {"height": 0.9},
        {"kind": "steps", "points": [["0sp", 1.0], ["2ba", 0.5], ["3ba", 0.0]]},
        {"kind": "ramp", "end": "4ba", "from": 0.0, "to": 1.0},
        {"kind": "decay", "half_life": "2ba"},
        [PULSE, 0.5],
    ],
)
def test_a_permutation_in_part_is_refused(strength: Any) -> None:
    told = "deficit test: strength of permute is out of bounds: it is 0 or 1, nothing between"
    assert errors(document("permute", strength=strength)) == [("E30", "/deficits/test/strength", told)]


@pytest.mark.parametrize(("rule", "refused"), [("eprop", True), ("rflo", True), ("bptt", False)])
def test_context_is_not_taken_from_rules_that_keep_traces_of_it(rule: str, refused: bool) -> None:
    given = document({"kind": "reset_context", "areas": ["V1"], "every": 2})
    given["clock"]["sweeps"] = 4
    given["organism"]["areas"]["V1"] = {"kind": "recurrent", "size": 10}
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": rule}]
    given["stages"] = given["stages"][1:]
    told = f"deficit test: {rule} keeps traces of what V1 carries; a reset is unknown to them"
    assert (("E25", HERE, told) in errors(given)) is refused


def test_a_lesion_cannot_weaken_one_way_of_a_pathway_that_acts_both_ways() -> None:
    given = document({"kind": "lesion", "areas": ["V1"]})
    given["organism"]["areas"]["V1"]["act"] = "sigmoid4"
    given["organism"]["pathways"][2]["mode"] = "symmetric"
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": "equilibrium_propagation"}]
    assert "E25" in {code for code, _, _ in errors(given)}


def biased(rule: str = "backprop", **changes: Any) -> list[tuple[str, str, str]]:
    """Errors where a constant comes to those of V1."""
    given = document({"kind": "bias_error", "area": "V1", "bias": 1.0})
    given["organism"]["credit"] = [{"areas": ["V1"], "rule": rule}]
    given["costs"] |= changes.get("costs", {})
    given["stages"][-1]["costs"] |= changes.get("weights", {})
    return [each for each in errors(given) if each[0] != "W12"]


@pytest.mark.parametrize("rule", ["hebb", "weight_perturbation"])
def test_a_constant_comes_only_to_errors_of_single_units(rule: str) -> None:
    assert biased() == []
    assert biased("feedback_alignment") == []
    told = f"deficit test: {rule} hears no errors of single units at V1 to which a constant could be added"
    assert ("E25", HERE + "/area", told) in biased(rule)


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        ({"kind": "autoencode", "at": "V1"}, "a local cost at V1 and errors from elsewhere"),
        ({"kind": "denoise", "at": "V1", "scope": "upstream"}, "denoise runs V1 once more"),
    ],
)
def test_a_constant_that_would_not_come_once_is_refused(cost: dict[str, Any], told: str) -> None:
    found = biased(costs={"own": cost | {"target": {"kind": "input", "sense": "left"}}}, weights={"own": 1.0})
    assert found == [("E26", HERE + "/area", f"deficit test: {told}: the constant would not come once")]


def test_a_constant_wants_errors_to_come_to() -> None:
    given = document({"kind": "bias_error", "area": "V1", "bias": 1.0})
    given["organism"]["pathways"] = [each | {"gradient": "block"} for each in given["organism"]["pathways"]]
    assert ("E07", HERE + "/area", "deficit test: no cost's error reaches V1: there is nothing to add to") in errors(
        given
    )
