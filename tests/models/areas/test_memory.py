"""Memory by content: answers by hand, halves completed, the least used lost first, kept for life."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from holding import met, recalled
from pydantic import TypeAdapter
from raising import IMAGE, assert_alone_as_among_others, one_stage, plan, raised, state, train

from models.areas import build_area
from models.areas.memory import Memory
from models.draw import Draw
from models.engine import snapshot, stage
from models.engine.cohort import birth
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

SLOTS, USE = "kept/CA3/slots", "kept/CA3/use"
NAMING = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}


def memory(size: int, inputs: dict[str, tuple[int, ...]] | None = None, **spec: Any) -> Memory:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "memory", "size": size} | spec)
    built = build_area("CA3", given, inputs or {"eye": (size,)}, (size,))
    assert isinstance(built, Memory)
    return built


def things(*shape: int, lives: int = 3) -> torch.Tensor:
    return Draw(torch.arange(lives)).at("test", "things").normal(*shape)


def organism(size: int = 33, **area: Any) -> dict[str, Any]:
    areas: dict[str, Any] = {
        "V1": {"kind": "linear", "size": size, "act": "none"},
        "CA3": {"kind": "memory", "size": size, "slots": 50, "sharpness": 5.0, **area},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    paths = [{"from": below, "to": above} for below, above in pairwise(["retina", *areas])]
    return {"senses": IMAGE, "areas": areas, "pathways": paths, "optimizer": {"kind": "sgd", "lr": 0.05}}


def test_the_answer_is_what_is_kept_weighed_by_likeness() -> None:
    member = memory(7, slots=9, sharpness=3.0)
    kept = met(member, things(5, 1, 7))
    cue = things(4, 2, 7)
    found = recalled(member, kept, cue)
    for n in range(3):
        M, c = kept[SLOTS][n].double().numpy(), cue[n].double().flatten(0, 1).numpy()
        np.testing.assert_allclose(M[:5], things(5, 1, 7)[n, :, 0].numpy(), rtol=1e-6)
        assert not M[5:].any()
        cosines = c @ M[:5].T / np.linalg.norm(c, axis=1)[:, None] / np.linalg.norm(M[:5], axis=1)
        w = np.exp(3 * cosines)
        expected = (w / w.sum(axis=1, keepdims=True)) @ M[:5]
        np.testing.assert_allclose(found[n].flatten(0, 1).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_silence_and_an_empty_memory_answer_nothing() -> None:
    member = memory(7, slots=9)
    assert not recalled(member, member.contents(Draw(torch.arange(3))), things(4, 1, 7)).any()
    kept = met(member, torch.cat([things(2, 1, 7), torch.zeros(3, 3, 1, 7)], dim=1))
    assert (kept[SLOTS] != 0).any(dim=2).sum(dim=1).tolist() == [2, 2, 2]
    assert not recalled(member, kept, torch.zeros(3, 4, 1, 7)).any()


def test_two_hundred_things_met_once_are_found_by_their_halves() -> None:
    member = memory(64, slots=200)
    whole = things(200, 1, 64)
    kept = None
    for start in range(0, 200, 20):
        kept = met(member, whole[:, start : start + 20], kept=kept)
    assert kept is not None
    half = torch.cat([whole[..., :32], torch.zeros(3, 200, 1, 32)], dim=-1)
    missed = (recalled(member, kept, half) - whole).square().mean(dim=(2, 3)) / whole.square().mean(dim=(2, 3))
    assert (missed < 0.05).float().mean() > 0.95


def test_the_least_used_slot_is_written_and_of_too_many_the_last_are_kept() -> None:
    member = memory(3, slots=3, sharpness=100.0, fade=0.5)
    a, b, c, d, e = torch.eye(8)[:5].reshape(5, 1, 1, 1, 8).unbind(0)
    member = memory(8, slots=3, sharpness=100.0, fade=0.5)
    kept = met(member, torch.cat([a, b, c], dim=1))
    torch.testing.assert_close(kept[USE], torch.ones(1, 3) + 1 / 3)
    kept = met(member, torch.cat([a, c], dim=1), 1e-9, kept)
    assert kept[SLOTS][0].argmax(dim=1).tolist() == [0, 1, 2]
    used = kept | {USE: torch.tensor([[0.9, 0.1, 0.4]])}
    kept = met(member, d, kept=used)
    assert kept[SLOTS][0].argmax(dim=1).tolist() == [0, 3, 2]
    kept = met(member, torch.cat([a, b, c, d, e], dim=1), kept=used)
    assert kept[SLOTS][0].argmax(dim=1).tolist() == [4, 2, 3]


def test_plasticity_says_how_much_of_a_slot_is_replaced() -> None:
    member = memory(4, slots=1)
    a, b = torch.tensor([[[[1.0, 0, 0, 0]]]]), torch.tensor([[[[0, 2.0, 0, 0]]]])
    kept = met(member, b, 0.25, met(member, a, 7.0))
    torch.testing.assert_close(kept[SLOTS][0, 0], torch.tensor([0.75, 0.5, 0.0, 0.0]))


def test_what_goes_together_is_found_by_either() -> None:
    member = memory(80, {"eye": (20,), "ear": (3, 20)}, slots=40)
    eye, ear = things(40, 1, 20), things(40, 1, 3, 20).roll(1, dims=0)
    kept = met(member, {"eye": eye, "ear": ear})
    told = recalled(member, kept, {"eye": torch.zeros_like(eye), "ear": ear})[..., :20]
    alike = torch.cosine_similarity(told, eye, dim=-1)
    assert (alike > 0.95).float().mean() > 0.95


def test_errors_pass_to_the_cue_as_the_derivative_says() -> None:
    member = memory(5, slots=6, sharpness=4.0)
    kept = {name: value.double() for name, value in met(member, things(4, 1, 5)).items()}
    cue = things(2, 2, 5).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: recalled(member, kept, x), (cue,))


def test_what_is_met_outlasts_items_and_stages_and_crashes() -> None:
    day = {"name": "day", "world": "school", "costs": {}, "until": {"after": "3ba"}}
    night = {**day, "name": "night", "plasticity": {"CA3": 0.0}, "costs": {"naming": 1.0}}
    path = plan(organism=organism(), costs=NAMING, stages=[day, night])
    first, last = (step.regime for step in path.steps)
    whole, cut = birth(first, [1, 2]), birth(first, [1, 2])
    train(whole, first, 3)
    train(cut, first, 1)
    cut = snapshot.load(snapshot.dump(cut, {}))[0]
    train(cut, first, 2)
    assert (whole.own[USE] > 0).all()
    assert snapshot.state_hash(whole) == snapshot.state_hash(cut)
    kept = whole.own[SLOTS].clone()
    fork = snapshot.load(snapshot.dump(whole, {}))[0]
    for each in (whole, fork):
        stage.enter(each, last)
        train(each, last, 3)
    assert torch.equal(whole.own[SLOTS], kept)
    assert snapshot.state_hash(whole) == snapshot.state_hash(fork)


def test_areas_below_learn_what_to_ask() -> None:
    name = "params/area/V1/from/retina/weight"
    regime = one_stage(organism(), costs=NAMING)
    assert not torch.equal(state(raised(regime, [1], 3), 1)[name], state(birth(regime, [1]), 1)[name])


def test_a_lesioned_area_is_not_heard_and_meets_nothing() -> None:
    harm = {"harm": {"transform": {"kind": "lesion", "areas": ["CA3"]}, "onset": "0sp", "duration": "50ba"}}
    cohort = raised(one_stage(organism(), deficits=harm, probes={}), [1, 2])
    assert not cohort.own[SLOTS].any()


@pytest.mark.parametrize("slots", [7, 127])
def test_a_life_is_the_same_alone_and_at_every_slot(slots: int) -> None:
    regime = one_stage(organism(65, slots=slots), clock={"batch": 33})
    assert_alone_as_among_others(regime)


def refusals(found: dict[str, Any]) -> list[str]:
    return [each.code for each in check_document(tiny_schedule(organism=found)).errors]


def test_what_cannot_be_is_refused() -> None:
    assert refusals(organism()) == []
    assert refusals(organism(slots=0)) == ["E30"]
    assert refusals(organism(slots=65536) | {"senses": IMAGE}) == []
    assert refusals(organism(4096, slots=8192)) == ["E17"]
    narrow = organism()
    narrow["areas"]["V1"]["size"] = 32
    assert refusals(narrow) == ["E14"]
    for rule in ("node_perturbation", "feedback_alignment", "local_error", "oja"):
        assert "E25" in refusals({**organism(), "credit": [{"areas": ["CA3"], "rule": rule}]}), rule
