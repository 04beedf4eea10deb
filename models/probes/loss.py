"""A cost, measured where nothing is learned from it."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.errors import LossSpec


@final
class Loss:
    r"""Value of a declared cost on the probe's world.

    Formula:    J_n of the cost, its weight left out
    Shapes:     (N,)
    Units:      those of the cost
    Reference:  the cost's own
    """

    def __init__(self, spec: LossSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        return view.measure.cost(self.spec.cost)
