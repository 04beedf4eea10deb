"""An area whose units, run backwards, dream of what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import decoder, target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import RbmSpec


@final
class Rbm:
    r"""Contrastive divergence: free energy of what is seen, less that of what the area dreams after a few steps.

    Formula:    F(v) = - a.v - sum_u log(1 + e^{(v W + b)_u}),   W and b the area's weights and biases
                v_0 the target; h ~ 1/(1 + e^-(v W + b)), v ~ 1/(1 + e^-(h W' + a)), each 0 or 1, `steps` times: v_k
                J_n = mean_{b,t} [ F(v_0) - F(v_k) ],   v_k held fixed
    Shapes:     target (N, B, T, D) in [0, 1], W (N, D, U), b (N, 1, U), a (N, 1, D) of the cost -> (N,)
    Units:      nats; no likelihood: near 0 where dreams are as good as what is seen, whatever both are worth
    Gradient:   W, b and a: < v h >_model - < v h >_data; none for the target or the dream; per_sample: yes
    Development: sensory cortex; what is seen is the phase of waking, what is dreamt that of sleep
    Not to be confused with: autoencode, which rebuilds this item; here all that might be seen is made likely
    Reference:  Hinton (2002) Neural Computation 14:1771; free energy: Freund & Haussler (1991)
    """

    def __init__(self, name: str, spec: RbmSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The biases of what is seen: 0."""
        width = target.width(self.spec.target, self._sense, shapes)
        return {self._address: torch.zeros(draw.seeds_N.shape[0], 1, width)}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        seen = target.read(self.spec.target, self.name, self._sense, moment)
        data_NMD = seen.flatten(1, 2)
        apart = self.energy(data_NMD, moment) - self.energy(self.dreamt(data_NMD, moment), moment)
        return apart.reshape(seen.shape[:3]).mean(dim=2)

    def energy(self, seen_NMD: Tensor, moment: Moment) -> Tensor:
        """Free energy (N, M) of what is seen."""
        weight, bias = self._weights(moment)
        drive = decoder.product(seen_NMD, weight) + bias
        # log(1 + e^x) of forms whose bits do not depend on the place
        spread = drive.clamp(min=0.0) + torch.log1p(torch.exp(-drive.abs()))
        return -(seen_NMD * moment.own[self._address]).sum(dim=2) - spread.sum(dim=2)

    @torch.no_grad()
    def dreamt(self, seen_NMD: Tensor, moment: Moment) -> Tensor:
        """What comes of what is seen after some steps down and up."""
        (weight, bias), visible = self._weights(moment), moment.own[self._address]
        for step in range(self.spec.steps):
            draw = moment.draw.at("dream", f"{self.name} {step}")
            hidden = self._drawn(decoder.product(seen_NMD, weight) + bias, draw.at("hidden"))
            seen_NMD = self._drawn(decoder.product(hidden, weight.mT) + visible, draw.at("seen"))
        return seen_NMD

    @property
    def _address(self) -> str:
        return f"cost/{self.name}/visible"

    def _weights(self, moment: Moment) -> tuple[Tensor, Tensor]:
        area = f"area/{self.spec.at}"
        (weight,) = (each for name, each in moment.weight.items() if name.startswith(f"{area}/from/"))
        return weight, moment.weight[f"{area}/bias"]

    def _drawn(self, odds_NMX: Tensor, draw: Draw) -> Tensor:
        """0 or 1 with these log odds."""
        probability = 0.5 * torch.tanh(0.5 * odds_NMX) + 0.5
        items = draw.index_NB.shape[1] if draw.index_NB is not None else 1
        steps, width = odds_NMX.shape[1] // items, odds_NMX.shape[2]
        return (draw.uniform(steps, width).flatten(1, 2) < probability).to(odds_NMX.dtype)
