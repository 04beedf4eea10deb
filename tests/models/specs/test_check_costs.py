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


def test_small_batches_are_no_statistics() -> None:
    found = only(document({"kind": "decorrelate"}, clock={"batch": 10}))
    assert (found.code, found.pointer) == ("E30", "/clock/batch")


@pytest.mark.parametrize("kind", sorted(OF_WEIGHTS))
@pytest.mark.parametrize("rule", ["backprop", "feedback_alignment", "kolen_pollack", "sign_symmetry"])
def test_weights_may_cost_where_errors_move_them(kind: str, rule: str) -> None:
    given = document({"kind": kind})
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": rule}]
    assert not check_document(given).errors


@pytest.mark.parametrize("kind", sorted(OF_WEIGHTS))
@pytest.mark.parametrize("rule", ["node_perturbation", "weight_perturbation", "forward_gradient"])
def test_weights_may_not_cost_where_a_rule_alone_moves_them(kind: str, rule: str) -> None:
    assert CAPABILITIES[rule].alone
    given = document({"kind": kind})
    given["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": rule}]
    found = only(given)
    assert found.code == "E26"
    assert f"{rule} alone says where they go" in found.message


def test_weights_send_nothing_upstream() -> None:
    found = only(document({"kind": "l2", "scope": "upstream"}))
    assert found.pointer == "/costs/more/scope"
