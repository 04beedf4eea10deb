"""Attractors: weights by hand, patterns completed below the capacity and lost above it, contents kept for life."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from holding import met, recalled
from pydantic import TypeAdapter
from raising import IMAGE, assert_alone_as_among_others, one_stage, plan, raised, train

from models.areas import build_area
from models.areas.hopfield import Hopfield
from models.draw import Draw
from models.engine import snapshot, stage
from models.engine.cohort import birth
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

KEPT = "kept/CA3/weight"


def organism(size: int = 33, **area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "V1": {"kind": "linear", "size": size, "act": "none"},
        "CA3": {"kind": "hopfield", "size": size, "sweeps": 4, **area},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    order = ["retina", *areas]
    paths = [{"from": below, "to": above} for below, above in zip(order, areas, strict=False)]
    return {"senses": IMAGE, "areas": areas, "pathways": paths, "optimizer": {"kind": "sgd", "lr": 0.05}}


def attractor(size: int, inputs: dict[str, tuple[int, ...]] | None = None, **spec: Any) -> Hopfield:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "hopfield", "size": size} | spec)
    built = build_area("CA3", given, inputs or {"eye": (size,)}, (size,))
    assert isinstance(built, Hopfield)
    return built


def signs(*shape: int, lives: int = 3) -> torch.Tensor:
    drawn = Draw(torch.arange(lives)).at("test", "patterns").uniform(*shape)
    return torch.where(drawn < 0.5, -1.0, 1.0)


def test_weights_are_products_of_what_was_met_without_the_diagonal() -> None:
    patterns = torch.tensor([[[[1.0, -2.0, 0.5]], [[0.0, 3.0, -1.0]]]])
    found = met(attractor(3), patterns)[KEPT][0]
    assert found.tolist() == [[0, -1, 1], [-1, 0, -2], [1, -2, 0]]
    assert torch.equal(met(attractor(3), patterns, 0.5)[KEPT][0], 0.5 * found)
    assert not met(attractor(3), torch.zeros(1, 2, 1, 3))[KEPT].any()


def test_it_answers_what_a_loop_written_out_answers() -> None:
    member = attractor(21, sweeps=3)
    patterns, cue = signs(6, 1, 21), signs(5, 2, 21)
    kept = met(member, patterns)
    found = recalled(member, kept, cue)
    for n in range(3):
        W = sum(np.outer(x, x) for x in patterns[n, :, 0].numpy()) - 6 * np.eye(21)
        x = cue[n].flatten(0, 1).numpy()
        for _ in range(3):
            heard = x @ W
            x = np.where(heard == 0, x, np.sign(heard))
        np.testing.assert_array_equal(found[n].flatten(0, 1).numpy(), x)


@pytest.mark.parametrize(("load", "above", "below"), [(0.05, 0.99, 1.01), (0.2, 0.3, 0.75)])
def test_below_capacity_a_tenth_turned_over_is_put_right_and_above_it_is_not(
    load: float, above: float, below: float
) -> None:
    patterns = signs(round(300 * load), 1, 300)
    turned = Draw(torch.arange(3)).at("test", "turned").uniform(*patterns.shape[1:]) < 0.1
    member = attractor(300)
    found = recalled(member, met(member, patterns), torch.where(turned, -patterns, patterns))
    overlap = (found * patterns).mean(dim=(1, 2, 3))
    assert ((overlap > above) & (overlap < below)).all()


def test_inputs_are_joined_and_the_part_that_is_missing_is_found() -> None:
    member = attractor(80, {"eye": (50,), "ear": (5, 6)})
    whole = signs(3, 1, 80)
    kept = met(member, {"eye": whole[..., :50], "ear": whole[..., 50:].reshape(3, 3, 1, 5, 6)})
    cue = {"eye": whole[..., :50], "ear": torch.zeros(3, 3, 1, 5, 6)}
    assert torch.equal(recalled(member, kept, cue), whole)


def test_errors_pass_a_graded_response_and_are_its_derivative() -> None:
    member = attractor(5, sweeps=3, gain=1.5)
    kept = {name: value.double() for name, value in met(member, signs(2, 1, 5)).items()}
    cue = signs(2, 2, 5).double().mul(0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: recalled(member, kept, x), (cue,))
    assert not recalled(attractor(5), kept, cue).requires_grad


def test_what_is_met_is_kept_while_plastic_and_stands_still_otherwise() -> None:
    day = {"name": "day", "world": "school", "costs": {}, "until": {"after": "3ba"}}
    stages = [day, {**day, "name": "night", "plasticity": {"CA3": 0.0}, "costs": {"naming": 1.0}}]
    costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    path = plan(organism=organism(), costs=costs, stages=stages)
    first, last = (step.regime for step in path.steps)
    cohort = birth(first, [1, 2])
    assert not cohort.own[KEPT].any()
    train(cohort, first, 3)
    kept = cohort.own[KEPT].clone()
    assert (kept.abs().amax(dim=(1, 2)) > 0).all()
    again = snapshot.load(snapshot.dump(cohort, {}))[0]
    for one in (cohort, again):
        stage.enter(one, last)
        train(one, last, 3)
    assert torch.equal(cohort.own[KEPT], kept)
    assert snapshot.state_hash(cohort) == snapshot.state_hash(again)


@pytest.mark.parametrize("kind", ["reset_area", "reset_state"])
def test_resetting_the_area_or_its_state_empties_it(kind: str) -> None:
    act = {"kind": kind, "areas": ["CA3"]}
    regime = one_stage(organism(), stage={"on_enter": [act], "plasticity": {"CA3": 0.0}})
    cohort = raised(one_stage(organism()), [1, 2])
    assert cohort.own[KEPT].any()
    stage.enter(cohort, regime)
    train(cohort, regime, 1)
    assert not cohort.own[KEPT].any()


def test_a_lesioned_area_is_not_heard_and_meets_nothing() -> None:
    harm = {"harm": {"transform": {"kind": "lesion", "areas": ["CA3"]}, "onset": "0sp", "duration": "50ba"}}
    cohort = raised(one_stage(organism(), deficits=harm, probes={}), [1, 2])
    assert not cohort.own[KEPT].any()


@pytest.mark.parametrize("area", [{}, {"gain": 2.0}])
def test_a_life_is_the_same_alone_and_at_every_slot(area: dict[str, Any]) -> None:
    regime = one_stage(organism(65, **area), clock={"batch": 33})
    assert_alone_as_among_others(regime)


def refusals(found: dict[str, Any], **changes: Any) -> list[str]:
    return [each.code for each in check_document(tiny_schedule(organism=found, **changes)).errors]


def test_what_cannot_be_is_refused() -> None:
    assert refusals(organism()) == []
    assert refusals(organism(sweeps=0)) == ["E30"]
    narrow = organism()
    narrow["areas"]["V1"]["size"] = 32
    assert refusals(narrow) == ["E14"]
    for rule in ("node_perturbation", "feedback_alignment", "local_error", "hebb"):
        assert "E25" in refusals({**organism(), "credit": [{"areas": ["CA3"], "rule": rule}]}), rule


@pytest.mark.parametrize(("gain", "code"), [(None, ["E07"]), (1.0, [])])
def test_a_cost_above_it_reaches_what_is_below_only_through_a_gain(gain: float | None, code: list[str]) -> None:
    found = organism(gain=gain)
    stage = {
        "name": "only",
        "world": "school",
        "costs": {"naming": 1.0},
        "plasticity": {"head": 0.0},
        "until": {"after": "5ba"},
    }
    costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    assert refusals(found, costs=costs, stages=[stage]) == code


def test_probes_of_weights_say_that_it_has_none() -> None:
    every = {"at": "*", "world": "school", "every": "1ba", "n": 20}
    probes = {
        "norm": {"kind": "weight_norm", **every},
        "angle": {"kind": "alignment", "cost": "naming", **every},
        "conflict": {"kind": "cost_conflict", "cost": "naming", "other": "naming", **every},
    }
    costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    stage = {"name": "day", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "2ba"}}
    arm = plan(organism=organism(gain=1.0), costs=costs, stages=[stage], probes=probes)
    step = arm.steps[0]
    flushes = train(birth(step.regime, [0, 1]), step.regime, 2, probes=arm.probes, readings=step.readings)
    told = {
        path: values
        for each in flushes
        for group in each.groups
        for path, values in zip(group.paths, group.values, strict=True)
    }
    names = {probe: name for name, probe in arm.probe_names.items()}
    found = {
        f"{names[path.split('.')[0]]}.{path.split('.')[1]}": values[-1].tolist()
        for path, values in told.items()
        if path.split(".")[0] in names
    }
    assert (found["norm.CA3"], found["angle.CA3"], found["conflict.CA3"]) == ([0.0, 0.0], [90.0, 90.0], [0.0, 0.0])
    assert found["norm.head"][0] > 1.0


def test_an_organism_without_a_parameter_lives() -> None:
    path = {"from": "retina", "to": "CA3"}
    alone = {"senses": IMAGE, "areas": {"CA3": {"kind": "hopfield", "size": 64}}, "pathways": [path]}
    stage = {"name": "only", "world": "school", "costs": {}, "until": {"after": "12ba"}}
    regime = plan(organism=alone, costs={}, stages=[stage], probes={}).steps[0].regime
    cohort = raised(regime, [1, 2], 11)
    assert not cohort.diverged_N.any()
    assert cohort.own[KEPT].any()
