"""How much of an endless input that never repeats an area still holds."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import numbers_of, share_of
from models.probes.ridge import Ridge
from models.protocols import Moment, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.truths import MemoryCapacitySpec

_RIDGE = 1e-6


@final
class MemoryCapacity:
    r"""Sum over delays of what linear readers, fitted on one world, tell on another of numbers shown so long ago.

    Formula:    sum_{d, k = 1..delays} r2( u_d[t - k], y_dk[t] ),   u_d the numbers of the factor, y by ridge regression
                on standardised rates, lambda 1e-6; r2 the squared correlation over items and steps t >= delays
    Shapes:     rate (N, B, T, U), factor (N, B, T) or (N, B, T, D) -> (N, areas of `at`)
    Units:      numbers; of independent u at most U, and 1 / (B (T - delays)) for each delay by chance
    Reference:  Jaeger (2002) Short term memory in echo state networks, GMD Report 152
    """

    def __init__(self, spec: MemoryCapacitySpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        fit, test = view.extra["train"].moment(), view.measure.moment()
        told, true = self._past(fit), self._past(test)
        found = []
        for area in areas_of(self.spec.at, view.areas):
            seen, tried = self._now(fit, area), self._now(test, area)
            found.append(_held(Ridge.fit(seen, told, torch.full((len(seen),), _RIDGE)).read(tried), true))
        return torch.stack(found, dim=1)

    def _now(self, moment: Moment, area: str) -> Tensor:
        """Rates (N, M, U) at the steps that all delays reach back from."""
        return moment.rate[area].flatten(3)[:, :, self.spec.delays :].flatten(1, 2).double()

    def _past(self, moment: Moment) -> Tensor:
        """What was shown (N, M, D delays) before each of these steps."""
        shown = numbers_of(moment, self.spec.truth)
        steps = shown.shape[2]
        past = [shown[:, :, self.spec.delays - k : steps - k] for k in range(1, self.spec.delays + 1)]
        return torch.cat(past, dim=3).flatten(1, 2)


def _held(told: Tensor, true: Tensor) -> Tensor:
    """Sum (N,) over columns of the squared correlations of two (N, M, D)."""
    told, true = (each - each.mean(dim=1, keepdim=True) for each in (told, true))
    both = (told * true).mean(dim=1)
    spread = told.square().mean(dim=1) * true.square().mean(dim=1)
    # What a reader of units that never vary tells differs from its mean by rounding alone.
    return share_of(both.square(), torch.where(spread > 1e-18, spread, 0.0)).sum(dim=1)
