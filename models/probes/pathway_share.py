"""How much of what an area hears one source says."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes.weights import PathwayShareSpec


@final
class PathwayShare:
    r"""Share of an area's drive that one of its sources carries.

    Formula:    sum_{b,t} c_s.z / sum_{b,t} z.z,   c_p = x_p W_p what source p adds to the drive, z = sum_p c_p; the
                shares of all sources add up to 1, one that works against the others has less than 0; 0 where there is
                no drive
    Shapes:     inputs (N, B, T, S), weights (N, S, U) -> (N,)
    Units:      fraction
    Reference:  as pathways compete in Saxe, Sodhani & Lewallen (2022) The neural race reduction, ICML
    """

    def __init__(self, spec: PathwayShareSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment, parts = view.measure.moment(), {}
        for source, given in moment.inputs[self.spec.at].items():
            weight = view.weight[f"area/{self.spec.at}/from/{source}/weight"].double()
            parts[source] = (given.double().flatten(3).flatten(1, 2) @ weight).flatten(1)
        whole = sum(parts.values(), torch.zeros(()))
        return share_of((parts[self.spec.source] * whole).sum(dim=1), whole.square().sum(dim=1))
