"""Working memory: slots behind gates that learn what to let in, by degrees or by what comes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.areas.activation import FORMS, sigmoid
from models.areas.choosing import drawn
from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Choice, Fill, Params, Pass, State
from models.specs.areas import GateBufferSpec


@final
class GateBuffer:
    """Slots that keep what they hold until their gate lets something else in.

    Dynamics:   [z, c]_t = b + sum_p x_p,t W_p; g_t = s( z_t + m_{t-1} R ), one gate for each of K slots, s the logistic
                function; m_k,t = g_k,t f(c_t) + (1 - g_k,t) m_k,t-1; r_t = [m_1, ..., m_K]_t. With `control`: c_t of
                all other pathways; a_t is drawn from softmax_k h_t, h what the control says, anew at every time step;
                m_k,t = f(c_t) if a_t = k, else m_k,t-1; all slots keep what they hold if a_t = K + 1
    Parameters: area/A/from/SOURCE/weight (N, S, K + V), V numbers in a slot, the gates' first; area/A/recurrent/weight
                (N, K V, K); area/A/bias (N, 1, K + V); weights by `init` with fan_in = inputs and all slots, biases 0
                but -closed of the gates. With `control`: area/A/from/SOURCE/weight (N, S, V) and area/A/bias (N, 1, V),
                fan_in = inputs but the control
    Shapes:     inputs (N, B, T, *source units), control K + 1 -> (N, B, T, K V); before the first step slots are 0
    Units:      rates dimensionless; gates in [0, 1]
    Rules:      backprop and bptt, and perturbation of weights. None passes errors to the control: a policy_gradient
                here, with `answer`, credits the choice to what gave the control, by whatever rule that learns
    Reference:  O'Reilly & Frank (2006) Neural Comput. 18:283, there as with `control`: gates open or close at once, by
                reward; slots: Cowan (2001) Behav. Brain Sci. 24:87
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


@final
class ChosenGates:
    """Slots of which one at most takes in what comes, all of it, as the control says with the softmax of its rates."""

    def __init__(self, name: str, spec: GateBufferSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        assert spec.control is not None
        self.shape: tuple[int, ...] = (spec.size,)
        self._name, self._spec, self._control, self._fill = name, spec, spec.control, fill
        self._widths = {source: math.prod(units) for source, units in inputs.items() if source != spec.control}
        self._address = {source: f"area/{name}/from/{source}/weight" for source in self._widths}
        self._bias = f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address, biases 0."""
        fan_in, width = sum(self._widths.values()), self._spec.width
        params = {
            address: self._fill(draw.at("parameter", address), (self._widths[source], width), fan_in)
            for source, address in self._address.items()
        }
        return params | {self._bias: torch.zeros(draw.seeds_N.shape[0], 1, width)}

    def start(self, like: Tensor) -> State:
        """Empty slots (N, B, K V), and how many steps went before (N, B): by them draws are addressed."""
        return like.new_zeros(*like.shape[:2], self._spec.size), like.new_zeros(like.shape[:2])

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, K V)."""
        before, since_NB = state
        _, choice_NBT = drawn(self._name, inputs[self._control], since_NB, by)
        N, B, T = choice_NBT.shape
        drive = by.weight[self._bias]
        for source, address in self._address.items():
            x = inputs[source].reshape(N, B * T, -1)
            drive = by.synapse.linear(x, by.weight[address], drive, address, by.own)
        offered = FORMS[self._spec.act](drive).reshape(N, B, T, 1, -1)
        opens = (choice_NBT[..., None] == torch.arange(self._spec.slots, device=choice_NBT.device))[..., None]
        held = []
        for step in range(T):
            kept = before if step == 0 else by.synapse.carry(before, step)
            slots = kept.reshape(N, B, self._spec.slots, -1)
            before = torch.where(opens[:, :, step], offered[:, :, step], slots).flatten(2)
            held.append(before)
        return torch.stack(held, dim=2), (before, since_NB + T)

    def choice(self, inputs: Mapping[str, Tensor], by: Pass) -> Choice:
        """Which slot takes in what comes, the last for none, and by which logits."""
        control = inputs[self._control]
        return drawn(self._name, control, self.start(control)[1], by)
