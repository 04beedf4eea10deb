"""An area that recognises what it could have dreamt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import decoder, target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import WakeSleepSpec


@final
class WakeSleep:
    r"""Wake: surprise about what is seen, given causes that were recognised; sleep: about causes, given their dreams.

    Formula:    s(z) = 1 / (1 + e^-z);   q(h|x) = s(x W + b), W and b the area's;   p(h) = s(a),   p(x|h) = s(h V + c)
                wake:   h ~ q(h|x), held fixed;   J = - log p(h) - log p(x|h)
                sleep:  h' ~ p(h), x' ~ p(x|h'), held fixed;   J' = - log q(h'|x')
                J_n = mean_{b,t} [ J + sleep J' ], each a sum over units or values, 0 or 1
    Shapes:     target (N, B, T, D) in [0, 1], W (N, D, U), b (N, 1, U); of the cost V (N, U, D), c (N, 1, D), a
                (N, 1, U) -> (N,)
    Units:      nats; J less the entropy of q bounds - log p(x) from above
    Gradient:   wake: a, V and c, delta rules on what is seen; sleep: W and b, a delta rule on what is dreamt; none for
                the target or what was drawn; per_sample: yes
    Development: recognition and generation in alternating phases; here both in every update
    Not to be confused with: vae, which learns recognition on what is seen, by errors through the decoder; rbm, whose
                weights serve both ways
    Reference:  Hinton, Dayan, Frey & Neal (1995) Science 268:1158; there a chain of areas, here one
    """

    def __init__(self, name: str, spec: WakeSleepSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The decoder, and the odds of causes: even."""
        units = torch.Size(shapes[self.spec.at]).numel()
        width = target.width(self.spec.target, self._sense, shapes)
        even = torch.zeros(draw.seeds_N.shape[0], 1, units)
        return decoder.born(self.name, units, width, draw) | {self._address: even}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        seen = target.read(self.spec.target, self.name, self._sense, moment)
        value_NM = self.wake(seen.flatten(1, 2), moment)
        if self.spec.sleep:
            value_NM = value_NM + self.spec.sleep * self.sleep(moment)
        return value_NM.reshape(seen.shape[:3]).mean(dim=2)

    def wake(self, seen_NMD: Tensor, moment: Moment) -> Tensor:
        """Surprise (N, M) about what is seen and its causes."""
        with torch.no_grad():
            cause_NMU = _drawn(self._recognised(seen_NMD, moment), moment.draw.at("wake", self.name))
        return self._unlikely(seen_NMD, cause_NMU, moment)

    def sleep(self, moment: Moment) -> Tensor:
        """Surprise (N, M) about causes of dreams, as many as items and steps."""
        cause_NMU, dream_NMD = self.dreamt(moment)
        return _surprise(self._recognised(dream_NMD, moment), cause_NMU)

    @torch.no_grad()
    def dreamt(self, moment: Moment) -> tuple[Tensor, Tensor]:
        """Causes (N, M, U) and what they look like (N, M, D)."""
        draw, steps = moment.draw.at("sleep", self.name), moment.rate[self.spec.at].shape[2]
        items = moment.rate[self.spec.at].shape[1]
        odds_NMU = moment.own[self._address].expand(-1, items * steps, -1)
        cause_NMU = _drawn(odds_NMU, draw.at("cause"))
        return cause_NMU, _drawn(self._imagined(cause_NMU, moment), draw.at("seen"))

    def bound(self, moment: Moment) -> Tensor:
        """What - log p(x) is at most, in nats (N,): of one draw of causes for each item."""
        seen_NMD = target.read(self.spec.target, self.name, self._sense, moment).flatten(1, 2)
        odds_NMU = self._recognised(seen_NMD, moment)
        cause_NMU = _drawn(odds_NMU, moment.draw.at("wake", self.name))
        return (self._unlikely(seen_NMD, cause_NMU, moment) - _surprise(odds_NMU, cause_NMU)).mean(dim=1)

    @property
    def _address(self) -> str:
        return f"cost/{self.name}/causes"

    def _unlikely(self, seen_NMD: Tensor, cause_NMU: Tensor, moment: Moment) -> Tensor:
        """-log p of causes and what is seen, (N, M)."""
        imagined = _surprise(self._imagined(cause_NMU, moment), seen_NMD)
        return _surprise(moment.own[self._address], cause_NMU) + imagined

    def _imagined(self, cause_NMU: Tensor, moment: Moment) -> Tensor:
        """Log odds (N, M, D) of what causes look like."""
        weight, bias = (moment.own[address] for address in decoder.addresses(self.name))
        return decoder.product(cause_NMU, weight) + bias

    def _recognised(self, seen_NMD: Tensor, moment: Moment) -> Tensor:
        """Log odds (N, M, U) of the causes of what is seen."""
        area = f"area/{self.spec.at}"
        (weight,) = (each for name, each in moment.weight.items() if name.startswith(f"{area}/from/"))
        return decoder.product(seen_NMD, weight) + moment.weight[f"{area}/bias"]


def _surprise(odds_NMX: Tensor, value_NMX: Tensor) -> Tensor:
    """-log of the probability (N, M) of values in [0, 1] with these log odds; its bits do not depend on the place."""
    spread = odds_NMX.clamp(min=0.0) + torch.log1p(torch.exp(-odds_NMX.abs()))
    return (spread - odds_NMX * value_NMX).sum(dim=2)


def _drawn(odds_NMX: Tensor, draw: Draw) -> Tensor:
    """0 or 1 with these log odds."""
    probability = 0.5 * torch.tanh(0.5 * odds_NMX) + 0.5
    items = draw.index_NB.shape[1] if draw.index_NB is not None else 1
    steps, width = odds_NMX.shape[1] // items, odds_NMX.shape[2]
    return (draw.uniform(steps, width).flatten(1, 2) < probability).to(odds_NMX.dtype)
