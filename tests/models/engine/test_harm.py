"""What deficits of the organism do to it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from raising import chain, differing, one_stage, raised, recorded, state, train

from models.draw import Draw
from models.engine.cohort import birth
from models.engine.context import Context
from models.engine.organism import OPEN, Organism, Wiring
from models.engine.step import Training
from models.protocols import Batch
from models.specs.organism import OrganismSpec
from models.specs.regime import RegimeSpec

RECURRENT = {"rnn": {}, "gru": {}, "lstm": {}, "leaky": {"leak": 0.5}, "lif": {"act": "lif"}}


def two_ways(**deficit: Any) -> Any:
    """Two areas side by side below the head; a deficit of one of them, a cost of its own at each."""
    organism = chain(7, 6)
    organism["pathways"] = [
        {"from": "retina", "to": "a1"},
        {"from": "retina", "to": "a2"},
        {"from": "a1", "to": "head"},
        {"from": "a2", "to": "head"},
    ]
    costs = {
        "naming": {"kind": "cross_entropy", "at": "head", "target": "label"},
        "rebuild": {"kind": "autoencode", "at": "a1"},
    }
    harm = {"harm": {"onset": "0sp", "duration": "50ba", **deficit}}
    return one_stage(organism, costs=costs, deficits=harm if deficit else {}, probes={})


def lesion(strength: float = 1.0) -> dict[str, Any]:
    return {"transform": {"kind": "lesion", "areas": ["a1"]}, "strength": strength}


def test_a_lesioned_area_is_not_heard_and_stands_still() -> None:
    regime = two_ways(**lesion())
    first, last = state(birth(regime, [1]), 1), state(raised(regime, [1], 3), 1)
    own = [name for name in first if "area/a1/" in name or "cost/rebuild/" in name or "from/a1/" in name]
    assert own
    assert [name for name in own if not torch.equal(first[name], last[name])] == []
    other = birth(regime, [1])
    for name, value in other.params.items():
        if name.startswith("area/a1/"):
            value.mul_(3.0)
    training = Training(other, regime)
    for _ in range(3):
        training.update()
    changed = differing(state(other, 1), last)
    assert changed
    assert all("area/a1/" in name for name in changed)


def test_half_a_lesion_is_half_the_message() -> None:
    whole, half = two_ways(), two_ways(**lesion(0.5))
    cohort = birth(half, [1, 2])
    training = Training(cohort, half)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    weight = dict(cohort.params)
    head = training.organism.run(weight, training.own, batch, draw, plan.wiring).rate["head"]
    weight["area/head/from/a1/weight"] = weight["area/head/from/a1/weight"] * 0.5
    torch.testing.assert_close(head, Organism(whole.organism).run(weight, training.own, batch, draw, OPEN).rate["head"])
    name = "params/area/a1/from/retina/weight"
    assert not torch.equal(state(birth(half, [1]), 1)[name], state(raised(half, [1], 2), 1)[name])


def pupil(cost: dict[str, Any], strength: float) -> RegimeSpec:
    """Two areas side by side: a cost at one of them whose target the other, a map of 3 x 3, has a part in."""
    organism = chain(9, 9)
    organism["pathways"] = [{"from": "retina", "to": name} for name in ("a1", "a2", "head")]
    stage = {"costs": {"copy": 1.0}}
    costs = {"copy": cost, "naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    harm = {"harm": {"onset": "0sp", "duration": "50ba", **lesion(strength)}}
    return one_stage(organism, costs=costs, stage=stage, deficits=harm, probes={}, clock={"batch": 20, "sweeps": 3})


COPY: dict[str, Any] = {"kind": "mse", "at": "a2"}
TAUGHT: dict[str, dict[str, Any]] = {
    "area": COPY | {"target": {"kind": "area", "area": "a1"}},
    "track": COPY | {"target": {"kind": "track", "area": "a1"}},
    "next": COPY | {"target": {"kind": "next", "area": "a1"}},
    "template": {"kind": "goal_match", "at": "a2", "target": {"kind": "template", "area": "a1"}, "eta": 0.5},
}


@pytest.mark.parametrize("kind", TAUGHT)
def test_who_is_taught_by_a_lesioned_area_hears_silence(kind: str) -> None:
    whole, half = pupil(TAUGHT[kind], 1.0), pupil(TAUGHT[kind], 0.5)
    other = birth(whole, [1])
    other.params["area/a1/from/retina/weight"].mul_(-3.0)
    training = Training(other, whole)
    for _ in range(3):
        training.update()
    changed = differing(state(other, 1), state(raised(whole, [1], 3), 1))
    assert changed == ["params/area/a1/from/retina/weight"]
    assert differing(state(raised(half, [1], 3), 1), state(raised(whole, [1], 3), 1))


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_target_is_what_a_lesion_leaves_of_it(strength: float) -> None:
    regime = pupil(TAUGHT["area"], strength)
    cohort = birth(regime, [1, 2])
    training = Training(cohort, regime)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    moment = training.organism.run(cohort.params, training.own, batch, draw, plan.wiring)
    apart = moment.rate["a2"] - (1.0 - strength) * moment.rate["a1"]
    torch.testing.assert_close(training.costs["copy"](moment), apart.square().mean(dim=(1, 2, 3)))


def test_no_error_comes_through_a_lesioned_area_and_its_cost_is_not_computed() -> None:
    organism = chain(7)
    harm = {"harm": {"transform": {"kind": "lesion", "areas": ["head"]}, "onset": "40sp", "duration": "40sp"}}
    stage = {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 2.0}}, "limit": "50ba"}
    regime = one_stage(organism, costs=NAMING, deficits=harm, stage=stage)
    cohort = birth(regime, [1])
    told, states = [], [[value.detach().clone() for value in cohort.params.values()]]
    for _ in range(6):
        told += train(cohort, regime, 1)
        states.append([value.detach().clone() for value in cohort.params.values()])
    moved = [not all(map(torch.equal, before, after)) for before, after in pairwise(states)]
    assert moved == [True, True, False, False, True, True]
    assert list(recorded(told, "cost.naming")) == [1, 2, 3, 4, 5, 6]
    values = [value for (value,) in recorded(told, "cost.naming").values()]
    assert [value is not None for value in values] == moved
    assert [weight for (weight,) in recorded(told, "weight.naming").values()] == [float(each) for each in moved]


NAMING = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
UNALIGNED = {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.5}}, "limit": "50ba"}


@pytest.mark.parametrize(
    "transform",
    [
        {"kind": "lesion", "areas": ["a1"]},
        {"kind": "reset_context", "areas": ["a1"], "every": 2},
        {"kind": "bias_error", "area": "a1", "bias": 3.0},
    ],
)
def test_harm_to_some_lives_leaves_the_others_what_they_are(transform: dict[str, Any]) -> None:
    organism = chain(7, 6)
    organism["areas"]["a1"] = {"kind": "recurrent", "size": 7}
    harm = {"harm": {"transform": transform, "onset": "0sp", "duration": "60sp"}}
    clock = {"batch": 20, "sweeps": 3}
    regime = one_stage(organism, costs=NAMING, deficits=harm, stage=UNALIGNED, clock=clock)
    healthy = one_stage(organism, costs=NAMING, stage=UNALIGNED, clock=clock)
    both, alone, spared = birth(regime, [0, 1]), birth(regime, [1]), birth(healthy, [0])
    both.age_N[0] = 100 * regime.batch
    for cohort, given in ((both, regime), (alone, regime), (spared, healthy)):
        training = Training(cohort, given)
        for _ in range(5):
            training.update()
    assert differing(state(both, 1), state(alone, 1)) == []
    well, old = state(spared, 0), state(both, 0)
    assert [name for name in well if name.startswith("params") and not torch.equal(well[name], old[name])] == []
    assert not torch.equal(
        state(both, 1)["params/area/head/bias"], state(raised(healthy, [1], 5), 1)["params/area/head/bias"]
    )


def body(cell: str, options: dict[str, Any]) -> Organism:
    area = {"kind": "recurrent", "size": 5, "cell": cell if cell in ("gru", "lstm") else "rnn", **options}
    document = {
        "senses": {"x": {"shape": [3]}},
        "areas": {"M": area, "head": {"kind": "linear", "size": 4, "act": "none"}},
        "pathways": [{"from": "x", "to": "M"}, {"from": "M", "to": "head"}],
    }
    return Organism(OrganismSpec.model_validate(document, strict=False))


def run(organism: Organism, weight: Any, x: torch.Tensor, wiring: Wiring) -> dict[str, torch.Tensor]:
    index = torch.zeros(x.shape[:2], dtype=torch.int64)
    draw = Draw(torch.arange(len(x)), index)
    return dict(organism.run(weight, {}, Batch({"x": x}, None, {}, index), draw, wiring).rate)


@pytest.mark.parametrize(("cell", "options"), RECURRENT.items(), ids=RECURRENT)
def test_a_whole_reset_makes_an_item_several_short_ones(cell: str, options: dict[str, Any]) -> None:
    organism = body(cell, options)
    weight = organism.init(Draw(torch.arange(2)))
    x = 3 * torch.randn(2, 4, 7, 3, generator=torch.Generator().manual_seed(0))
    reset = Wiring(contexts={"M": (Context(3, torch.tensor([0.0, 1.0])),)})
    rate = run(organism, weight, x, reset)["M"]
    parts = [run(organism, weight, part, OPEN)["M"] for part in x.split(3, dim=2)]
    torch.testing.assert_close(rate[0], torch.cat(parts, dim=2)[0])
    assert torch.equal(rate[1], run(organism, weight, x, OPEN)["M"][1])


def test_half_a_reset_halves_what_is_carried() -> None:
    organism = body("rnn", {})
    weight = organism.init(Draw(torch.arange(1)))
    x = torch.randn(1, 2, 2, 3, generator=torch.Generator().manual_seed(0))
    rate = run(organism, weight, x, Wiring(contexts={"M": (Context(1, torch.tensor([0.5])),)}))["M"]
    drive = x[:, :, 1] @ weight["area/M/from/x/weight"] + 0.5 * rate[:, :, 0] @ weight["area/M/recurrent/weight"]
    torch.testing.assert_close(rate[:, :, 1], torch.tanh(drive))


def test_no_error_goes_back_through_a_whole_reset() -> None:
    organism = body("rnn", {})
    weight = {name: value.requires_grad_() for name, value in organism.init(Draw(torch.arange(1))).items()}
    x = torch.randn(1, 2, 4, 3, generator=torch.Generator().manual_seed(0))
    rate = run(organism, weight, x, Wiring(contexts={"M": (Context(1, torch.tensor([0.0])),)}))["M"]
    (slope,) = torch.autograd.grad(rate.square().sum(), weight["area/M/recurrent/weight"])
    assert not slope.any()
