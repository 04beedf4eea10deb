"""Circuits under every rule, and what a rule asks for beside the gradient; for tests of credit rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from build import fitted
from pydantic import TypeAdapter
from raising import IMAGE, chain, one_stage
from torch import Tensor

from models.draw import Draw
from models.engine.cohort import Cohort, birth
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.protocols import Moment, Params
from models.specs.regime import RegimeSpec
from models.specs.worlds.linear import MixedSourcesSpec
from models.specs.worlds.sources import SourceSpec, facts
from models.worlds.mixed_sources import mixing

RULES: dict[str, dict[str, Any]] = {
    "backprop": {"kind": "backprop"},
    "feedback_alignment": {"kind": "feedback_alignment"},
    "sign_symmetry": {"kind": "sign_symmetry"},
    "sign_symmetry frsf": {"kind": "sign_symmetry", "variant": "frsf"},
    "sign_symmetry brsf": {"kind": "sign_symmetry", "variant": "brsf", "concordance": 0.8},
    "kolen_pollack": {"kind": "kolen_pollack"},
    "direct_feedback": {"kind": "direct_feedback"},
    "local_error": {"kind": "local_error"},
    "local_error similarity": {"kind": "local_error", "similarity": 0.9},
    "weight_mirror": {"kind": "weight_mirror"},
    "target_propagation": {"kind": "target_propagation"},
    "target_propagation vanilla": {"kind": "target_propagation", "variant": "vanilla", "own_rate": 0.02},
    "target_propagation drl": {"kind": "target_propagation", "variant": "drl", "own_rate": 0.02, "inverse_steps": 3},
    "predictive_coding": {"kind": "predictive_coding"},
    "predictive_coding incremental": {"kind": "predictive_coding", "variant": "incremental", "steps": 9},
    "predictive_coding fixed": {"kind": "predictive_coding", "variant": "fixed", "steps": 4, "rate": 0.5},
    "node_perturbation": {"kind": "node_perturbation"},
    "node_perturbation one-sided": {"kind": "node_perturbation", "draws": 3, "antithetic": False},
    "weight_perturbation": {"kind": "weight_perturbation", "draws": 2},
    "forward_gradient": {"kind": "forward_gradient", "draws": 2},
    "forward_gradient weight": {"kind": "forward_gradient", "at": "weight"},
    "direct_random_target": {"kind": "direct_random_target"},
    "forward_forward": {"kind": "forward_forward"},
    "forward_forward uniform": {"kind": "forward_forward", "negatives": "uniform", "goodness": "sum", "threshold": 9.0},
    "attention_gated": {"kind": "attention_gated"},
    "attention_gated linear": {"kind": "attention_gated", "expansive": False},
    "reward_modulated": {"kind": "reward_modulated"},
    "reward_modulated running": {"kind": "reward_modulated", "baseline": "running"},
    "bptt": {"kind": "bptt", "window": 2},
    "surrogate_gradient": {"kind": "surrogate_gradient"},
    "eprop": {"kind": "eprop"},
    "eprop random": {"kind": "eprop", "feedback": "random"},
    "rflo": {"kind": "rflo"},
    "hebb": {"kind": "hebb"},
    "hebb decay": {"kind": "hebb", "norm": "decay", "sign": -1},
    "hebb none": {"kind": "hebb", "norm": "none"},
    "oja": {"kind": "oja"},
    "sanger": {"kind": "sanger"},
    "softhebb": {"kind": "softhebb"},
    "bcm": {"kind": "bcm", "tau": 20.0},
    "kohonen": {"kind": "kohonen", "grid": [2, 5], "over": 3},
    "competitive": {"kind": "competitive"},
    "competitive k_wta": {"kind": "competitive", "variant": "k_wta", "k": 3},
    "softhebb plain": {"kind": "softhebb", "rate_rule": "plain", "temperature": 2.0},
    "equilibrium_propagation": {"kind": "equilibrium_propagation"},
    "equilibrium_propagation positive": {"kind": "equilibrium_propagation", "nudge": "positive", "damp": 0.2},
    "equilibrium_propagation random_sign": {"kind": "equilibrium_propagation", "nudge": "random_sign", "beta": 0.1},
    "equilibrium_propagation recomputed": {"kind": "equilibrium_propagation", "force": "recomputed"},
    "burst": {"kind": "burst"},
    "temporal_derivative": {"kind": "temporal_derivative"},
    "temporal_derivative positive": {"kind": "temporal_derivative", "nudge": "positive", "damp": 0.3},
    "contrastive_hebbian": {"kind": "contrastive_hebbian"},
    "generec": {"kind": "generec", "gamma": 0.5},
    "generec midpoint": {"kind": "generec", "midpoint": True},
    "predictive_coding error": {"kind": "predictive_coding", "variant": "error", "steps": 5},
}
"""Every kind that learns, with its variants."""

SMALL = ("a1", "a2", "a3", "head")

CONV: dict[str, Any] = {
    "senses": IMAGE,
    "areas": {
        "a1": {"kind": "conv", "channels": 3, "act": "tanh"},
        "a2": {"kind": "conv", "channels": 5, "stride": 2, "act": "tanh"},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    },
    "pathways": [{"from": "retina", "to": "a1"}, {"from": "a1", "to": "a2"}, {"from": "a2", "to": "head"}],
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
}


def taught(rule: dict[str, Any], organism: dict[str, Any] | None = None, areas: Sequence[str] = ()) -> dict[str, Any]:
    """An organism whose areas, or some of them, are a circuit; three hidden areas of odd sizes if none is given."""
    organism = organism or chain(21, 19, 17)
    areas = list(areas) or list(organism["areas"])
    slow = {"optimizer": {"kind": "sgd", "lr": 0.001}} if rule["kind"] == "bcm" else {}
    return fitted(organism, areas, rule["kind"]) | {"credit": [{"areas": areas, "rule": rule} | slow]}


def lone(
    rule: dict[str, Any], units: int, source: dict[str, Any], lr: float, *, batch: int = 50, **area: Any
) -> RegimeSpec:
    """A regime in which a single area a1 learns from a world without a cost, by plain sgd, ever more slowly."""
    (channel, shape), *_ = facts(TypeAdapter(SourceSpec).validate_python(source)).channels.items()
    organism = {
        "senses": {"retina": {"shape": list(shape), "channel": channel}},
        "areas": {"a1": {"kind": "linear", "size": units, "act": "none", "bias": False} | area},
        "pathways": [{"from": "retina", "to": "a1"}],
        "credit": [{"areas": ["a1"], "rule": rule}],
        "optimizer": {"kind": "sgd", "lr": lr},
    }
    worlds = {"school": {"source": source}}
    stage = {"costs": {}, "plasticity": {"*": {"kind": "decay", "half_life": "300ba"}}}
    return one_stage(organism, costs={}, worlds=worlds, probes={}, stage=stage, clock={"batch": batch})


def directions(source: dict[str, Any]) -> Tensor:
    """Principal directions of mixed sources as columns, the one with the largest variance first."""
    mixes = mixing(MixedSourcesSpec.model_validate(source)).double()
    return torch.linalg.eigh(mixes @ mixes.mT).eigenvectors.flip(1)


def asked(regime: RegimeSpec, cohort: Cohort, items: int = 64) -> tuple[Params, Params]:
    """What the rule asks of every parameter on some items, and the gradient."""
    lives = list(range(len(cohort.seeds)))
    body = Organism(regime.organism)
    shown = Items(
        Stream(regime.world, regime.organism.senses, {}, regime.sweeps), items, portion_of(cohort, lives), body
    )
    exam = Exam(shown, {name: each.cost for name, each in regime.costs.items()})
    return exam.gradients("naming", by_rule=True), exam.gradients("naming", by_rule=False)


def shown_to(regime: RegimeSpec, cohort: Cohort, items: int = 64) -> Moment:
    """A pass over the same items as those of `asked`."""
    body = Organism(regime.organism)
    portion = portion_of(cohort, list(range(len(cohort.seeds))))
    return Items(Stream(regime.world, regime.organism.senses, {}, regime.sweeps), items, portion, body).moment()


@dataclass(frozen=True)
class Hand:
    """A chain of tanh areas under a head, written out: W and b of each, rates from the retina up, labels one of K."""

    W: list[Tensor]
    b: list[Tensor]
    h: list[Tensor]
    y: Tensor
    draw: Draw
    """Of the items; a rule addresses it by its own names."""

    @property
    def e(self) -> Tensor:
        """Error at the head, item by item."""
        return self.h[-1].softmax(-1) - self.y

    def weights(self, errors: Sequence[Tensor], pre: Sequence[Tensor] | None = None) -> list[Tensor]:
        """Directions of the weights from the errors at the drives of all areas."""
        return [x.mT @ d / x.shape[1] for x, d in zip(pre or self.h, errors, strict=False)]


def hand(regime: RegimeSpec, cohort: Cohort, items: int = 64) -> Hand:
    """The same items as `asked` shows."""
    names = list(regime.organism.areas)
    moment = shown_to(regime, cohort, items)
    assert moment.batch.label is not None
    order = ["retina", *names]
    W = [cohort.params[weight(above, below)].detach() for below, above in pairwise(order)]
    b = [cohort.params[f"area/{name}/bias"].detach() for name in names]
    h = [moment.rate[name].detach().flatten(3).flatten(1, 2) for name in order]
    return Hand(
        W, b, h, torch.nn.functional.one_hot(moment.batch.label.flatten(1), h[-1].shape[2]).float(), moment.draw
    )


def agree(
    asks: Params, wanted: Sequence[Tensor], order: Sequence[str] = ("retina", *SMALL), tolerance: float = 1e-4
) -> None:
    """Whether the weights of a chain are asked what is wanted."""
    for (below, above), each in zip(pairwise(order), wanted, strict=True):
        torch.testing.assert_close(asks[weight(above, below)], each, rtol=tolerance, atol=tolerance / 100)


def newborn(organism: dict[str, Any], seeds: Sequence[int] = (0, 1, 2), **changes: Any) -> tuple[RegimeSpec, Cohort]:
    """A regime of one stage, and lives of age 0."""
    regime = one_stage(organism, **changes)
    return regime, birth(regime, list(seeds))


def angle(left: Tensor, right: Tensor) -> Tensor:
    """Degrees (N,) between two tensors, life by life."""
    cosine = torch.nn.functional.cosine_similarity(left.flatten(1).double(), right.flatten(1).double(), dim=1)
    return torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))


def weight(area: str, source: str) -> str:
    """Address of a pathway's weight."""
    return f"area/{area}/from/{source}/weight"
