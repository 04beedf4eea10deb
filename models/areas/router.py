"""Routes between buffers: where things go is chosen apart from what they are."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import final

import torch
from torch import Tensor

from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.structures import RouterSpec


@final
class Router:
    """Buffers whose contents are sent as they are along routes that a control chooses.

    Dynamics:   buf_t = [x_t, m_1,t-1, ..., m_K,t-1], what comes in and K buffers; q_t = b + c_t W, c the control;
                R_ij,t = softmax_j( q_ij,t ) for rows i = 0 (out) to K; m_i,t = sum_j R_ij,t buf_j,t, r_t = sum_j R_0j,t
                buf_j,t. What is sent never has a say in where it goes
    Parameters: area/A/from/CONTROL/weight (N, S, (K + 1)^2), row by row, by `init`; area/A/bias (N, 1, (K + 1)^2), 0
                but `closed` where a buffer keeps what it holds and -closed where it takes what another holds
    Shapes:     what comes in (N, B, T, *units), U of them, control (N, B, T, *source units) -> (N, B, T, U); before the
                first step buffers are 0
    Units:      those of what comes in; routes in [0, 1]
    Rules:      backprop and bptt, and perturbation of weights
    Reference:  Kriete, Noelle, Cohen & O'Reilly (2013) PNAS 110:16390, there routes are addresses held in buffers and
                chosen by reward, here a softmax
    """

    def __init__(self, name: str, spec: RouterSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._fill = fill
        self._places = spec.slots + 1
        self._controls = prod(inputs[spec.control])
        (self._source,) = (source for source in inputs if source != spec.control)
        self._weight, self._bias = f"area/{name}/from/{spec.control}/weight", f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address; buffers lean to keeping what they hold."""
        routes = self._places**2
        lean = self._spec.closed * (2.0 * torch.eye(self._places) - 1.0)
        lean[0], lean[:, 0] = 0.0, 0.0
        return {
            self._weight: self._fill(draw.at("parameter", self._weight), (self._controls, routes), self._controls),
            self._bias: lean.reshape(1, 1, routes).repeat(draw.seeds_N.shape[0], 1, 1),
        }

    def start(self, like: Tensor) -> State:
        """Empty buffers (N, B, K, U)."""
        return (like.new_zeros(*like.shape[:2], self._spec.slots, self._spec.size),)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        control, sent = inputs[self._spec.control], inputs[self._source].flatten(3)
        N, B, T = sent.shape[:3]
        asked = control.reshape(N, B * T, -1)
        drive = by.synapse.linear(asked, by.weight[self._weight], by.weight[self._bias], self._weight, by.own)
        routes = torch.softmax(drive.reshape(N, B, T, self._places, self._places), dim=-1)
        out = []
        for step in range(T):
            (held,) = state if step == 0 else carried(state, step, by)
            there = torch.cat([sent[:, :, step, None], held], dim=2)
            gone = (routes[:, :, step, :, :, None] * there[:, :, None]).sum(dim=3)
            out.append(gone[:, :, 0])
            state = (gone[:, :, 1:],)
        return torch.stack(out, dim=2), state
