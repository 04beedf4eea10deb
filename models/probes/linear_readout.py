"""What a linear reader could make of an area."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.ridge import RIDGES, Ridge
from models.protocols import Moment, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.truths import LinearReadoutSpec


@final
class LinearReadout:
    r"""Accuracy of a ridge classifier, fitted to frozen activity on one world and tried on another.

    Formula:    W = (X'X / M + lambda I)^-1 X'Y / M,   X the activity standardised by the fit's mean and sd,
                Y one-hot minus its mean; the largest output names the class. lambda of 1e-4 .. 1 does best on the last
                fifth of the fit's items; then the fit is repeated on all of them
    Shapes:     rate (N, B, T, U) -> (N, areas of `at`)
    Units:      fraction; steps of an item are samples of their own, but never on both sides of the held-out cut
    Reference:  Alain & Bengio (2017) Understanding intermediate layers using linear classifier probes; there logistic
                regression, here ridge in closed form
    """

    def __init__(self, spec: LinearReadoutSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        fit, test = view.extra["train"].moment(), view.measure.moment()
        scores = [_score(_samples(fit, area), _samples(test, area)) for area in areas_of(self.spec.at, view.areas)]
        return torch.stack(scores, dim=1)


Samples = tuple[Tensor, Tensor]
"""Activity (N, B, T, U) float64 and labels (N, B, T)."""


def _samples(moment: Moment, area: str) -> Samples:
    if moment.batch.label is None:
        raise ValueError("linear_readout needs worlds that show labels")
    return moment.rate[area].flatten(3).double(), moment.batch.label


def _score(fit: Samples, test: Samples) -> Tensor:
    """Accuracy (N,) of the ridge that does best on the held-out fifth."""
    rate, label = fit
    classes = int(torch.maximum(label.max(), test[1].max())) + 1
    cut = max(1, rate.shape[1] * 4 // 5)
    trial, held_out = (rate[:, :cut], label[:, :cut]), (rate[:, cut:], label[:, cut:])
    if held_out[0].shape[1] == 0:
        held_out = trial
    tried = [_accuracy(trial, held_out, torch.full((rate.shape[0],), ridge), classes) for ridge in RIDGES]
    best_N = torch.tensor(RIDGES)[torch.stack(tried).argmax(dim=0)]
    return _accuracy(fit, test, best_N, classes).float()


def _accuracy(fit: Samples, test: Samples, ridge_N: Tensor, classes: int) -> Tensor:
    y = torch.nn.functional.one_hot(fit[1].flatten(1), classes).double()
    output = Ridge.fit(fit[0].flatten(1, 2), y, ridge_N).read(test[0].flatten(1, 2))
    return (output.argmax(dim=-1) == test[1].flatten(1)).double().mean(dim=1)
