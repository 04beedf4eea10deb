"""What a recording of some synapses shows, for those who ask which rule moved them."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import ProbeView
from models.specs.probes.weights import TracesSpec


@final
class Traces:
    r"""Weights of some synapses, the rates before and behind them; their changes are differences of readings.

    Formula:    w_ij, mean_{b,t} x_i, mean_{b,t} r_j of each synapse from unit i of the source, whose message x arrives,
                to unit j of the area; i and j are drawn once for pathway and number, for all lives and ages
    Shapes:     area/A/from/S/weight (N, S, U), inputs and rate (N, B, T, ...) -> (N, 3 synapses): all weights, all
                rates before, all behind; series NAME.weight.K, NAME.before.K, NAME.behind.K
    Units:      those of weights and rates
    Reference:  Lim et al. (2015) Nat. Neurosci. 18:1804 and Nayebi et al. (2020) NeurIPS, who ask such recordings for
                the rule
    """

    def __init__(self, spec: TracesSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, 3 synapses)."""
        moment, at, source = view.measure.moment(), self.spec.at, self.spec.source
        weight_NSU = view.weight[f"area/{at}/from/{source}/weight"].detach()
        draw = Draw(torch.zeros(1, dtype=torch.int64)).at("probe", "traces").at(at, source)
        first, second = (
            draw.at("synapse", end).integers(units, self.spec.synapses)[0]
            for end, units in zip(("from", "to"), weight_NSU.shape[1:], strict=True)
        )
        before = moment.inputs[at][source].flatten(3)[..., first].double().mean(dim=(1, 2))
        behind = moment.rate[at].flatten(3)[..., second].double().mean(dim=(1, 2))
        return torch.cat([weight_NSU[:, first, second], before.float(), behind.float()], dim=1)
