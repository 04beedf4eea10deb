"""Rules that do not fit their areas, their costs or their optimizer."""

from __future__ import annotations

from typing import Any

import pytest
from build import fitted, tiny_schedule

from models.specs.checks import check_document
from models.specs.credit import CAPABILITIES
from models.specs.credit.capability import Capability
from models.specs.findings import Finding


def document(rule: Any, areas: list[str] | None = None, **changes: Any) -> dict[str, Any]:
    """A chain of three areas under a rule."""
    organism: dict[str, Any] = {
        "senses": {"retina": {"shape": [1, 8, 8]}},
        "areas": {
            "V1": {"kind": "linear", "size": 16, "act": "tanh"},
            "IT": {"kind": "linear", "size": 12, "act": "tanh"},
            "head": {"kind": "linear", "size": 10, "act": "none"},
        },
        "pathways": [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "IT"}, {"from": "IT", "to": "head"}],
        "credit": [{"areas": areas or ["V1", "IT", "head"], "rule": rule}],
        "optimizer": {"kind": "sgd", "lr": 0.1},
    }
    kind = rule if isinstance(rule, str) else rule["kind"]
    organism = fitted(organism, organism["credit"][0]["areas"], kind)
    return tiny_schedule(organism=organism, clock={"batch": 20, "sweeps": 3}) | changes


def only(given: dict[str, Any], code: str) -> Finding:
    checked = check_document(given)
    (found,) = [each for each in checked.findings if each.code == code]
    assert not [each for each in checked.errors if each.code != code]
    return found


FREE = sorted(kind for kind, able in CAPABILITIES.items() if able.free and kind != "kohonen")
"""Rules without a cost; that of maps needs a grid, see below."""
BY_COST = sorted(kind for kind, able in CAPABILITIES.items() if not able.free and kind not in ("frozen", "force"))


@pytest.mark.parametrize("kind", BY_COST)
def test_every_rule_teaches_a_chain_with_its_cost_at_the_output(kind: str) -> None:
    doubted = (
        ["W14"] if kind in ("contrastive_hebbian", "generec") else []
    )  # under which two hidden areas are one too many
    assert [each.code for each in check_document(document(kind)).findings] == doubted


def crib(rule: Any, areas: list[str], **changes: Any) -> dict[str, Any]:
    """A chain of which the head learns by a cost of its own and the areas by the rule, without one."""
    given = document(rule, areas, **changes)
    given["costs"]["naming"]["scope"] = "local"
    return given | {"stages": given["stages"][:1]}


@pytest.mark.parametrize("kind", FREE)
def test_a_rule_without_a_cost_teaches_areas_that_no_cost_judges(kind: str) -> None:
    assert not check_document(crib(kind, ["V1", "IT"])).findings
    found = check_document(document(kind)).errors
    assert {each.code for each in found} == {"E26"}
    assert f"which learns by {kind}, without a cost" in found[0].message


@pytest.mark.parametrize("kind", FREE)
def test_where_a_rule_without_a_cost_ends_rests_on_plain_steps(kind: str) -> None:
    given = crib(kind, ["V1", "IT"])
    given["organism"]["optimizer"] = {"kind": "adam", "lr": 0.001}
    assert only(given, "W14").pointer == "/organism/optimizer"
    given["organism"]["credit"][0]["optimizer"] = {"kind": "sgd", "lr": 0.001}
    assert not check_document(given).findings


def test_hebb_needs_something_that_holds_it() -> None:
    assert only(crib({"kind": "hebb", "norm": "none"}, ["V1", "IT"]), "W14").pointer == "/organism/credit/0/rule"
    assert not check_document(crib({"kind": "hebb", "norm": "none", "sign": -1}, ["V1", "IT"])).findings


@pytest.mark.parametrize("kind", FREE)
def test_a_rule_without_a_cost_needs_pathways_that_lead_to_its_areas(kind: str) -> None:
    given = crib(kind, ["V1", "IT"])
    given["organism"]["pathways"][0] = {"from": "retina", "to": "IT"}
    given["organism"]["pathways"].append({"from": "V1", "to": "IT", "mode": "symmetric", "delay": 0})
    del given["organism"]["pathways"][1]
    assert "E25" in [each.code for each in check_document(given).errors]


def test_a_map_has_a_unit_at_every_place_of_its_grid() -> None:
    given = crib({"kind": "kohonen", "grid": [4, 4]}, ["V1"])
    given["organism"]["pathways"] = [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "head"}]
    del given["organism"]["areas"]["IT"]
    given["organism"]["areas"]["V1"]["size"] = 16
    assert not check_document(given).findings
    given["organism"]["credit"][0]["rule"] = {"kind": "kohonen", "grid": [4, 3]}
    found = only(given, "E25")
    assert "a grid of 4 x 3 has 12 units; V1 has 16" in found.message
    assert found.suggestion is not None
    assert found.suggestion.edit is not None
    assert found.suggestion.edit[0].value == 12


def test_no_more_units_win_than_compete() -> None:
    given = crib({"kind": "competitive", "variant": "k_wta", "k": 13}, ["V1", "IT"])
    assert "13 units cannot win where 12 compete, in IT" in only(given, "E25").message


@pytest.mark.parametrize("kind", ["bptt", "surrogate_gradient", "eprop", "rflo"])
def test_a_rule_in_time_needs_more_than_one_step(kind: str) -> None:
    found = only(document(kind, clock={"batch": 20}), "E25")
    assert found.pointer == "/organism/credit/0/rule"


@pytest.mark.parametrize("kind", ["eprop", "rflo"])
@pytest.mark.parametrize("unit", [{"cell": "gru"}, {"norm": "layer"}])
def test_traces_follow_plain_units(kind: str, unit: dict[str, str]) -> None:
    given = document(kind)
    given["organism"]["areas"]["V1"] = {"kind": "recurrent", "size": 16} | unit
    assert only(given, "E25").pointer == "/organism/credit/0/areas/0"


@pytest.mark.parametrize("kind", FREE)
def test_a_rule_without_a_cost_teaches_below_a_head_that_has_one(kind: str) -> None:
    assert check_document(document(kind, ["V1"])).findings == ()


@pytest.mark.parametrize("kind", FREE)
def test_a_rule_without_a_cost_refuses_one(kind: str) -> None:
    found = check_document(document(kind)).errors
    assert {(each.code, each.pointer) for each in found} == {
        ("E26", "/stages/0/costs/naming"),
        ("E26", "/stages/1/costs/naming"),
    }


@pytest.mark.parametrize("kind", ["node_perturbation", "weight_perturbation", "forward_gradient"])
def test_a_rule_that_tries_needs_a_value_of_each_sample(kind: str) -> None:
    costs = {"calm": {"kind": "activity", "at": "head"}}
    stage = {"name": "only", "world": "school", "costs": {"calm": 1.0}, "until": {"after": "10ba"}}
    found = only(document(kind, costs=costs, stages=[stage]), "E26")
    assert "needs a value of each sample" in found.message


def test_a_rule_that_hears_of_reward_may_be_told_shuffled_labels() -> None:
    naming = {"kind": "cross_entropy", "at": "head", "target": {"kind": "label", "shuffle": True}}
    assert check_document(document("reward_modulated", costs={"naming": naming})).ok


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop"])
def test_moments_that_part_forward_and_feedback_weights_are_warned_of(optimizer: str) -> None:
    given = document("kolen_pollack")
    given["organism"]["optimizer"] = {"kind": optimizer, "lr": 0.01}
    assert only(given, "W14").pointer == "/organism/optimizer"
    given["organism"]["credit"][0]["optimizer"] = {"kind": "sgd", "lr": 0.1}
    assert check_document(given).findings == ()
    given["organism"]["credit"][0]["optimizer"] = {"kind": optimizer, "lr": 0.1}
    assert only(given, "W14").pointer == "/organism/credit/0/optimizer"


def test_a_direction_of_several_steps_wants_plain_steps() -> None:
    given = document({"kind": "target_propagation", "own_rate": 0.05, "inverse_steps": 3})
    assert check_document(given).findings == ()
    given["organism"]["optimizer"]["momentum"] = 0.9
    assert only(given, "W14").pointer == "/organism/credit/0/rule/inverse_steps"


def test_a_rule_that_speaks_to_areas_refuses_layers_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(deep=False))
    given = document("feedback_alignment")
    given["organism"]["areas"]["IT"]["depth"] = 2
    found = only(given, "E25")
    assert found.pointer == "/organism/credit/0/areas/1"
    assert found.suggestion is not None
    assert found.suggestion.edit is not None
    assert found.suggestion.edit[0].path == "/organism/areas/IT/depth"


def test_an_activation_the_rule_cannot_use_is_refused_below_the_output_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(act=frozenset({"tanh"})))
    given = document("feedback_alignment")
    assert check_document(given).ok
    given["organism"]["areas"]["V1"]["act"] = "relu"
    assert only(given, "E25").pointer == "/organism/credit/0/areas/0"


def test_a_chain_is_asked_for_where_the_rule_needs_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(needs=frozenset({"order"})))
    given = document("feedback_alignment")
    given["organism"]["pathways"].append({"from": "V1", "to": "head"})
    assert only(given, "E25").pointer == "/organism/credit/0/areas"


def test_one_output_is_asked_for_where_the_rule_hears_its_own_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(hears="own"))
    given = document("feedback_alignment", ["V1", "IT", "other"])
    given["organism"]["areas"]["other"] = {"kind": "linear", "size": 3}
    given["organism"]["pathways"].append({"from": "V1", "to": "other"})
    codes = [(each.code, each.pointer) for each in check_document(given).errors]
    assert ("E25", "/organism/credit/0/areas") in codes


def test_a_cost_inside_is_refused_where_errors_are_heard_at_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(hears="ends"))
    given = document("feedback_alignment")
    given["costs"] = {"naming": given["costs"]["naming"], "quiet": {"kind": "activity", "at": "IT"}}
    for stage in given["stages"]:
        stage["costs"] = {"naming": 1.0, "quiet": 0.1}
    assert not check_document(given).errors
    given["costs"]["quiet"]["scope"] = "upstream"
    checked = check_document(given)
    assert {each.code for each in checked.errors} == {"E26"}
    assert checked.errors[0].pointer == "/stages/0/costs/quiet"


def test_a_cost_above_is_refused_where_the_rule_needs_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given = document("feedback_alignment", ["V1", "IT"])
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(hears="ends"))
    assert not check_document(given).errors
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(hears="own"))
    found = check_document(given).errors[0]
    assert (found.code, found.pointer) == ("E26", "/stages/0/costs/naming")
    assert found.suggestion is not None
    assert found.suggestion.edit is not None
    assert found.suggestion.edit[0].value == ["V1", "IT", "head"]


def test_a_cost_of_another_kind_or_target_than_the_rule_can_use_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given = document("feedback_alignment")
    for able in (Capability(hears="own", costs=frozenset({"mse"})), Capability(hears="own")):
        monkeypatch.setitem(CAPABILITIES, "feedback_alignment", able)
        assert bool(check_document(given).errors) == (able.costs is not None)
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(hears="own", needs=frozenset({"label"})))
    assert not check_document(given).errors
    given["costs"]["naming"]["target"] = {"kind": "label", "shuffle": True}
    assert not check_document(given).errors
    given["costs"]["naming"]["target"] = {"kind": "area", "area": "head"}
    assert {each.code for each in check_document(given).errors} == {"E26"}


@pytest.mark.parametrize("kind", ["direct_feedback", "target_propagation", "predictive_coding"])
def test_these_rules_refuse_layers_inside_an_area(kind: str) -> None:
    given = document(kind)
    given["organism"]["areas"]["V1"]["depth"] = 2
    assert only(given, "E25").pointer == "/organism/credit/0/areas/0"


@pytest.mark.parametrize("kind", ["target_propagation"])
def test_these_rules_refuse_activations_they_cannot_use(kind: str) -> None:
    given = document(kind)
    given["organism"]["areas"]["V1"]["act"] = "relu"
    assert only(given, "E25").pointer == "/organism/credit/0/areas/0"


@pytest.mark.parametrize("kind", ["target_propagation"])
def test_these_rules_refuse_pathways_that_meet(kind: str) -> None:
    given = document(kind)
    given["organism"]["pathways"].append({"from": "V1", "to": "head"})
    assert only(given, "E25").pointer == "/organism/credit/0/areas"


@pytest.mark.parametrize("kind", ["local_error", "predictive_coding"])
def test_these_rules_refuse_a_cost_above_their_circuit(kind: str) -> None:
    found = check_document(document(kind, ["V1", "IT"])).errors
    assert {each.code for each in found} == {"E26"}


@pytest.mark.parametrize("kind", ["direct_feedback", "target_propagation"])
def test_these_rules_take_the_error_of_what_is_above_their_circuit(kind: str) -> None:
    assert check_document(document(kind, ["V1", "IT"])).ok


@pytest.mark.parametrize("kind", [kind for kind in BY_COST if not CAPABILITIES[kind].out])
def test_an_area_below_a_circuit_that_passes_no_error_on_is_warned_of(kind: str) -> None:
    found = check_document(document(kind, ["IT", "head"])).findings
    assert {each.code for each in found} == {"W04"}
    assert all("V1" in each.message for each in found)
