"""How much an area's parameters matter to what the organism says."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.protocols import Moment, ProbeView
from models.specs.probes import areas_of
from models.specs.probes.errors import FisherTraceSpec


@final
class FisherTrace:
    r"""Trace of the Fisher information of the organism's own answers, per area.

    Formula:    mean_b | grad_w sum_t log p(y_bt given x_b) |^2,   y_bt drawn from p = softmax(h_bt) of the cost's area,
                w all parameters of the area; one draw per item and step
    Shapes:     (N, areas of `at`)
    Units:      squared nats per squared unit of the parameters
    Reference:  Achille, Rovere & Soatto (2019) Critical learning periods in deep networks, ICLR; for a linear area
                with T 1 it is mean_b (|x|^2 + 1) |d|^2, x its input, d the error at its drive
    """

    def __init__(self, spec: FisherTraceSpec, answers: str) -> None:
        self.spec = spec
        self.answers = answers

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        norms = view.measure.item_norms(self._log_likelihood)
        return torch.stack([norms[area].mean(dim=1) for area in areas_of(self.spec.at, view.areas)], dim=1)

    def _log_likelihood(self, moment: Moment) -> Tensor:
        """Log probability (N,) of answers drawn by inverting the cumulative probabilities at addressed uniforms."""
        log_p_NBTU = moment.rate[self.answers].flatten(3).log_softmax(dim=-1)
        unit_NBT1 = moment.draw.at("probe", "fisher_trace").uniform(log_p_NBTU.shape[2], 1)
        below = log_p_NBTU.detach().double().exp().cumsum(dim=-1) < unit_NBT1
        answer = below.sum(dim=-1, keepdim=True).clamp(max=log_p_NBTU.shape[3] - 1)
        return log_p_NBTU.gather(3, answer).sum(dim=(1, 2, 3))
