"""What arrives mixed is taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.costs import synapses
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import InfomaxIcaSpec


@final
class InfomaxIca:
    r"""Negative entropy of what an area would say through logistic units, but for that of its input.

    Formula:    u = x W + b the rates of the area, W square; g the logistic function
                J_n = - log |det W| - mean_{b,t} sum_u log g'(u_nbtu),   log g'(u) = - log(1 + e^u) - log(1 + e^-u)
    Shapes:     rate (N, B, T, U), weights of all its inputs (N, U, U) -> (N,)
    Units:      nats per step
    Gradient:   the area's weights, - W^-T and through the rates: together the rule of Bell and Sejnowski; per_sample:
                yes, with the determinant in every one
    Development: the earliest of all: sensory areas that are given mixtures
    Not to be confused with: decorrelate, which any rotation of the answer leaves as it is; sparse_code, whose causes
                need not be as many as its inputs
    Reference:  Bell & Sejnowski (1995) Neural Computation 7:1129, whose units suit sources with long tails; gaussian
                ones nobody can take apart
    """

    def __init__(self, spec: InfomaxIcaSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        weight_NUU = torch.cat([each for _, each in synapses.incoming(moment, self.spec.at)], dim=1)
        volume_N = torch.linalg.slogdet(weight_NUU).logabsdet
        # log(1 + e^u) + log(1 + e^-u) = |u| + 2 log(1 + e^-|u|)
        size_NBTU = moment.rate[self.spec.at].flatten(3).abs()
        spread_NB = (size_NBTU + 2.0 * torch.log1p(torch.exp(-size_NBTU))).sum(dim=3).mean(dim=2)
        value_NB: Tensor = spread_NB - volume_N[:, None]
        return value_NB
