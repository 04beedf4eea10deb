"""A world in which nothing follows from anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.specs.transforms.time import ShuffleTimeSpec


@final
class ShuffleTime:
    r"""Frames of a clip in another order, clip by clip, alike in all senses.

    Formula:    y_t = x_p(t) with probability s, p a permutation of the clip's steps drawn for this presentation; else
                y = x. Labels and factors keep their places
    Shapes:     x (N, B, T, *shape), T at least 2; s (N,) -> as x
    Units:      s: probability per item
    Reference:  the control of temporal learning: Li & DiCarlo (2008) Science 321:1502; Wood & Wood (2016) Proc. R.
                Soc. B 283:20160166
    """

    def __init__(self, spec: ShuffleTimeSpec) -> None:
        self.spec = spec

    def together(self, seen: Mapping[str, Tensor], strength_N: Tensor, draw: Draw) -> dict[str, Tensor]:
        """A shuffled clip keeps every frame."""
        steps = next(iter(seen.values())).shape[2]
        draw = draw.at("transform", "shuffle_time")
        shuffled_NB1 = (draw.uniform() < strength_N[:, None]).unsqueeze(-1)
        order_NBT = torch.where(
            shuffled_NB1, draw.at("order").bits(steps).argsort(dim=-1, stable=True), torch.arange(steps)
        )
        return {sense: _in_order(x, order_NBT) for sense, x in seen.items()}


def _in_order(x: Tensor, order_NBT: Tensor) -> Tensor:
    index = order_NBT.reshape(*order_NBT.shape, *[1] * (x.dim() - 3))
    return x.gather(2, index.expand_as(x))
