"""Which of two sources an area is wired to."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes.weights import OcularDominanceSpec


@final
class OcularDominance:
    r"""Mean over units of how much stronger they are wired to one source than to another.

    Formula:    mean_u ( |w_Ru| - |w_Lu| ) / ( |w_Ru| + |w_Lu| ),   |w_su| the norm of a unit's weights from source s; 0
                for a unit that hears neither. Of a conv area a unit is an output channel
    Shapes:     area/A/from/S/weight (N, S, U) or (N, U, in, kh, kw) -> (N,)
    Units:      dimensionless: -1 left alone, 0 both alike, 1 right alone
    Reference:  after the ocular dominance index of Wiesel & Hubel (1963) J. Neurophysiol. 26:1003, in weights for
                responses
    """

    def __init__(self, spec: OcularDominanceSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        left, right = (
            _norms(view.weight[f"area/{self.spec.at}/from/{each}/weight"]) for each in (self.spec.left, self.spec.right)
        )
        return share_of(right - left, right + left).mean(dim=1)


def _norms(weight: Tensor) -> Tensor:
    """Norm of each unit's weights, (N, U)."""
    wide = weight.detach().double()
    rows = wide.transpose(1, 2) if wide.dim() == 3 else wide.flatten(2)
    return rows.square().sum(dim=2).sqrt()
