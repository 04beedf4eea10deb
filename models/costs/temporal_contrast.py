"""What follows at once is the same thing; what is elsewhere is another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import TemporalContrastSpec

_LEAST = 1e-8


@final
class TemporalContrast:
    r"""Activity is near itself a step later, and farther than a margin from that of another item.

    Formula:    J_n = mean_{b,t,u} (y_b,t+1 - y_bt)^2 + mean_{b,t} max(0, margin - d_bt)^2,
                d_bt = sqrt( mean_u (y_bt - y_b't)^2 + 1e-8 ),   b' the item after b on an addressed ring of the batch
    Shapes:     rate (N, B, T, U), T > 1 -> (N,)
    Units:      squared units of the rate; margin in units of the rate
    Gradient:   every rate of the area; per_sample: no, items are held against each other
    Development: higher visual areas, plastic for life: what follows on one another is taken for one thing
    Not to be confused with: slow_feature, which keeps units apart by variance and correlation, not items by distance;
                infonce, in which all items of the batch compete
    Reference:  Hadsell, Chopra & LeCun (2006) CVPR; in time: Mobahi, Collobert & Weston (2009) ICML; as what temporal
                lobe does: Li & DiCarlo (2008) Science 321:1502
    """

    def __init__(self, name: str, spec: TemporalContrastSpec) -> None:
        self.name = name
        self.spec = spec

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        if rate_NBTU.shape[2] < 2:
            raise ValueError("contrast in time needs more than 1 step")
        near = rate_NBTU.diff(dim=2).square().mean(dim=(1, 2, 3))
        ring_NB = moment.draw.at("contrast", self.name).bits(1)[..., 0].argsort(dim=1, stable=True)
        along = rate_NBTU.gather(1, ring_NB[:, :, None, None].expand_as(rate_NBTU))
        apart = ((along - along.roll(-1, dims=1)).square().mean(dim=3) + _LEAST).sqrt()
        return near + torch.relu(self.spec.margin - apart).square().mean(dim=(1, 2))
