"""How much better than the obvious an area foresees."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.probes.reading import share_of
from models.protocols import ProbeView
from models.specs.probes.truths import NextFrameSpec


@final
class NextFrame:
    r"""Squared error of an area as a forecast of a sense's next step, over that of a simple forecast.

    Formula:    sum (h_t - x_{t+1})^2 / sum (f_t - x_{t+1})^2,   f_t = x_t (copy) or 2 x_t - x_{t-1} (line), over b and
                the t that have f; 0 where the simple forecast is never wrong
    Shapes:     rate (N, B, T, U) of the area and of the sense, of equal size, T > 1 (copy) or > 2 (line) -> (N,)
    Units:      ratio; useful below 1
    Reference:  none needed
    """

    def __init__(self, spec: NextFrameSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        rate = view.measure.moment().rate
        told, x = (rate[name].flatten(3).double() for name in (self.spec.at, self.spec.sense))
        first = 0 if self.spec.against == "copy" else 1
        simple = x[:, :, :-1] if first == 0 else 2.0 * x[:, :, 1:-1] - x[:, :, :-2]
        later = x[:, :, first + 1 :]
        missed, obvious = ((each - later).square().flatten(1).sum(dim=1) for each in (told[:, :, first:-1], simple))
        return share_of(missed, obvious)
