"""How much of the frame units look at."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.fields import fields_of, places_of, shares_of
from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import RfSpec


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
        fields = [fields_of(sense, moment.rate[area]) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack([_radius(field, shape) for field in fields], dim=1)


def _radius(field: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Mean radius (N,) of fields (N, P, U)."""
    (share, some), place = shares_of(field, shape), places_of(shape)
    centre = share.transpose(1, 2) @ place
    square = share.transpose(1, 2) @ place.square().sum(dim=1) - centre.square().sum(dim=2)
    return share_of((square.clamp(min=0.0).sqrt() * some).sum(dim=1), some.sum(dim=1).double())
