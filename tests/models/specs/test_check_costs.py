"""What costs need of areas, worlds and rules."""

from __future__ import annotations

from typing import Any

import pytest
from build import tiny_schedule

from models.specs.checks import check_document
from models.specs.costs import OF_WEIGHTS
from models.specs.credit import CAPABILITIES
from models.specs.findings import Finding


def document(cost: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The tiny schedule with one more cost in its first stage."""
    given = tiny_schedule(**changes)
    given["costs"]["more"] = {"at": "V1"} | cost
    given["stages"][0]["costs"] = {"naming": 1.0, "more": 1.0}
    return given


def only(given: dict[str, Any]) -> Finding:
    (found,) = check_document(given).errors
    return found


def test_yes_or_no_is_asked_of_units_that_are_probabilities() -> None:
    found = only(document({"kind": "bce", "at": "head", "target": "label"}))
    assert (found.code, found.pointer) == ("E14", "/costs/more/at")
    assert found.message == "cost more: bce compares probabilities; head is none"


def test_a_teacher_of_yes_or_no_gives_probabilities() -> None:
    given = document({"kind": "bce", "target": {"kind": "area", "area": "V2"}})
    areas = given["organism"]["areas"]
    areas["V1"]["act"] = "sigmoid"
    areas["V2"] = areas["V1"] | {"act": "tanh"}
    given["organism"]["pathways"].append({"from": "retina", "to": "V2"})
    assert only(given).message == "cost more: bce compares probabilities; V2 is tanh"


@pytest.mark.parametrize("kind", ["bce", "hinge"])
def test_an_area_is_as_wide_as_what_it_is_compared_with(kind: str) -> None:
    given = document({"kind": kind, "target": "label"})
    given["organism"]["areas"]["V1"]["act"] = "sigmoid"
    found = only(given)
    assert found.code == "E14"
    assert "V1 gives [16], the target has [10]" in found.message


def test_units_that_share_their_wiring_have_no_lengths() -> None:
    given = document({"kind": "wiring"})
    given["organism"]["areas"]["V1"] = {"kind": "conv", "channels": 2}
    assert only(given).message == "cost more: V1 is conv: its units share their wiring"


@pytest.mark.parametrize(
    ("cost", "steps"),
    [
        ({"kind": "temporal_contrast"}, 2),
        ({"kind": "predict_next"}, 2),
        ({"kind": "predict_next", "target": {"kind": "next", "sense": "retina", "horizon": 3}}, 4),
        ({"kind": "mse", "at": "head", "target": {"kind": "next", "area": "head"}}, 2),
        ({"kind": "slow_feature", "order": 2}, 3),
    ],
)
def test_what_lives_on_time_needs_steps(cost: dict[str, Any], steps: int) -> None:
    found = only(document(cost))
    assert found.code == "E06"
    assert f"needs {steps} time steps" in found.message


def test_what_comes_must_name_one_of_two_senses() -> None:
    given = document({"kind": "predict_next"})
    given["organism"]["senses"]["again"] = {"shape": [1, 8, 8]}
    given["organism"]["pathways"].append({"from": "again", "to": "V1"})
    found = [each for each in check_document(given).errors if each.code == "E01"]
    assert [each.message for each in found] == ["cost more: target next means one of the senses retina, again"]


def test_what_comes_of_an_area_that_is_not_there_is_refused() -> None:
    found = only(document({"kind": "predict_next", "target": {"kind": "next", "area": "V9"}}))
    assert (found.code, found.pointer) == ("E03", "/costs/more/target/area")


def test_means_and_variances_come_in_pairs() -> None:
    given = document({"kind": "vae"})
    given["organism"]["areas"]["V1"]["size"] = 7
    assert "half of V1 are means" in only(given).message


def test_neighbours_are_as_wide_as_each_other() -> None:
    found = only(document({"kind": "imax", "target": {"kind": "area", "area": "head"}}))
    assert "V1 gives [16], the target has [10]" in found.message


@pytest.mark.parametrize("kind", ["imax", "temporal_contrast", "decorrelate"])
def test_a_rule_that_tries_each_item_cannot_hear_statistics(kind: str) -> None:
    given = document({"kind": kind} | ({"target": {"kind": "area", "area": "head"}} if kind == "imax" else {}))
    given["organism"]["areas"]["V1"]["size"] = 10
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": "node_perturbation"}]
    given["worlds"]["school"] = {"source": {"kind": "moving_shapes", "frame": 8}, "steps": 2, "labels": "none"}
    messages = [each.message for each in check_document(given).errors if each.code == "E26"]
    assert any("takes statistics over the batch" in each for each in messages)


def test_small_batches_are_no_statistics() -> None:
    found = only(document({"kind": "decorrelate"}, clock={"batch": 10}))
    assert (found.code, found.pointer) == ("E30", "/clock/batch")


def of_weights(kind: str) -> dict[str, Any]:
    """The schedule with a cost of weights, and what that needs."""
    given = document({"kind": kind} | ({"anchor": "first"} if kind == "ewc" else {}))
    if kind == "ewc":
        given["stages"][0]["on_enter"] = [{"kind": "anchor", "name": "first", "answers": "head", "world": "quiz"}]
    return given


@pytest.mark.parametrize("kind", sorted(OF_WEIGHTS))
@pytest.mark.parametrize("rule", ["backprop", "feedback_alignment", "kolen_pollack", "sign_symmetry"])
def test_weights_may_cost_where_errors_move_them(kind: str, rule: str) -> None:
    given = of_weights(kind)
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": rule}]
    assert not check_document(given).errors


@pytest.mark.parametrize("kind", sorted(OF_WEIGHTS))
@pytest.mark.parametrize("rule", ["node_perturbation", "weight_perturbation", "forward_gradient"])
def test_weights_may_not_cost_where_a_rule_alone_moves_them(kind: str, rule: str) -> None:
    assert CAPABILITIES[rule].alone
    given = of_weights(kind)
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": rule}]
    found = only(given)
    assert found.code == "E26"
    assert f"{rule} alone says where they go" in found.message


def test_weights_send_nothing_upstream() -> None:
    found = only(document({"kind": "l2", "scope": "upstream"}))
    assert found.pointer == "/costs/more/scope"


TEMPLATE = {"kind": "goal_match", "target": {"kind": "template", "area": "V1"}}
SET = {"kind": "set_template", "area": "V1", "world": "quiz"}


def test_a_goal_that_nobody_set_is_refused_unless_it_follows() -> None:
    found = only(document(TEMPLATE))
    assert (found.code, found.pointer) == ("E06", "/stages/0/costs/more")
    assert found.message == "stage early: cost more needs a template, and nothing has set it"
    assert not check_document(document(TEMPLATE | {"eta": 0.1})).errors


def test_what_an_earlier_stage_set_or_followed_is_there() -> None:
    given = document(TEMPLATE)
    given["stages"][0]["on_enter"] = [SET]
    given["stages"][1]["costs"]["more"] = 1.0
    assert not check_document(given).errors


@pytest.mark.parametrize("area", ["V1", "*"])
def test_a_state_that_no_area_keeps_is_not_reset(area: str) -> None:
    given = document({"kind": "l2"})
    given["stages"][1]["on_enter"] = [{"kind": "reset_state", "areas": [area]}]
    found = only(given)
    assert (found.code, found.pointer) == ("E06", "/stages/1/on_enter/0/areas/0")
    assert found.message.endswith(f"reset_state of {area}, which keeps nothing from item to item")


@pytest.mark.parametrize(("area", "told"), [("*", "is no linear area of depth 1"), ("head", "which nobody hears")])
def test_units_that_cannot_be_renewed_one_by_one_are_not(area: str, told: str) -> None:
    given = document({"kind": "l2"})
    given["stages"][1]["on_enter"] = [{"kind": "reset_units", "areas": [area], "share": 0.1, "by": "random"}]
    found = only(given)
    assert (found.code, found.pointer) == ("E30", "/stages/1/on_enter/0/areas/0")
    assert told in found.message


def test_a_template_nobody_has_is_not_set() -> None:
    given = document({"kind": "l2"})
    given["stages"][1]["on_enter"] = [SET]
    found = only(given)
    assert (found.code, found.pointer) == ("E06", "/stages/1/on_enter/0")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"world": "nowhere"}, "E04", "/stages/0/on_enter/0/world"),
        ({"area": "V9"}, "E01", "/stages/0/on_enter/0/area"),
        ({"n": 101}, "E15", "/stages/0/on_enter/0/n"),
    ],
)
def test_an_act_looks_where_there_is_something(change: dict[str, Any], code: str, pointer: str) -> None:
    given = document(TEMPLATE)
    given["stages"][0]["on_enter"] = [SET | change]
    found = next(each for each in check_document(given).errors if each.code == code)
    assert found.pointer == pointer


@pytest.mark.parametrize(
    "target", [{"kind": "area", "area": "head", "read": "centre"}, {"kind": "track", "area": "head"}]
)
def test_places_are_read_in_squares(target: dict[str, Any]) -> None:
    given = document({"kind": "mse", "target": target})
    messages = [each.message for each in check_document(given).errors if each.code == "E14"]
    assert "cost more: head is read as a map, and 10 units fill no square" in messages


def test_a_place_is_two_numbers() -> None:
    found = only(document({"kind": "mse", "at": "head", "target": {"kind": "area", "area": "V1", "read": "direction"}}))
    assert "head gives [10], the target has [2]" in found.message


ANCHOR = {"kind": "anchor", "name": "first", "answers": "head", "world": "quiz"}


def test_what_nobody_anchored_cannot_be_kept() -> None:
    given = document({"kind": "ewc", "anchor": "first"})
    assert only(given).message == "stage early: cost more needs anchor first of V1, and nothing has set it"
    given["stages"][0]["on_enter"] = [ANCHOR | {"areas": ["head"]}]
    assert only(given).code == "E06"
    given["stages"][0]["on_enter"] = [ANCHOR]
    assert not check_document(given).errors


def test_an_anchor_names_what_is_there() -> None:
    given = document({"kind": "ewc", "anchor": "first"})
    given["stages"][0]["on_enter"] = [ANCHOR | {"answers": "V9", "world": "nowhere", "areas": ["V8", "V1"]}]
    found = {each.pointer: each.code for each in check_document(given).errors}
    assert found["/stages/0/on_enter/0/answers"] == "E01"
    assert found["/stages/0/on_enter/0/world"] == "E04"
    assert found["/stages/0/on_enter/0/areas/0"] == "E01"
