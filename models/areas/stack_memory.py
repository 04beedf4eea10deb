"""Last in, first out: a stack whose acts are chosen by degrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.areas.activation import FORMS, sigmoid
from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.structures import StackMemorySpec


@final
class StackMemory:
    """A stack onto which things are put and from which they are taken, the last first.

    Dynamics:   [z, c]_t = b + sum_p x_p,t W_p; g_t = s( z_t ), the share that is pushed, s the logistic function;
                s_0,t = g_t f(c_t) + (1 - g_t) s_1,t-1, and below it, of D places, s_i,t = g_t s_i-1,t-1
                + (1 - g_t) s_i+1,t-1; r_t = s_0,t, the top; below the last place there is 0, and what is pushed there
                is lost
    Parameters: area/A/from/SOURCE/weight (N, S, 1 + V), V numbers in a place, that of the act first; area/A/bias
                (N, 1, 1 + V); weights by `init` with fan_in = inputs, biases 0 but `pushes` of the act
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, V); before the first step all places are 0
    Units:      rates dimensionless; what is pushed a share in [0, 1], the rest is popped
    Rules:      backprop and bptt, and perturbation of weights
    Reference:  Joulin & Mikolov (2015) Inferring algorithmic patterns with stack-augmented recurrent nets, NeurIPS,
                equations 3 to 7; there hidden units that see the top choose, here what pathways bring, among which may
                be one from it with a delay
    """

    def __init__(self, name: str, spec: StackMemorySpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._fill = fill
        self._wide = 1 + spec.size
        self._widths = {f"area/{name}/from/{source}/weight": math.prod(units) for source, units in inputs.items()}
        self._sources = tuple(inputs)
        self._bias = f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address; acts lean to pushing."""
        fan_in = sum(self._widths.values())
        params = {
            address: self._fill(draw.at("parameter", address), (width, self._wide), fan_in)
            for address, width in self._widths.items()
        }
        params[self._bias] = torch.zeros(draw.seeds_N.shape[0], 1, self._wide)
        params[self._bias][..., 0] = self._spec.pushes
        return params

    def start(self, like: Tensor) -> State:
        """An empty stack (N, B, D, V)."""
        return (like.new_zeros(*like.shape[:2], self._spec.depth, self._spec.size),)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, V)."""
        N, B, T = inputs[self._sources[0]].shape[:3]
        drive = by.weight[self._bias]
        for source, address in zip(self._sources, self._widths, strict=True):
            x = inputs[source].reshape(N, B * T, -1)
            drive = by.synapse.linear(x, by.weight[address], drive, address, by.own)
        drive = drive.reshape(N, B, T, 1, -1)
        share, offered = sigmoid(drive[..., :1]), FORMS[self._spec.act](drive[..., 1:])
        tops = []
        for step in range(T):
            (stack,) = state if step == 0 else carried(state, step, by)
            push = share[:, :, step]
            above = torch.cat([offered[:, :, step], stack[:, :, :-1]], dim=2)
            below = torch.cat([stack[:, :, 1:], torch.zeros_like(stack[:, :, :1])], dim=2)
            stack = push * above + (1.0 - push) * below
            state = (stack,)
            tops.append(stack[:, :, 0])
        return torch.stack(tops, dim=2), state
