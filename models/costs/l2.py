"""Every synapse costs the square of its strength."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.costs import synapses
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.wiring import L2Spec


@final
class L2:
    r"""Squared weights of an area's units.

    Formula:    J_n = 1/U * sum_{s,u} w_nsu^2,   s over all inputs of the area, its own units among them
    Shapes:     weights (N, S, U) or (N, out, in, kh, kw), one or more -> (N,)
    Units:      squared units of the weights, per unit
    Gradient:   the area's weights: 2 w / U; none for its biases, rates or inputs; per_sample: no
    Development: from birth; its weight may change with age, which weight_decay of an optimizer cannot
    Not to be confused with: weight_decay of an optimizer, which takes biases too and knows no stage
    Reference:  Hoerl & Kennard (1970) Technometrics 12:55
    """

    def __init__(self, spec: L2Spec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        sums = [weight.flatten(1).square().sum(dim=1) for _, weight in synapses.incoming(moment, self.spec.at)]
        return torch.stack(sums).sum(dim=0) / synapses.units(moment, self.spec.at)
