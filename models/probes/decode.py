"""What a linear reader finds out about a factor."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import numbers_of
from models.probes.ridge import RIDGES, Ridge
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.truths import DecodeSpec


@final
class Decode:
    r"""Share of a factor's variance that a ridge reader, fitted on one world, finds in frozen activity on another.

    Formula:    1 - sum (y - y^)^2 / sum (y - mean y)^2, averaged over the factor's numbers that vary; below 0 where the
                reader does worse than the mean. y^ by ridge regression on standardised activity, lambda of 1e-4 .. 1 as
                it does best on the last fifth of the fit's items; then the fit is repeated on all of them
    Shapes:     rate (N, B, T, U), factor (N, B, T) or (N, B, T, D) -> (N, areas of `at`)
    Units:      fraction; steps of an item are samples of their own, but never on both sides of the held-out cut
    Reference:  none needed; to be read beside the same probe at birth
    """

    def __init__(self, spec: DecodeSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        fit, test = view.extra["train"].moment(), view.measure.moment()
        told, true = numbers_of(fit, self.spec.truth), numbers_of(test, self.spec.truth).flatten(1, 2)
        found = []
        for area in areas_of(self.spec.at, view.areas):
            seen, tried = (each.rate[area].flatten(3).double() for each in (fit, test))
            found.append(_explained(_reader(seen, told).read(tried.flatten(1, 2)), true).float())
        return torch.stack(found, dim=1)


def _reader(rate: Tensor, truth: Tensor) -> Ridge:
    """The reader whose ridge does best on the last fifth."""
    cut = max(1, rate.shape[1] * 4 // 5)
    (x, y), (held, known) = ((each[:, part].flatten(1, 2) for each in (rate, truth)) for part in _parts(cut, rate))
    ones_N = torch.ones(len(rate))
    tried = [_explained(Ridge.fit(x, y, ridge * ones_N).read(held), known) for ridge in RIDGES]
    best_N = torch.tensor(RIDGES)[torch.stack(tried).argmax(dim=0)]
    return Ridge.fit(rate.flatten(1, 2), truth.flatten(1, 2), best_N)


def _parts(cut: int, rate: Tensor) -> tuple[slice, slice]:
    return slice(cut), slice(cut, None) if cut < rate.shape[1] else slice(cut)


def _explained(told: Tensor, true: Tensor) -> Tensor:
    """Shares (N,) of the variance of numbers (N, M, D)."""
    spread = (true - true.mean(dim=1, keepdim=True)).square().sum(dim=1)
    missed = (true - told).square().sum(dim=1)
    varies = spread > 1e-12
    each = torch.where(varies, 1.0 - missed / torch.where(varies, spread, 1.0), 0.0)
    return each.sum(dim=1) / varies.sum(dim=1).clamp(min=1)
