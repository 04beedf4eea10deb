"""Every synapse costs its strength."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.costs import synapses
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.wiring import L1Spec


@final
class L1:
    r"""Absolute weights of an area's units: the weakest synapses go to 0 and stay there.

    Formula:    J_n = 1/U * sum_{s,u} |w_nsu|,   s over all inputs of the area, its own units among them
    Shapes:     weights (N, S, U) or (N, out, in, kh, kw), one or more -> (N,)
    Units:      that of the weights, per unit
    Gradient:   the area's weights: sign(w) / U, 0 at w = 0; none for its biases, rates or inputs; per_sample: no
    Development: from birth; synapses are pruned where it outweighs what they explain
    Not to be confused with: sparse_code, whose L1 is of activity; weight_decay of an optimizer, which shrinks all alike
    Reference:  Tibshirani (1996) J. R. Stat. Soc. B 58:267
    """

    def __init__(self, spec: L1Spec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        sums = [weight.flatten(1).abs().sum(dim=1) for _, weight in synapses.incoming(moment, self.spec.at)]
        return torch.stack(sums).sum(dim=0) / synapses.units(moment, self.spec.at)
