"""Teachers that err."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.labels import LabelNoiseSpec


@final
class LabelNoise:
    r"""One of the other labels, each as likely, with a probability; drawn anew at every presentation.

    Formula:    y = (label + 1 + k) mod K with probability s, k uniform in 0..K-2; else y = label
    Shapes:     label (N, B, T), s (N,) -> as label; all steps of an item are right or wrong together
    Units:      s: probability per item
    Not to be confused with: `noise` of a world's labels, which belongs to the item: its wrong label is always the same
    Reference:  symmetric label noise: Natarajan et al. (2013) Learning with noisy labels, NeurIPS
    """

    def __init__(self, spec: LabelNoiseSpec) -> None:
        self.spec = spec

    def relabel(self, label_NBT: Tensor, classes: int, strength_N: Tensor, draw: Draw) -> Tensor:
        """A world of one class has no wrong label."""
        draw = draw.at("transform", "label_noise")
        wrong_NB1 = (draw.uniform() < strength_N[:, None]).unsqueeze(-1)
        other_NBT = (label_NBT + 1 + draw.at("which").integers(max(1, classes - 1), 1)) % classes
        return torch.where(wrong_NB1, other_NBT, label_NBT)
