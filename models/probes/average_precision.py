"""How well an area ranks items."""

from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor

from models.probes.reading import truth_of
from models.protocols import ProbeView
from models.specs.probes.truths import AveragePrecisionSpec


@final
class AveragePrecision:
    r"""Average precision of an area's activity as a ranking of items by a class or an event.

    Formula:    AP = sum_k (R_k - R_{k-1}) P_k over the ranks of falling activity, ties at one rank; one unit ranks by
                class 1, several by a class each, averaged over the classes that occur and are not all; a factor of as
                many numbers as units: every unit ranks by its number being above 1/2, all in one ranking; 0 if there is
                nothing to find
    Shapes:     rate (N, B, T, U), classes (N, B, T) or numbers (N, B, T, U) -> (N,)
    Units:      fraction; by chance the share of items that are to be found
    Reference:  as scikit-learn computes it, without interpolation
    """

    def __init__(self, spec: AveragePrecisionSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Value (N,)."""
        moment = view.measure.moment()
        score = moment.rate[self.spec.at].flatten(3).double().flatten(1, 2)
        truth = truth_of(moment, self.spec.truth)
        wanted = _wanted(truth, score.shape[-1]).reshape(score.shape)
        if truth.dtype != torch.int64:
            score, wanted = score.reshape(len(score), -1, 1), wanted.reshape(len(wanted), -1, 1)
        return torch.tensor([_mean(*each) for each in zip(wanted.numpy(), score.numpy(), strict=True)])


def _wanted(truth: Tensor, units: int) -> Tensor:
    """What each unit is to find."""
    if truth.dtype != torch.int64:
        return truth > 0.5
    return truth == 1 if units == 1 else torch.nn.functional.one_hot(truth, units) == 1


def _mean(wanted: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
    """Of the rankings of one life that have something to find and something to pass over, (cases, rankings) each."""
    mixed = [unit for unit in range(wanted.shape[1]) if wanted[:, unit].any() and not wanted[:, unit].all()]
    found = [float(average_precision_score(wanted[:, unit], score[:, unit])) for unit in mixed]
    return sum(found) / len(found) if found else 0.0
