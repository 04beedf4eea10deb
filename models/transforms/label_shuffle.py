"""A language in which everything has another name."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.labels import LabelShuffleSpec


@final
class LabelShuffle:
    r"""Every class under the label of another class, always the same.

    Formula:    y = p(label) with probability s, p the cyclic permutation of all K classes addressed by the seed, so
                that no class keeps its label; else y = label
    Shapes:     label (N, B, T), s (N,) -> as label
    Units:      s: probability per item; 1 is a lasting re-labelling
    Not to be confused with: label_noise, whose wrong labels say nothing about the class
    Reference:  reversal learning with more than two classes; the permutation: Sattolo (1986) Inf. Process. Lett. 22:315
    """

    def __init__(self, spec: LabelShuffleSpec) -> None:
        self.spec = spec

    def relabel(self, label_NBT: Tensor, classes: int, strength_N: Tensor, draw: Draw) -> Tensor:
        """All steps of an item go by one name."""
        moved_NB1 = (draw.at("transform", "label_shuffle").uniform() < strength_N[:, None]).unsqueeze(-1)
        order = Draw(torch.tensor([self.spec.seed])).at("label_shuffle").bits(classes)[0].argsort(stable=True)
        name = torch.empty_like(order).scatter(0, order, order.roll(-1))
        return torch.where(moved_NB1, name[label_NBT], label_NBT)
