"""A world whose neighbourhoods are gone."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.senses import PermuteSpec


@final
class Permute:
    r"""One fixed permutation of the samples of a signal, or of the pixels of an image, alike in all its channels.

    Formula:    y_i = x_p(i),   p the permutation addressed by (seed, task), the same for all lives, items and steps
    Shapes:     x (N, B, T, *shape), s (N,) -> as x
    Units:      s: 0 or 1
    Reference:  permuted MNIST of Goodfellow et al. (2014) arXiv:1312.6211; Kirkpatrick et al. (2017) PNAS 114:3521
    """

    def __init__(self, spec: PermuteSpec) -> None:
        self.spec = spec

    def __call__(self, x: Tensor, strength_N: Tensor, draw: Draw) -> Tensor:
        """Any strength above 0 is the whole permutation; fractions are refused before it comes to this."""
        axes = min(2, x.dim() - 3)
        order = _order(self.spec.seed, self.spec.task, prod(x.shape[-axes:]))
        permuted = x.flatten(-axes)[..., order].reshape(x.shape)
        return torch.where(strength_N.reshape(-1, *[1] * (x.dim() - 1)) > 0, permuted, x)


@cache
def _order(seed: int, task: int, places: int) -> Tensor:
    draw = Draw(torch.tensor([seed])).at("permute", str(task))
    return draw.permuted(torch.arange(places)[None], places)[0]
