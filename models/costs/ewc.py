"""What an area knew is kept where it mattered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.wiring import EwcSpec


@final
class Ewc:
    r"""Elastic weight consolidation: squared distance from anchored parameters, each as stiff as it was informative.

    Formula:    J_n = sum_i F_ni (w_ni - w*_ni)^2,   i over the area's weights and biases; w* and F, the diagonal of the
                Fisher information, are those that act `anchor` of this name kept: F_i = mean over items of
                (d log p(answer) / d w_i)^2, answers drawn from the softmax of the area that answers
    Shapes:     parameters of the area, of any shape -> (N,)
    Units:      squared nats
    Gradient:   the area's parameters: 2 F (w - w*); none for its rates or inputs; per_sample: no
    Development: consolidation: from the end of one task on, while others are learned
    Not to be confused with: l2, which pulls to 0; plasticity 0, which keeps everything, also what did not matter
    Reference:  Kirkpatrick et al. (2017) PNAS 114:3521; there half of it
    """

    def __init__(self, spec: EwcSpec) -> None:
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing: anchors belong to the life."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,); 0 before anything is anchored."""
        anchored = f"anchor/{self.spec.anchor}/weight/"
        parts = []
        for address in sorted(moment.own):
            name = address.removeprefix(anchored)
            if name != address and name.startswith(f"area/{self.spec.at}/"):
                stiff = moment.own[f"anchor/{self.spec.anchor}/fisher/{name}"]
                gone = moment.weight[name] - moment.own[address]
                parts.append((stiff * gone.square()).flatten(1).sum(dim=1))
        if not parts:
            return torch.zeros(len(moment.draw.seeds_N))
        return torch.stack(parts).sum(dim=0)
