"""What comes is told from what comes elsewhere, by a margin and one example at a time."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.protocols import Moment
from models.specs.costs.statistics import ClappSpec


@final
class Clapp(Decoding[ClappSpec]):
    r"""Contrastive, local and predictive plasticity: hinge of a prediction of what comes, against what comes elsewhere.

    Formula:    q_bt = h_bt V + c;   s_t(b, b') = <q_bt, x_b't> / D
                J_n = 1/2 mean_{b,t} [ max(0, 1 - s_t(b, b)) + max(0, 1 + s_t(b, b')) ],   x the target: what comes,
                another area, a sense; b' the item after b on an addressed ring of the batch
    Shapes:     rate (N, B, T, U), target (N, B, T, D), V (N, U, D), c (N, 1, D) -> (N,)
    Units:      dimensionless; 1 where nothing is known, 0 where all is told apart by the margin
    Gradient:   the area's rates and the decoder, of both only the sign of being right and one product: what a synapse
                can have; none for the target; per_sample: yes
    Development: early, higher visual areas, each by itself
    Not to be confused with: infonce, in which all items of the batch compete at once
    Reference:  Illing, Ventura, Bellec & Gerstner (2021) Local plasticity rules can learn deep representations using
                self-supervised contrastive predictions, NeurIPS; there one of the two terms at a time
    """

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self.per_sample(moment).mean(dim=1)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        aim = self.aim(moment)
        asked = self.decoded(target.during(moment.rate[self.spec.at], aim), moment)
        ring_NB = moment.draw.at("clapp", self.name).bits(1)[..., 0].argsort(dim=1, stable=True)
        other_NB = torch.empty_like(ring_NB).scatter(1, ring_NB, ring_NB.roll(-1, dims=1))
        foreign = aim.gather(1, other_NB[:, :, None, None].expand_as(aim))
        own, against = ((asked * each).mean(dim=3) for each in (aim, foreign))
        lacks: Tensor = torch.relu(1.0 - own) + torch.relu(1.0 + against)
        return 0.5 * lacks.mean(dim=2)
