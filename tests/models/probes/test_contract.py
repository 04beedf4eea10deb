"""What every probe must do."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.probes import build_probe
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.probes import MEASURES, ProbeSpec, parts_of

OPTIONS: dict[str, dict[str, Any]] = {
    "accuracy": {"at": "head"},
    "loss": {"cost": "naming"},
    "weight_norm": {},
    "alignment": {"cost": "naming"},
    "effective_rank": {},
    "linear_readout": {"train": "school"},
    "fisher_trace": {"cost": "naming"},
    "cost_conflict": {"cost": "naming", "other": "quiet"},
    "mse": {"at": "head"},
    "average_precision": {"at": "head"},
    "angle_error": {"at": "gaze", "truth": "place"},
    "decode": {"train": "school", "truth": "place"},
    "fewshot": {"ways": 3},
    "memory_capacity": {"train": "school", "truth": "place", "delays": 1},
    "preference": {},
    "gridness": {"truth": "place", "bins": 8},
    "retrieval": {"at": "head", "to": "head"},
    "retinotopy": {"at": "V1", "sense": "retina", "grid": [5]},
    "next_frame": {"at": "retina", "sense": "retina"},
    "divergence": {"at": "head", "truth": "chances"},
    "activity": {},
    "dead_units": {},
    "sparseness": {},
    "spatial_information": {"truth": "event"},
    "delta_value": {},
    "orientation": {},
    "rf": {"sense": "retina"},
    "update_ratio": {},
    "rsa": {"to": "retina"},
    "cka": {"to": "retina"},
    "ocular_dominance": {"at": "V1", "left": "retina", "right": "retina"},
    "pathway_share": {"at": "V1", "source": "retina"},
    "return": {},
    "steps_ratio": {},
    "regret": {},
    "coverage": {},
    "traces": {"at": "V1", "source": "retina", "synapses": 2},
    "mode_strength": {"at": "head", "sense": "retina"},
}
IN_TIME = {"next_frame", "delta_value", "memory_capacity"}
OF_NUMBERS = {"mode_strength"}


def test_every_probe_is_under_this_contract() -> None:
    assert set(OPTIONS) == set(MEASURES)


def built(kind: str, **options: Any) -> Any:
    data = {"kind": kind, "world": "quiz", "every": "1ba"} | OPTIONS[kind] | options
    cost = CrossEntropySpec(kind="cross_entropy", at="head")
    return build_probe(TypeAdapter(ProbeSpec).validate_python(data), cost if "cost" in data else None)


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_probe_gives_finite_numbers_shaped_as_promised_and_changes_nothing(
    kind: str, toy_measure: Any, view: Any
) -> None:
    steps = 2 if kind in IN_TIME else 1
    toy = toy_measure([1, 2, 3], steps=steps, numbers=kind in OF_NUMBERS)
    toy.twist = 0.5
    before = {address: tensor.clone() for address, tensor in toy.params.items()}
    value = built(kind)(view(toy, train=toy_measure([1, 2, 3], items=60, steps=steps, first=100)))
    series = parts_of(built(kind).spec, ("V1", "head"))
    assert value.shape == ((3,) if series == ("",) else (3, len(series)))
    assert value.dtype == torch.float32
    assert bool(value.isfinite().all())
    assert not value.requires_grad
    assert all(torch.equal(toy.params[address], tensor) for address, tensor in before.items())


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_life_is_measured_alike_in_every_cohort(kind: str, toy_measure: Any, view: Any) -> None:
    def measured(seeds: list[int]) -> torch.Tensor:
        toy = toy_measure(seeds, items=33, steps=2, numbers=kind in OF_NUMBERS)
        toy.twist = 0.5
        return built(kind)(view(toy, train=toy_measure(seeds, items=60, steps=2, first=100)))

    together = measured([4, 5, 6, 7, 8])
    for slot in (0, 2, 4):
        assert torch.equal(measured([4 + slot])[0], together[slot])


@pytest.mark.parametrize("kind", [kind for kind in OPTIONS if MEASURES[kind].by_area])
def test_one_area_alone_is_measured_as_among_all(kind: str, toy_measure: Any, view: Any) -> None:
    seen = view(toy_measure([1, 2], steps=2), train=toy_measure([1, 2], items=60, steps=2, first=100))
    assert torch.equal(built(kind)(seen)[:, 1:], built(kind, at="head")(seen))
