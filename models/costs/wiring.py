"""Every synapse costs its strength times its length."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import final

import torch
from torch import Tensor

from models.costs import synapses
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.wiring import WiringSpec


@final
class Wiring:
    r"""Absolute weights times the distance they bridge: units come to hear their neighbours.

    Formula:    J_n = 1/U * sum_{s,u} |w_nsu| * |p_s - p_u|;   p the middle of a unit's field on a square of side 1:
                pixel (i, j) of a map of H x W lies at ((i + .5) / H, (j + .5) / W); a vector of U units fills rows of
                ceil(sqrt(U))
    Shapes:     weights (N, S, U), one or more -> (N,)
    Units:      weight times side of the sheet, per unit
    Gradient:   the area's weights: sign(w) |p_s - p_u| / U; none for its biases, rates or inputs; per_sample: no
    Development: from birth; a sheet whose units hear near inputs only forms maps
    Not to be confused with: l1, in which all synapses are equally long; a conv area, wired locally by construction
    Reference:  Jacobs & Jordan (1992) J. Cogn. Neurosci. 4:323; there log(1 + w^2) in the place of |w|
    """

    def __init__(self, spec: WiringSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        at = self.spec.at
        here = tuple(moment.rate[at].shape[3:])
        sums = []
        for source, weight in synapses.incoming(moment, at):
            length_SU = lengths(tuple(moment.rate[source].shape[3:]), here)
            gates = weight.shape[2] // length_SU.shape[1]
            sums.append((weight.abs() * length_SU.repeat(1, gates)).flatten(1).sum(dim=1))
        return torch.stack(sums).sum(dim=0) / synapses.units(moment, at)


@cache
def lengths(source: tuple[int, ...], target: tuple[int, ...]) -> Tensor:
    """Distances (S, U) between the units of two sheets."""
    return torch.cdist(_places(source), _places(target), compute_mode="donot_use_mm_for_euclid_dist")


def _places(shape: tuple[int, ...]) -> Tensor:
    """Middles (U, 2) of the units' fields; the maps of a sheet lie on one another."""
    count = math.prod(shape)
    height, width = shape[-2:] if len(shape) > 1 else 2 * (math.isqrt(count - 1) + 1,)
    unit = torch.arange(count) % (height * width)
    return torch.stack([(unit // width + 0.5) / height, (unit % width + 0.5) / width], dim=1)
