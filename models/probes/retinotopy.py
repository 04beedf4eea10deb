"""Whether units next to each other look at places next to each other."""

from __future__ import annotations

from math import prod
from typing import final

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from models.probes.fields import fields_of, places_of, shares_of
from models.protocols import ProbeView
from models.specs.probes.activity import RetinotopySpec


@final
class Retinotopy:
    r"""Rank correlation of how far units are apart on their grid and how far apart they look.

    Formula:    Spearman's rho over all pairs of units that have a field, of their distance on the grid, units in rows,
                and |c_u - c_v|; c_u = sum_p e_up p / sum_p e_up, e_up the squared weight of unit u at place p of the
                sense, by ridge regression as in rf. 0 where all are equally far apart
    Shapes:     sense (N, B, T, [maps,] rows, columns) or (N, B, T, samples), rate (N, B, T, U) -> (N,)
    Units:      dimensionless: 1 a map in order, 0 none
    Reference:  own; maps in order: Kohonen (1982) Biol. Cybern. 43:59
    """

    def __init__(self, spec: RetinotopySpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        sense = moment.rate[self.spec.sense]
        shape = tuple(sense.shape[3:])
        share, some_NU = shares_of(fields_of(sense, moment.rate[self.spec.at]), shape)
        centre = share.transpose(1, 2) @ places_of(shape)
        grid = np.stack(np.unravel_index(np.arange(prod(self.spec.grid)), tuple(self.spec.grid)), axis=1)
        apart = torch.from_numpy(np.linalg.norm(grid[:, None] - grid, axis=2))
        looked = (centre.unsqueeze(2) - centre.unsqueeze(1)).square().sum(dim=3).sqrt()
        return torch.tensor([_order(apart, *each) for each in zip(looked, some_NU, strict=True)], dtype=torch.float32)


def _order(apart_UU: Tensor, looked_UU: Tensor, some_U: Tensor) -> float:
    """Rank correlation of the distances of pairs of units that look anywhere."""
    row, column = torch.triu_indices(len(some_U), len(some_U), offset=1)
    kept = some_U[row] & some_U[column]
    # What differs by rounding alone is a tie.
    on_grid, in_view = (each[row, column][kept].numpy().round(9) for each in (apart_UU, looked_UU))
    if kept.sum() < 2 or np.ptp(on_grid) == 0 or np.ptp(in_view) == 0:
        return 0.0
    return float(spearmanr(on_grid, in_view).statistic)
