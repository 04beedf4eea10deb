"""What an episode brings."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.acting import ReturnSpec


@final
class Return:
    r"""Mean over episodes of the sum of their rewards, without discount.

    Formula:    mean_e sum_t r_net
    Shapes:     rewards of E episodes -> (N,)
    Units:      units of reward
    Reference:  standard error sd / sqrt(n): at most .05 for rewards of 0 and 1 and n 100
    """

    def __init__(self, spec: ReturnSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        return view.measure.episodes().reward.mean(dim=1)
