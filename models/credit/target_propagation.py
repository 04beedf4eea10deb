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
                 drl: mean |g_l(v) - g_l(h_{l+1}) - sigma xi|^2 / (2 sigma^2), v what the noise makes of h_{L-1},
                 carried down to h_{l+1} as targets are. inverse_steps: so many steps of length own_rate, each with
                 other xi, are one
    Information: the presynaptic rate, the rate and the target of its own area; of no synapse above but by Q, c
    Shapes:      Q_l (N, U above, U), at first N(0, 1 / U above); c_l (N, 1, U), at first 0; targets like rates
    Units:       targets in units of rate; n items of the batch times steps
    Exactness:   the output and the area under it get the gradient; a target that is the rate moves nothing; where all
                 inverses are exact and areas linear it is the Gauss-Newton step
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Lee, Zhang, Fischer & Bengio (2015) ECML 498; drl: Meulemans et al. (2020) NeurIPS 33:20024, there from
                 the output itself and with weight decay; inverse_steps: Ernoult et al. (2022) ICML 162:5968
    """

    into_ends = True
    alone = False

    def __init__(self, spec: TargetPropagationSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact
        self._pairs = tuple(pairwise(circuit.areas[:-1]))
        """Each area that has an inverse, with the one above."""
        self._way = _Way(spec.step, spec.variant != "vanilla", tuple(circuit.act[area] for area, _ in self._pairs))

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
        """Where the inverses go, in all their steps."""
        own = {each: moment.own[each].detach() for area, _ in self._pairs for each in _addresses(area)}
        total: Params = {}
        for step in range(self._spec.inverse_steps):
            for each, down in self._rebuilding(own, moment, step).items():
                total[each] = total[each] + down if step else down
                own[each] = own[each] - (self._spec.own_rate or 0.0) * down
        return total

    def _rebuilding(self, own: Params, moment: Moment, step: int) -> Params:
        """Gradients of what each inverse misses of its area's noisy rate."""
        more: Params = {}
        scale = 0.5 / self._spec.sigma**2 if self._spec.variant == "drl" else 0.5
        for level, (area, above) in enumerate(self._pairs):
            addresses = _addresses(area)
            rate = moment.rate[area].detach()
            noise_at = f"{addresses[0]}/noise" + (f"/{step}" if step else "")
            blurred = rate + self._spec.sigma * moment.draw.at("rule", noise_at).normal(*rate.shape[2:])
            with torch.no_grad():
                seen = self._returned(level, blurred, own, moment)
            weight, bias = leaves = [own[each].detach().requires_grad_() for each in addresses]
            act = self._circuit.act[area]
            with torch.enable_grad():
                guess = _inverted(seen, weight, bias, act)
                if self._spec.variant == "drl":
                    guess = guess + rate - _inverted(moment.rate[above].detach(), weight, bias, act)
                cost_N = scale * (guess - blurred).square().sum(dim=3).mean(dim=(1, 2))
                found = torch.autograd.grad(cost_N.sum(), leaves)
            more |= dict(zip(addresses, found, strict=True))
        return more

    def _returned(self, level: int, blurred: Tensor, own: Params, moment: Moment) -> Tensor:
        """What the area above hears of a noisy rate; drl: what comes back to it of what the highest area hears."""
        areas = [*(area for area, _ in self._pairs), self._pairs[-1][1]]
        highest = len(self._pairs) if self._spec.variant == "drl" else level + 1
        seen = blurred
        for below, area in zip(areas[level:highest], areas[level + 1 : highest + 1], strict=True):
            seen = moment.apply(area, {**moment.inputs[area], below: seen})
        for k in reversed(range(level + 1, highest)):
            weight, bias = (own[each] for each in _addresses(areas[k]))
            usual = _inverted(moment.rate[areas[k + 1]], weight, bias, self._circuit.act[areas[k]])
            seen = _inverted(seen, weight, bias, self._circuit.act[areas[k]]) + moment.rate[areas[k]] - usual
        return seen


def _inverted(above: Tensor, weight: Tensor, bias: Tensor, act: Act) -> Tensor:
    """What an area would have to be for the one above to be this: (N, B, T, U above) -> (N, B, T, U)."""
    return act(torch.baddbmm(bias, above.flatten(1, 2), weight)).reshape(*above.shape[:3], -1)


def _addresses(area: str) -> tuple[str, str]:
    return f"rule/area/{area}/inverse/weight", f"rule/area/{area}/inverse/bias"
