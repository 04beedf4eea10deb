"""How much of a place is seen."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.acting import CoverageSpec


@final
class Coverage:
    r"""Share of all places that were met in some episode; the place that ends an episode is not counted.

    Formula:    |union_e places_ne| / places
    Shapes:     places met in E episodes -> (N,)
    Units:      fraction
    Reference:  as a measure of exploration Machado, Bellemare & Bowling (2017) A Laplacian framework for option
                discovery in reinforcement learning, ICML
    """

    def __init__(self, spec: CoverageSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        return view.measure.episodes().visited.float().mean(dim=1)
