"""How much of the frame units look at."""

from __future__ import annotations

from math import prod
from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of
from models.probes.ridge import Ridge
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import RfSpec

_RIDGE = 1e-4


@final
class Rf:
    r"""Radius of the receptive fields of an area's units in a sense, a mean over units that have one.

    Formula:    w_up of the ridge regression of a unit's rate on the numbers of the sense, standardised, lambda 1e-4,
                over items and steps, divided by their standard deviations again; e_up = w_up^2 summed over channels;
                c_u = sum_p e_up p / sum_p e_up;   radius_u = sqrt( sum_p e_up |p - c_u|^2 / sum_p e_up ).
                Units whose rate never varies are left out; 0 if all are so
    Shapes:     sense (N, B, T, [maps,] rows, columns) or (N, B, T, samples), rate (N, B, T, U) -> (N, areas of `at`)
    Units:      half frames: a field exp(-d^2 / 2 s^2) in two dimensions has radius s; one pixel 0; a frame that is
                looked at evenly sqrt(2/3)
    Reference:  reverse correlation: de Boer & Kuyper (1968) IEEE Trans. Biomed. Eng. 15:169; corrected for what is
                alike in the stimuli: Theunissen et al. (2001) Network 12:289. In a linear area it gives the weights
    """

    def __init__(self, spec: RfSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        sense = moment.rate[self.spec.sense]
        shape = tuple(sense.shape[3:])
        x = sense.flatten(3).flatten(1, 2).double()
        seen = [moment.rate[area].flatten(3).flatten(1, 2).double() for area in areas_of(self.spec.at, view.areas)]
        return torch.stack([_radius(_fields(x, rate), shape) for rate in seen], dim=1)


def _fields(x: Tensor, rate: Tensor) -> Tensor:
    """Weights (N, P, U) of the numbers of the sense; 0 for units that never vary."""
    found = Ridge.fit(x, rate, torch.full((len(x),), _RIDGE))
    spread = (rate - rate.mean(dim=1, keepdim=True)).square().mean(dim=1, keepdim=True)
    return torch.where(spread > 1e-18, found.weight / found.sd.transpose(1, 2), 0.0)


def _radius(field: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Mean radius (N,) of fields (N, P, U)."""
    frame = shape[-min(2, len(shape)) :]
    energy = field.square().reshape(len(field), -1, prod(frame), field.shape[2]).sum(dim=1)
    axes = [(2.0 * torch.arange(side, dtype=torch.float64) + 1.0) / side - 1.0 for side in frame]
    place = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)
    whole = energy.sum(dim=1)
    some = whole > 1e-300
    share = energy / torch.where(some, whole, 1.0)[:, None]
    centre = share.transpose(1, 2) @ place
    square = share.transpose(1, 2) @ place.square().sum(dim=1) - centre.square().sum(dim=2)
    return share_of((square.clamp(min=0.0).sqrt() * some).sum(dim=1), some.sum(dim=1).double())
