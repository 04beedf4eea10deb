"""What the best way would have brought besides."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.acting import RegretSpec


@final
class Regret:
    r"""Discounted return of the shortest way to the goal, less what the episode brought.

    Formula:    mean_e ( discount^(shortest_ne - 1) - R_ne discount^(steps_ne - 1) ); the goal alone pays, R = 1, and
                ends the episode; R = 0 where its limit did
    Shapes:     rewards, steps and shortest ways of E episodes -> (N,)
    Units:      units of reward; 0 is the best there is
    Reference:  Robbins (1952) Bull. Amer. Math. Soc. 58:527, of one choice after another; here of whole episodes
    """

    def __init__(self, spec: RegretSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        told = view.measure.episodes()
        discount = torch.tensor(self.spec.discount, dtype=torch.float64)
        best = discount ** (told.shortest.double() - 1.0)
        brought = told.reward.double() * discount ** (told.steps.double() - 1.0)
        return (best - brought).mean(dim=1).float()
