"""Circuits that come to rest as a whole: pathways, norms, costs and deficits they cannot have, settings to doubt."""

from __future__ import annotations

from typing import Any

import pytest
from build import coupled, tiny_schedule

from models.specs.checks import check_document
from models.specs.findings import Finding
from models.specs.patches import apply, write_of

HELD = ("contrastive_hebbian", "generec")
TWO_PHASE = ("equilibrium_propagation", "temporal_derivative", *HELD)
EP = "equilibrium_propagation"


def document(rule: Any = EP, *hidden: str, **changes: Any) -> dict[str, Any]:
    """A chain under a rule, its pathways symmetric and its rates bounded; one hidden area if none is named."""
    names = [*(hidden or ("V1",)), "head"]
    organism: dict[str, Any] = {
        "senses": {"retina": {"shape": [1, 8, 8]}},
        "areas": {name: {"kind": "linear", "size": 10} for name in names},
        "pathways": [{"from": below, "to": above} for below, above in zip(["retina", *names], names, strict=False)],
        "credit": [{"areas": names, "rule": rule}],
        "optimizer": {"kind": "sgd", "lr": 0.1},
    }
    tied = coupled(organism, names) if settling(rule) else organism
    return tiny_schedule(organism=tied) | changes


def settling(rule: Any) -> bool:
    return (rule if isinstance(rule, str) else rule["kind"]) in TWO_PHASE


def only(given: dict[str, Any], code: str) -> Finding:
    (found,) = check_document(given).findings
    assert found.code == code
    return found


@pytest.mark.parametrize("kind", TWO_PHASE)
def test_a_chain_of_symmetric_pathways_is_taken(kind: str) -> None:
    assert check_document(document(kind)).findings == ()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("mode", "forward", "V1-head is forward"), ("gradient", "block", "V1-head has gradient block")],
)
def test_a_pathway_inside_that_does_not_act_both_ways_is_refused(key: str, value: Any, said: str) -> None:
    given = document()
    given["organism"]["pathways"][1][key] = value
    found = only(given, "E25")
    assert found.pointer == f"/organism/pathways/1/{key}"
    assert found.message == f"circuit {EP}: {EP} needs symmetric pathways: {said}"
    assert found.suggestion is not None
    assert found.suggestion.edit is not None
    assert found.suggestion.edit[0].path == f"/organism/pathways/V1-head/{key}"


def test_the_edit_that_is_suggested_mends_it() -> None:
    given = document()
    del given["organism"]["pathways"][1]["mode"]
    found = only(given, "E25")
    assert found.suggestion is not None
    assert found.suggestion.edit is not None
    (edit,) = found.suggestion.edit
    assert check_document(apply(given, [write_of(edit, "/edit", "the suggestion")])).findings == ()


def test_a_pathway_inside_that_takes_time_is_refused() -> None:
    given = document(clock={"batch": 20, "sweeps": 3})
    given["organism"]["pathways"][1]["delay"] = 1
    assert only(given, "E25").pointer == "/organism/pathways/1/delay"


@pytest.mark.parametrize(
    ("key", "value", "pointer"),
    [("norm", "layer", "/organism/areas/V1/norm"), ("depth", 2, "/organism/credit/0/areas/0")],
)
def test_an_area_with_a_norm_or_of_several_layers_is_refused(key: str, value: Any, pointer: str) -> None:
    given = document()
    given["organism"]["areas"]["V1"][key] = value
    assert only(given, "E25").pointer == pointer


@pytest.mark.parametrize("area", ["V1", "head"])
def test_rates_without_a_bound_are_refused_at_the_output_too(area: str) -> None:
    given = document()
    given["organism"]["areas"][area]["act"] = "relu"
    assert "needs hard_sigmoid or sigmoid or sigmoid4 or tanh; " in only(given, "E25").message


@pytest.mark.parametrize(
    ("source", "target", "delay"), [("head", "V1", 1), ("V1", "head", 0)], ids=["later in time", "on the way up"]
)
def test_a_circuit_that_hears_itself_through_others_is_refused(source: str, target: str, delay: int) -> None:
    given = document(EP, "V1", "IT", clock={"batch": 20, "sweeps": 3})
    given["organism"]["areas"]["aside"] = {"kind": "linear", "size": 5}
    given["organism"]["pathways"] += [
        {"from": source, "to": "aside"},
        {"from": "aside", "to": target, "delay": delay},
    ]
    found = check_document(given).errors
    assert [(each.code, each.pointer) for each in found] == [("E27", "/organism/credit")]
    assert found[0].message.endswith("hears itself through aside")


@pytest.mark.parametrize("kind", TWO_PHASE)
@pytest.mark.parametrize(("scope", "at"), [("local", "V1"), ("upstream", "V1"), ("local", "head")])
def test_costs_where_the_rule_cannot_hear_them_are_refused(kind: str, scope: str, at: str) -> None:
    given = document(kind)
    given["costs"]["quiet"] = {"kind": "activity", "at": at, "scope": scope}
    for stage in given["stages"]:
        stage["costs"]["quiet"] = 0.1
    errors = check_document(given).errors
    heard = kind not in HELD and at == "head"
    assert {each.code for each in errors} == (set() if heard else {"E26"})


@pytest.mark.parametrize("scope", ["local", "upstream"])
def test_a_cost_that_runs_its_area_alone_is_refused(scope: str) -> None:
    given = document()
    given["costs"]["fill"] = {"kind": "denoise", "at": "head", "scope": scope}
    for stage in given["stages"]:
        stage["costs"] = {"fill": 1.0}
    errors = check_document(given).errors
    assert {each.code for each in errors} == {"E26"}
    assert "denoise runs its area alone" in errors[0].message


@pytest.mark.parametrize("kind", HELD)
def test_rules_that_hold_the_output_at_the_label_want_a_cost_of_the_label(kind: str) -> None:
    given = document(kind)
    given["costs"]["naming"] = {"kind": "mse", "at": "head", "target": {"kind": "area", "area": "V1"}}
    assert {each.code for each in check_document(given).errors} == {"E26"}
    given["costs"]["naming"] = {"kind": "activity", "at": "head", "scope": "upstream"}
    assert {each.code for each in check_document(given).errors} == {"E26"}


def test_a_pathway_inside_cannot_be_cut_and_one_into_it_can() -> None:
    def cut(pathway: str) -> dict[str, Any]:
        lesion = {"transform": {"kind": "cut_pathway", "pathways": [pathway]}, "onset": "0sp", "duration": "40sp"}
        return document(deficits={"lesion": lesion})

    assert check_document(cut("retina-V1")).ok
    found = check_document(cut("V1-head")).errors
    assert [(each.code, each.pointer) for each in found] == [("E25", "/deficits/lesion/transform")]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"kind": EP, "free_steps": 5}, "free_steps"),
        ({"kind": EP, "nudged_steps": 5}, "nudged_steps"),
        ({"kind": EP, "init_gain": 1.0}, "init_gain"),
    ],
)
def test_settings_under_which_nothing_settles_are_doubted(rule: dict[str, Any], key: str) -> None:
    hidden = ("a", "b", "c", "d", "e")
    assert check_document(document(EP, *hidden)).findings == ()
    assert only(document(rule, *hidden), "W14").pointer == f"/organism/credit/0/rule/{key}"


def test_small_first_weights_may_have_any_gain() -> None:
    given = document({"kind": EP, "init_gain": 1.0})
    for area in given["organism"]["areas"].values():
        area["init"] = {"kind": "orthogonal", "gain": 0.5}
    assert check_document(given).findings == ()


@pytest.mark.parametrize("variant", ["strict", "incremental", "fixed", "error"])
def test_errors_that_do_not_reach_the_lowest_area_are_doubted(variant: str) -> None:
    rule = {"kind": "predictive_coding", "variant": variant, "steps": 2}
    assert check_document(document(rule, "V1", "IT")).findings == ()
    found = check_document(document(rule, "V1", "IT", "PFC")).findings
    doubted = [] if variant == "error" else ["/organism/credit/0/rule/steps"]
    assert [each.pointer for each in found if each.code == "W14"] == doubted


def test_a_label_held_over_several_areas_is_doubted() -> None:
    assert "depends much on the seed" in only(document("generec", "V1", "IT"), "W14").message
    weak = check_document(document({"kind": "generec", "gamma": 0.01}, "V1", "IT", "PFC")).findings
    assert [(each.code, each.pointer.rsplit("/", 1)[1]) for each in weak] == [("W14", "kind"), ("W14", "gamma")]
