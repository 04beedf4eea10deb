"""One area learns to tell what is imagined from what is real, another to imagine what is taken for real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params, Variation
from models.specs.costs.statistics import AdversarialSpec


@final
class Adversarial:
    r"""Two costs against each other: a judge of what is real, and a forger who is judged.

    Formula:    D = 1 / (1 + e^-d), d the mean rate of the judge's units; G what the forger imagines in the place of a
                sense, over which the organism is run once more
                judge:   J_n = - mean_{b,t} [ log D(x) + log(1 - D(G)) ],   G held fixed
                forger:  J_n = - mean_{b,t} log D(G),   the judge held fixed
    Shapes:     rates of judge (N, B, T, *) and forger (N, B, T, D), D as many as the sense has -> (N,)
    Units:      nats; where nothing tells the two apart the judge has 2 log 2, the forger log 2
    Gradient:   judge: the rates of `at` in both runs; forger: its rates, through the judge by the true slopes whatever
                the judge's rule; none for the other side; per_sample: yes
    Development: imagery that perception has learned to judge; the judge first, or both from the beginning
    Not to be confused with: autoencode, which asks for this item again; here any will do that might have been
    Reference:  Goodfellow et al. (2014) NeurIPS, with the forger's cost that does not fade (section 3 there)
    """

    def __init__(self, spec: AdversarialSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        spec, held = self.spec, {address: weight.detach() for address, weight in moment.weight.items()}
        if spec.role == "forger":
            looked = moment.again(Variation(weight=held, senses=self._imagined(moment, spec.at), exact=True))
            return _surprise(_said(looked, spec.other)).mean(dim=2)
        senses = {name: each.detach() for name, each in self._imagined(moment, spec.other).items()}
        looked = moment.again(Variation(senses=senses))
        return (_surprise(_said(moment, spec.at)) + _surprise(-_said(looked, spec.at))).mean(dim=2)

    def _imagined(self, moment: Moment, forger: str) -> dict[str, Tensor]:
        """What the forger puts in the place of the sense."""
        like = moment.batch.senses[self.spec.sense]
        return {self.spec.sense: moment.said(forger).reshape(like.shape)}


def _said(moment: Moment, judge: str) -> Tensor:
    """How real the judge finds each step (N, B, T), as logarithm of the odds."""
    return moment.said(judge).flatten(3).mean(dim=3)


def _surprise(odds: Tensor) -> Tensor:
    """-log of the probability with these log odds: log(1 + e^-odds), of forms whose bits do not depend on the place."""
    return (-odds).clamp(min=0.0) + torch.log1p(torch.exp(-odds.abs()))
