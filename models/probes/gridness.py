"""Whether units fire at the corners of a lattice of triangles."""

from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage, signal
from torch import Tensor

from models.probes.reading import numbers_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import GridnessSpec

Map = npt.NDArray[np.float64]

_INNER, _OUTER = 0.2, np.linspace(0.4, 1.0, 10)
_OVERLAP = 20
"""Bins without which no correlation is taken."""


@final
class Gridness:
    r"""How far the map of where a unit fires is like itself turned by 60 degrees and unlike itself turned by 30.

    Formula:    max over rings of min(r60, r120) - max(r30, r90, r150),   r_a the correlation within a ring of the map's
                autocorrelogram and the same turned by a; rings from 0.2 to 0.4 .. 1.0 (ten) of half its side. The map:
                mean rates in bins x bins places over the frame; the autocorrelogram: Pearson's r of the map and the
                same moved, over places that were visited, 20 at least, else 0. A mean over units whose map varies, 0
                without any
    Shapes:     rate (N, B, T, U), factor (N, B, T, 2) between -1 and 1, what is outside is left out
                -> (N, areas of `at`)
    Units:      dimensionless, from -2 to 2; a lattice of squares is below 0, noise about 0.1 to 0.2 as the best ring
                counts
    Reference:  Sargolini et al. (2006) Science 312:758; rings as in the published code of Banino et al. (2018) Nature
                557:429
    """

    def __init__(self, spec: GridnessSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        place_NM2 = numbers_of(moment, self.spec.truth).flatten(1, 2).numpy()
        areas = [moment.rate[area].flatten(3).flatten(1, 2).double() for area in areas_of(self.spec.at, view.areas)]
        read = [[self._area(*life) for life in zip(place_NM2, rate.numpy(), strict=True)] for rate in areas]
        return torch.tensor(read, dtype=torch.float32).T

    def _area(self, place_M2: Map, rate_MU: Map) -> float:
        """Mean score of one life's units."""
        bins = self.spec.bins
        edges = np.linspace(-1.0, 1.0, bins + 1)
        column, row = (np.digitize(each, edges) - 1 for each in place_M2.T)
        inside = (column >= 0) & (column < bins) & (row >= 0) & (row < bins)
        flat = (row * bins + column)[inside]
        visits = np.bincount(flat, minlength=bins**2)
        seen = visits > 0
        scores = []
        for rate in rate_MU[inside].T if seen.any() else ():
            mean = np.bincount(flat, rate, minlength=bins**2) / np.maximum(visits, 1)
            if np.ptp(mean[seen]) > 1e-9:
                scores.append(_score(mean.reshape(bins, bins), seen.reshape(bins, bins)))
        return float(np.mean(scores)) if scores else 0.0


def _score(mean: Map, visited: npt.NDArray[np.bool_]) -> float:
    """Of one map."""
    alike = _autocorrelogram(mean, visited)
    side = (len(alike) - 1) // 2
    axis = np.arange(-side, side + 1) / side
    radius = np.hypot(axis[:, None], axis)
    turned = {angle: ndimage.rotate(alike, angle, reshape=False, order=1) for angle in (30, 60, 90, 120, 150)}
    best = -np.inf
    for outer in _OUTER:
        ring = (radius > _INNER) & (radius <= outer)
        r = {angle: _correlation(alike[ring], each[ring]) for angle, each in turned.items()}
        best = max(best, min(r[60], r[120]) - max(r[30], r[90], r[150]))
    return best


def _autocorrelogram(mean: Map, visited: npt.NDArray[np.bool_]) -> Map:
    """Pearson's r of a map and the same moved by (rows, columns), each from -(bins - 1) to bins - 1."""
    there = visited.astype(np.float64)
    value = np.where(visited, mean - mean[visited].mean(), 0.0)

    def over(left: Map, right: Map) -> Map:
        found: Map = signal.correlate(left, right, method="fft")
        return found

    count = over(there, there).round()
    shared = np.maximum(count, 1.0)
    first, second = over(value, there) / shared, over(there, value) / shared
    spread = (over(value**2, there) / shared - first**2) * (over(there, value**2) / shared - second**2)
    both = over(value, value) / shared - first * second
    sound = (count >= _OVERLAP) & (spread > 1e-12 * np.square(value).mean() ** 2)
    return np.where(sound, both / np.sqrt(np.where(sound, spread, 1.0)), 0.0)


def _correlation(left: Map, right: Map) -> float:
    """Pearson's r; 0 where one does not vary."""
    left, right = left - left.mean(), right - right.mean()
    norm = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / norm if norm > 1e-12 else 0.0
