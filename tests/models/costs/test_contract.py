"""What every cost must do."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.areas.activation import sigmoid
from models.costs import build_cost
from models.draw import Draw
from models.protocols import SampleCost
from models.specs.costs import MIN_BATCH, OF_WEIGHTS, CostSpec

SPECS: list[dict[str, Any]] = [
    {"kind": "cross_entropy"},
    {"kind": "cross_entropy", "target": {"kind": "area", "area": "V2"}},
    {"kind": "cross_entropy", "target": {"kind": "label", "shuffle": True}},
    {"kind": "mse"},
    {"kind": "mse", "target": {"kind": "area", "area": "V2", "shuffle": True}},
    {"kind": "autoencode"},
    {"kind": "autoencode", "code": 0.3, "target": {"kind": "label"}},
    {"kind": "denoise"},
    {"kind": "denoise", "by": "gauss", "corrupt": 0.4, "target": {"kind": "label", "name": "depth"}},
    {"kind": "activity"},
    {"kind": "slow_feature"},
    {"kind": "slow_feature", "order": 2, "decorrelate": 0.0},
    {"kind": "bce"},
    {"kind": "bce", "pos_weight": 3.0, "min_confidence": 0.9},
    {"kind": "hinge"},
    {"kind": "hinge", "target": {"kind": "area", "area": "V2"}},
    {"kind": "goal_match", "target": {"kind": "template", "area": "V2"}},
    {"kind": "mse", "target": {"kind": "template", "area": "V1"}},
    {"kind": "infonce"},
    {"kind": "infonce", "target": {"kind": "area", "area": "V2"}, "temperature": 0.5},
    {"kind": "clapp"},
    {"kind": "clapp", "target": {"kind": "area", "area": "V2"}},
    {"kind": "decorrelate"},
    {"kind": "vae", "sd": 0.5},
    {"kind": "predict_next"},
    {"kind": "predict_next", "target": {"kind": "next", "area": "V2", "horizon": 2}},
    {"kind": "predict_next", "error": "surprise"},
    {"kind": "mse", "target": {"kind": "next", "area": "V2"}},
    {"kind": "sparse_code", "sparsity": 0.3},
    {"kind": "temporal_contrast"},
    {"kind": "imax", "target": {"kind": "area", "area": "V2"}},
    {"kind": "cross_modal", "target": {"kind": "area", "area": "V2"}},
    {"kind": "effort"},
    {"kind": "l1"},
    {"kind": "l2"},
    {"kind": "wiring"},
]


def act_for(spec: dict[str, Any]) -> Any:
    """What V1 makes of its drive: probabilities where a cost compares such."""
    return sigmoid if spec["kind"] == "bce" else torch.tanh


def judged(toy_moment: Any, spec: dict[str, Any], seeds: list[int], batch: int, units: int) -> dict[str, torch.Tensor]:
    """Values and gradients of a cost on the toy organism."""
    cost = build_cost("judge", TypeAdapter(CostSpec).validate_python({"at": "V1"} | spec), ["retina"])
    shapes = {"V1": (units,), "V2": (units,), "retina": (13,), "world/label": (5,), "world/depth": (1,)}
    learned, state = cost.init(shapes, Draw(torch.tensor(seeds)))
    toy = toy_moment(seeds, batch=batch, units=units, own=learned, act=act_for(spec), state=state)
    value = cost(toy.moment)
    assert value.shape == (len(seeds),)
    assert bool(value.isfinite().all())
    gradients = torch.autograd.grad(value.sum(), list(toy.learned.values()))
    return {"value": value.detach()} | dict(zip(toy.learned, gradients, strict=True))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values()))[:40])
@pytest.mark.parametrize(("batch", "units"), [(33, 5), (16, 127)])
def test_a_life_is_judged_alike_in_every_cohort_and_slot(
    toy_moment: Any, spec: dict[str, Any], batch: int, units: int
) -> None:
    seeds = [3, 14, 15, 92, 65, 35, 89, 79]
    alone = [judged(toy_moment, spec, [seed], batch, units) for seed in seeds]
    for cohort in (seeds[:2], seeds[4:7], seeds[::-1]):
        together = judged(toy_moment, spec, cohort, batch, units)
        for slot, seed in enumerate(cohort):
            for name, tensor in alone[seeds.index(seed)].items():
                assert torch.equal(tensor[0], together[name][slot]), name


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values()))[:40])
def test_a_cost_without_statistics_over_the_batch_is_the_mean_over_its_samples(
    toy_moment: Any, spec: dict[str, Any]
) -> None:
    cost = build_cost("judge", TypeAdapter(CostSpec).validate_python({"at": "V1"} | spec), ["retina"])
    assert isinstance(cost, SampleCost) == (spec["kind"] not in {*MIN_BATCH, *OF_WEIGHTS})
    if isinstance(cost, SampleCost):
        shapes = {"V1": (5,), "V2": (5,), "retina": (13,), "world/label": (5,), "world/depth": (1,)}
        learned, state = cost.init(shapes, Draw(torch.tensor([3, 4])))
        moment = toy_moment([3, 4], act=act_for(spec), own=learned, state=state).moment
        assert cost.per_sample(moment).shape == (2, 33)
        torch.testing.assert_close(cost.per_sample(moment).mean(dim=1), cost(moment))


@pytest.mark.parametrize("kind", ["autoencode", "denoise", "activity", "slow_feature", "decorrelate", "wiring"])
def test_an_area_of_one_unit_is_judged_alike_in_every_cohort(toy_moment: Any, kind: str) -> None:
    together = judged(toy_moment, {"kind": kind}, [3, 14, 15], 33, 1)
    alone = judged(toy_moment, {"kind": kind}, [14], 33, 1)
    assert torch.equal(alone["value"][0], together["value"][1])
    decoder = "cost/judge/decoder/weight"
    assert decoder not in alone or torch.equal(alone[decoder][0], together[decoder][1])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values()))[:40])
def test_every_cost_teaches_what_it_depends_on(toy_moment: Any, spec: dict[str, Any]) -> None:
    assert all(bool((gradient != 0).any()) for gradient in judged(toy_moment, spec, [1, 2], 33, 5).values())


def test_the_decoder_of_a_life_depends_on_its_seed_and_the_cost_s_name_only() -> None:
    spec = TypeAdapter(CostSpec).validate_python({"kind": "autoencode", "at": "V1"})
    shapes = {"V1": (4, 2, 2), "retina": (1, 3, 3)}
    both, _ = build_cost("rebuild", spec, ["retina"]).init(shapes, Draw(torch.tensor([5, 6])))
    alone, _ = build_cost("rebuild", spec, ["retina"]).init(shapes, Draw(torch.tensor([6])))
    assert {address: tuple(tensor.shape) for address, tensor in both.items()} == {
        "cost/rebuild/decoder/weight": (2, 16, 9),
        "cost/rebuild/decoder/bias": (2, 1, 9),
    }
    assert torch.equal(both["cost/rebuild/decoder/weight"][1:], alone["cost/rebuild/decoder/weight"])
    assert both["cost/rebuild/decoder/weight"].abs().max() <= (3 / 16) ** 0.5
