"""Areas learn towards targets that learned inverses carry down."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.targets import TargetPropagationSpec

Act = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class _Way:
    """How targets go down."""

    step: float
    difference: bool
    act: tuple[Act, ...]
    """Of each area below the one that has the first target, from the lowest."""


class _Targets(torch.autograd.Function):
    """The rate of the area under the output as it is; backward its error, and to areas below what their targets ask."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, way: _Way, *rest: Tensor) -> Tensor:
        ctx.save_for_backward(rate, *rest)
        ctx.way = way
        return rate.view_as(rate)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        way, count = ctx.way, len(ctx.way.act)
        rate, *rest = ctx.saved_tensors
        below, inverse, bias = rest[:count], rest[count : 2 * count], rest[2 * count :]
        scale = way.step * g.shape[1] * g.shape[2]
        above = rate
        target = rate - scale * g
        down: list[Tensor] = []
        for k in reversed(range(count)):
            reached = _inverted(target, inverse[k], bias[k], way.act[k])
            if way.difference:
                reached = below[k] + (reached - _inverted(above, inverse[k], bias[k], way.act[k]))
            target, above = reached, below[k]
            down.insert(0, (above - target) / scale)
        return g, None, *down, *[None] * (2 * count)


@final
class TargetPropagation:
    """Each area below the output descends its distance from a target, which inverses carry down area by area.

    Update:      t_{L-1} = h - step * n dJ/dh; t_l = h_l + g_l(t_{l+1}) - g_l(h_{l+1}), vanilla: t_l = g_l(t_{l+1});
                 dW_l descends mean |h_l - t_l|^2 / (2 step); the inverse g_l(v) = f_l(v Q_l + c_l) descends
                 mean |g_l(h_{l+1}(h_l + sigma xi)) - (h_l + sigma xi)|^2 / 2, xi ~ N(0, 1)
    Information: the presynaptic rate, the rate and the target of its own area; of no synapse above but by Q, c
    Shapes:      Q_l (N, U above, U), at first N(0, 1 / U above); c_l (N, 1, U), at first 0; targets like rates
    Units:       targets in units of rate; n items of the batch times steps
    Exactness:   the output and the area under it get the gradient; a target that is the rate moves nothing; where all
                 inverses are exact and areas linear it is the Gauss-Newton step
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Lee, Zhang, Fischer & Bengio (2015) ECML 498; Meulemans et al. (2020) NeurIPS 33:20024
    """

    into_ends = True
    alone = False

    def __init__(self, spec: TargetPropagationSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact
        self._pairs = tuple(pairwise(circuit.areas[:-1]))
        """Each area that has an inverse, with the one above."""
        self._way = _Way(spec.step, spec.variant == "difference", tuple(circuit.act[area] for area, _ in self._pairs))

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The inverses; they learn."""
        learned: Params = {}
        for area, above in self._pairs:
            units, wide = (math.prod(self._circuit.units[each]) for each in (area, above))
            weight, bias = _addresses(area)
            learned[weight] = draw.at("rule", weight).normal(wide, units) / math.sqrt(wide)
            learned[bias] = torch.zeros(draw.seeds_N.shape[0], 1, units)
        return learned, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def join(self, area: str, rate: Mapping[str, Tensor], own: Params) -> Tensor:
        """The rate of the area under the output, from which targets go down."""
        if not self._pairs or area != self._pairs[-1][1]:
            return rate[area]
        inverses = [tuple(own[each].detach() for each in _addresses(below)) for below, _ in self._pairs]
        below = (rate[each] for each, _ in self._pairs)
        weights, biases = zip(*inverses, strict=True)
        return _Targets.apply(rate[area], self._way, *below, *weights, *biases)  # type: ignore[no-any-return, no-untyped-call]

    def teaches(self, address: str) -> bool:
        """Everything."""
        return True

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Where the inverses go."""
        more: Params = {}
        for area, above in self._pairs:
            addresses = _addresses(area)
            rate = moment.rate[area].detach()
            noise = moment.draw.at("rule", f"{addresses[0]}/noise").normal(*rate.shape[2:])
            blurred = rate + self._spec.sigma * noise
            with torch.no_grad():
                seen = moment.apply(above, {**moment.inputs[above], area: blurred})
            leaves = [moment.own[each].detach().requires_grad_() for each in addresses]
            with torch.enable_grad():
                weight, bias = leaves
                miss = _inverted(seen, weight, bias, self._circuit.act[area]) - blurred
                cost_N = 0.5 * miss.square().sum(dim=3).mean(dim=(1, 2))
                more |= dict(zip(addresses, torch.autograd.grad(cost_N.sum(), leaves), strict=True))
        return more


def _inverted(above: Tensor, weight: Tensor, bias: Tensor, act: Act) -> Tensor:
    """What an area would have to be for the one above to be this: (N, B, T, U above) -> (N, B, T, U)."""
    return act(torch.baddbmm(bias, above.flatten(1, 2), weight)).reshape(*above.shape[:3], -1)


def _addresses(area: str) -> tuple[str, str]:
    return f"rule/area/{area}/inverse/weight", f"rule/area/{area}/inverse/bias"
