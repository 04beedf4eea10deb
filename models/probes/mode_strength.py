"""How far a mode of the world has been learned."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import numbers_of
from models.protocols import ProbeView
from models.specs.probes.weights import ModeStrengthSpec

ABSENT = 1e-6
"""Share of the strongest mode below which a mode is rounding."""


@final
class ModeStrength:
    r"""How strongly the map from a sense to an area has a mode of the world's own map.

    Formula:    u_i' W v_i,   W = S_hx S_xx^+ the linear map that does best from the sense's x to the area's h, and u_i,
                v_i the i-th singular vectors of S_yx S_xx^+, the same of the label's numbers y; S the second moments of
                the items; under `share` over s_i, and 0 where the map has no such mode
    Shapes:     x (N, B, T, d), h and y (N, B, T, D) -> (N,)
    Units:      those of a singular value: a map that is learned has s_i of the world; a share has none
    Reference:  Saxe, McClelland & Ganguli (2014) Exact solutions to the nonlinear dynamics of learning, ICLR
    """

    def __init__(self, spec: ModeStrengthSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        x, told = (moment.rate[name].flatten(3).flatten(1, 2).double() for name in (self.spec.sense, self.spec.at))
        true = numbers_of(moment, None).flatten(1, 2)
        back = torch.linalg.pinv(x, rtol=1e-9)
        u, s, v = torch.linalg.svd(back @ true, full_matrices=False)
        own, mode = back @ told, self.spec.mode
        found = torch.einsum("ns,nsu,nu->n", u[:, :, mode], own, v[:, mode])
        if self.spec.share:
            found = torch.where(s[:, mode] > ABSENT * s[:, 0], found / s[:, mode], 0.0)
        return found.float()
