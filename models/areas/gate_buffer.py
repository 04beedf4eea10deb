"""Working memory: slots behind gates that learn what to let in."""

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
from models.specs.areas import GateBufferSpec


@final
class GateBuffer:
    """Slots that keep what they hold until their gate lets something else in.

    Dynamics:   [z, c]_t = b + sum_p x_p,t W_p; g_t = s( z_t + m_{t-1} R ), one gate for each of K slots, s the logistic
                function; m_k,t = g_k,t f(c_t) + (1 - g_k,t) m_k,t-1; r_t = [m_1, ..., m_K]_t
    Parameters: area/A/from/SOURCE/weight (N, S, K + V), V numbers in a slot, the gates' first; area/A/recurrent/weight
                (N, K V, K); area/A/bias (N, 1, K + V); weights by `init` with fan_in = inputs and all slots, biases 0
                but -closed of the gates
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, K V); before the first step slots are 0
    Units:      rates dimensionless; gates in [0, 1]
    Rules:      backprop and bptt, and perturbation of weights
    Reference:  O'Reilly & Frank (2006) Neural Comput. 18:283, there gates open or close by reward, here by degrees;
                slots: Cowan (2001) Behav. Brain Sci. 24:87
    """

    def __init__(self, name: str, spec: GateBufferSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._fill = fill
        self._wide = spec.slots + spec.width
        self._widths = {f"area/{name}/from/{source}/weight": math.prod(units) for source, units in inputs.items()}
        self._sources = tuple(inputs)
        self._own, self._bias = f"area/{name}/recurrent/weight", f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address; gates lean to closed."""
        fan_in = sum(self._widths.values()) + self._spec.size
        params = {
            address: self._fill(draw.at("parameter", address), (width, self._wide), fan_in)
            for address, width in self._widths.items()
        }
        params[self._own] = self._fill(draw.at("parameter", self._own), (self._spec.size, self._spec.slots), fan_in)
        params[self._bias] = torch.zeros(draw.seeds_N.shape[0], 1, self._wide)
        params[self._bias][..., : self._spec.slots] = -self._spec.closed
        return params

    def start(self, like: Tensor) -> State:
        """Empty slots (N, B, K V)."""
        return (like.new_zeros(*like.shape[:2], self._spec.size),)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, K V)."""
        N, B, T = inputs[self._sources[0]].shape[:3]
        drive = by.weight[self._bias]
        for source, address in zip(self._sources, self._widths, strict=True):
            x = inputs[source].reshape(N, B * T, -1)
            drive = by.synapse.linear(x, by.weight[address], drive, address, by.own)
        offered = FORMS[self._spec.act](drive[..., self._spec.slots :]).reshape(N, B, T, 1, -1)
        asked = drive[..., : self._spec.slots].reshape(N, B, T, -1)
        held = []
        for step in range(T):
            (before,) = state if step == 0 else carried(state, step, by)
            heard = by.synapse.linear(before, by.weight[self._own], asked[:, :, step], self._own, by.own)
            gate = sigmoid(heard)[..., None]
            slots = before.reshape(N, B, self._spec.slots, -1)
            state = ((slots + gate * (offered[:, :, step] - slots)).flatten(2),)
            held.append(state[0])
        return torch.stack(held, dim=2), state
