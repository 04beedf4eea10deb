"""A world that does not hold still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from models.draw import Draw
from models.specs.transforms.filters import AffineSpec


@final
class Affine:
    r"""Images moved, turned and zoomed about their middle, item by item, alike in all frames and senses.

    Formula:    y(p) = x(R(-a) (p - d) / z),   d = s shift u (width, height), a = s turn u (counterclockwise),
                z = 1 + s zoom u, each u uniform in (-1, 1) and of its own; bilinear, 0 outside
    Shapes:     x (N, B, T, [channels,] height, width), s (N,) -> as x
    Units:      shift in shares of the axes, turn in radians, zoom a share of the size
    Reference:  own; the shifts, turns and zooms of augmentation, e.g. Simard, Steinkraus & Platt (2003) ICDAR
    """

    def __init__(self, spec: AffineSpec) -> None:
        self.spec = spec

    def together(self, seen: Mapping[str, Tensor], strength_N: Tensor, draw: Draw) -> dict[str, Tensor]:
        """New at every presentation; strength scales the ranges of all three."""
        unit_NB4 = 2.0 * draw.at("transform", "affine").uniform(4).double() - 1.0
        ranges = torch.tensor([self.spec.shift, self.spec.shift, self.spec.turn, self.spec.zoom], dtype=torch.float64)
        by_NB4 = unit_NB4 * ranges * strength_N.double()[:, None, None]
        return {
            sense: torch.where(strength_N.reshape(-1, *[1] * (x.dim() - 1)) > 0, _moved(x, by_NB4.flatten(0, 1)), x)
            for sense, x in seen.items()
        }


def _moved(x: Tensor, by: Tensor) -> Tensor:
    """Images after (right, down, turn, zoom) of each item, in shares of the axes, radians and share of the size."""
    height, width = x.shape[-2:]
    right, down, turn, zoom = by.unbind(-1)
    # Of normalised coordinates in [-1, 1]: the axes differ in length, so a turn mixes them by their ratio.
    along, across = turn.cos() / (1.0 + zoom), turn.sin() / (1.0 + zoom)
    top = torch.stack([along, -across * height / width], dim=-1)
    bottom = torch.stack([across * width / height, along], dim=-1)
    linear = torch.stack([top, bottom], dim=-2)
    offset = -linear @ (2.0 * torch.stack([right, down], dim=-1)).unsqueeze(-1)
    frames = x.reshape(len(by), -1, height, width)
    grid = affine_grid(torch.cat([linear, offset], dim=-1).to(x.dtype), list(frames.shape), align_corners=False)
    return grid_sample(frames, grid, align_corners=False).reshape(x.shape)
