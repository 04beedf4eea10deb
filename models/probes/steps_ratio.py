"""How much longer than needed the way takes."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.acting import StepsRatioSpec


@final
class StepsRatio:
    r"""Steps of all episodes over the steps of the shortest ways from their beginnings to their goals.

    Formula:    sum_e steps_ne / sum_e shortest_ne; an episode that its limit ended counts with the limit
    Shapes:     steps (N, E), shortest (N, E) -> (N,)
    Units:      1; 1 is the best there is
    Reference:  the shortest way by breadth first search: Moore (1959) The shortest path through a maze
    """

    def __init__(self, spec: StepsRatioSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        told = view.measure.episodes()
        return told.steps.sum(dim=1) / told.shortest.sum(dim=1)
