"""Small circuits that come to rest, in double precision and written out; for tests of the rules of two phases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from models.areas.activation import FORMS
from models.credit.backprop import Exact
from models.crediting import Circuit, Settles
from models.draw import Draw
from models.protocols import Batch, Moment, Params, Pass

Rates = dict[str, Tensor]

LIVES, ITEMS = 3, 5
EXACT = Exact()


def circuit(*sizes: int, act: Any = "sigmoid4", skip: tuple[tuple[str, str], ...] = ()) -> Circuit:
    """A chain s -> a1 -> a2 ... of these sizes, s a sense; `skip` adds pathways."""
    names = [f"a{k}" for k in range(len(sizes))]
    sources = {area: (below, *(low for low, high in skip if high == area)) for below, area in pairwise(names)}
    areas = tuple(names[1:])
    below = {area: areas[:place] for place, area in enumerate(areas)}
    units = {name: (size,) for name, size in zip(names, sizes, strict=True)}
    return Circuit(areas, below, sources, areas[-1:], units, dict.fromkeys(areas, FORMS[act]), {})


@dataclass(frozen=True)
class Rest:
    """Weights, what is shown, what is wanted at the output, and a judge of that."""

    circuit: Circuit
    weight: Params
    shown: Tensor
    """(N, B, 1, S)."""
    wanted: Tensor
    """(N, B, 1, U)."""

    def __call__(self, moment: Moment) -> Tensor:
        """Half the squared distance of the output from what is wanted, a mean over items."""
        return 0.5 * (moment.rate[self.circuit.areas[-1]] - self.wanted).square().sum(dim=3).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """The same item by item."""
        return 0.5 * (moment.rate[self.circuit.areas[-1]] - self.wanted).square().sum(dim=3).mean(dim=2)

    def target(self, moment: Moment) -> Tensor:
        """What is wanted at the output; classes where the moment has labels."""
        return self.wanted if moment.batch.label is None else moment.batch.label

    def inputs(self) -> dict[str, dict[str, Tensor]]:
        """What arrives from outside."""
        return {area: {"a0": self.shown} if "a0" in given else {} for area, given in self.circuit.sources.items()}

    def moment(self, rule: Settles, weight: Params | None = None, number: int = 0) -> Moment:
        """The circuit at rest under a rule."""
        weight = weight or self.weight
        index = torch.arange(self.shown.shape[1]).expand(len(self.shown), -1) + 1000 * number
        draw = Draw(torch.arange(len(self.shown)), index)
        rate = {**rule.settle(self.inputs(), Pass(weight, EXACT, {}), draw), "a0": self.shown}
        batch = Batch({"a0": self.shown}, None, {}, index)
        inside = {area: {source: rate[source] for source in given} for area, given in self.circuit.sources.items()}
        return Moment(batch, rate, weight, {}, draw, inside, lambda area, given: rate[area])

    def relaxed(self, weight: Params, steps: int, start: Rates | None = None, **by: Any) -> Rates:
        """Activity (N, B, U) after some steps, by hand: of `push`, `back` and `held` as the rules have them."""
        areas, sources = self.circuit.areas, self.circuit.sources
        push: Callable[[Rates], Mapping[str, Tensor]] = by.get("push", lambda s: {})
        held: Rates = by.get("held", {})
        s = start or {area: self.shown.new_zeros(*self.shown.shape[:2], *self.circuit.units[area]) for area in areas}
        for _ in range(steps):
            known = {**s, **held, "a0": self.shown[:, :, 0]}
            new = {}
            for area in areas:
                u = weight[f"area/{area}/bias"] + sum(
                    known[source] @ weight[f"area/{area}/from/{source}/weight"] for source in sources[area]
                )
                for above in areas:
                    if area in sources[above]:
                        u = u + by.get("back", 1.0) * known[above] @ weight[f"area/{above}/from/{area}/weight"].mT
                new[area] = self.circuit.act[area](u + push(known).get(area, 0.0))
            s = {**new, **held}
        return s

    def potential(self, weight: Params, s: Rates) -> Tensor:
        """Sum over areas of s_a . (b_a + what comes from below), a mean over items: its derivatives are products."""
        known = {**s, "a0": self.shown[:, :, 0]}
        total: Any = 0.0
        for area, given in self.circuit.sources.items():
            below = sum(known[source] @ weight[f"area/{area}/from/{source}/weight"] for source in given)
            total = total + (s[area] * (weight[f"area/{area}/bias"] + below)).sum(dim=2).mean(dim=1)
        return total


def rest(*sizes: int, seed: int = 0, gain: float = 0.5, **changes: Any) -> Rest:
    """A circuit with drawn weights, inputs and wishes, all float64."""
    shape = circuit(*sizes, **changes)
    generator = torch.Generator().manual_seed(seed)
    weight: Params = {}
    for area, given in shape.sources.items():
        fan_in = sum(shape.units[source][0] for source in given)
        for source in given:
            drawn = torch.randn(LIVES, shape.units[source][0], shape.units[area][0], generator=generator)
            weight[f"area/{area}/from/{source}/weight"] = drawn.double() * (gain * fan_in**-0.5)
        weight[f"area/{area}/bias"] = 0.1 * torch.randn(LIVES, 1, shape.units[area][0], generator=generator).double()
    shown, wanted = (torch.rand(LIVES, ITEMS, 1, size, generator=generator).double() for size in (sizes[0], sizes[-1]))
    return Rest(shape, weight, shown, wanted)


def leaves(weight: Params) -> Params:
    """Copies that take gradients."""
    return {name: value.detach().clone().requires_grad_() for name, value in weight.items()}


def gradient(total: Tensor, weight: Params) -> Params:
    """Of a sum over lives."""
    return dict(zip(weight, torch.autograd.grad(total.sum(), list(weight.values())), strict=True))


def at_free_state(at_rest: Rest, steps: int = 120) -> Params:
    """The gradient of what is judged at the free state, through many steps."""
    weight = leaves(at_rest.weight)
    output = at_rest.relaxed(weight, steps)[at_rest.circuit.areas[-1]]
    value = 0.5 * (output - at_rest.wanted[:, :, 0]).square().sum(dim=2).mean(dim=1)
    return gradient(value, weight)


def asked_at_rest(rule: Any, at_rest: Rest, number: int = 0) -> Params:
    """What a rule asks of all parameters."""
    weight = leaves(at_rest.weight)
    moment = at_rest.moment(rule, weight, number)
    return gradient(rule.aim(at_rest, torch.ones(len(at_rest.shown)).double(), moment), weight)


def apart(left: Params, right: Params) -> float:
    """1 - cosine of what belongs to a weight, the largest of all weights and lives."""
    cosines = [
        torch.nn.functional.cosine_similarity(left[name].flatten(1), right[name].flatten(1), dim=1)
        for name in left
        if name.endswith("/weight")
    ]
    return float((1 - torch.stack(cosines)).max())


def labelled(moment: Moment, label: Tensor) -> Moment:
    """The moment with labels (N, B, T)."""
    return replace(moment, batch=replace(moment.batch, label=label))
