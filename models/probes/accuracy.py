"""How often an area names the class."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.protocols import ProbeView
from models.specs.probes.truths import AccuracySpec


@final
class Accuracy:
    r"""Share of items whose largest output is the label.

    Formula:    mean_{b,t} [ argmax_u h_nbtu = y_nbt ]; of equal outputs the first counts
    Shapes:     rate (N, B, T, U), label (N, B, T) -> (N,)
    Units:      fraction; chance 1 / classes
    Reference:  standard error sqrt(p (1 - p) / n): 1.5 points at n 1000 and p .4 to .6
    """

    def __init__(self, spec: AccuracySpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        if moment.batch.label is None:
            raise ValueError("accuracy needs a world that shows labels")
        named_NBT = moment.rate[self.spec.at].flatten(3).argmax(dim=-1)
        return (named_NBT == moment.batch.label).float().mean(dim=(1, 2))
