"""One place among many, found by what is there or drawn by who says where to look."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.areas.choosing import drawn
from models.draw import Draw
from models.protocols import Choice, Fill, Params, Pass, State
from models.specs.structures import AttentionSpec


@final
class Attention:
    """A mean over the places of a map, weighed by how well each answers what is asked; or one window of it, as it is.

    Dynamics:   q = sum_p x_p W_p over the pathways that ask; k_i, v_i = y_i W for each place i of the parts, y_i its
                features; a_i = softmax_i (q k_i / sqrt(width)); r = sum_i a_i v_i. With `glimpse`: one place i of the
                window is drawn from softmax_i c_i, c what the control says, anew at every time step, and r are the
                parts in the window there
    Parameters: area/A/from/SOURCE/weight (N, S, width) of what asks, area/A/from/PARTS/weight (N, maps, width + U), of
                keys first; by `init` with fan_in = inputs of one unit. With `glimpse`: none
    Shapes:     parts (N, B, T, maps, height, width), others (N, B, T, *source units) -> (N, B, T, U); with `glimpse`
                (N, B, T, maps, glimpse, glimpse), places row by row
    Units:      rates dimensionless; in a window those of the parts
    Rules:      backprop, bptt, local_error, weight_perturbation; soft, so that errors pass to all inputs. With
                `glimpse` none teaches it; errors pass to the parts in the window by backprop and bptt. None passes to
                the control: a policy_gradient here, with `answer`, credits the choice to what gave the control, by
                whatever rule that learns
    Reference:  Bahdanau, Cho & Bengio (2015) ICLR; scaled products: Vaswani et al. (2017) NeurIPS; here one head, and
                places are told apart by their features alone. A glimpse: Mnih, Heess, Graves & Kavukcuoglu (2014)
                NeurIPS; there its place is continuous and it gets coarser outwards
    """

    def __init__(self, name: str, spec: AttentionSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        assert spec.size is not None
        self.shape: tuple[int, ...] = (spec.size,)
        self._units = spec.size
        self._spec = spec
        self._fill = fill
        self._address = {source: f"area/{name}/from/{source}/weight" for source in inputs}
        self._asking = {source: math.prod(units) for source, units in inputs.items() if source != spec.parts}
        self._features = inputs[spec.parts][0]

    def init(self, draw: Draw) -> Params:
        """Weights by address."""
        fan_in, width = sum(self._asking.values()), self._spec.width
        shapes = {source: (units, width) for source, units in self._asking.items()}
        params = {}
        for source, shape in (shapes | {self._spec.parts: (self._features, width + self._units)}).items():
            address = self._address[source]
            inputs = self._features if source == self._spec.parts else fan_in
            params[address] = self._fill(draw.at("parameter", address), shape, inputs)
        return params

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        seen, width = inputs[self._spec.parts], self._spec.width
        N, B, T = seen.shape[:3]
        parts = seen.reshape(N, B * T, self._features, -1).mT.flatten(1, 2)
        both = self._weighed(self._spec.parts, parts, by, parts.new_zeros(N, 1, width + self._units))
        both = both.reshape(N, B * T, -1, both.shape[-1])
        key, value = both[..., :width], both[..., width:]
        asked = parts.new_zeros(N, 1, width)
        for source in self._asking:
            asked = self._weighed(source, inputs[source].reshape(N, B * T, -1), by, asked)
        match = (key * asked[:, :, None]).sum(dim=-1) / math.sqrt(width)
        weight = torch.softmax(match, dim=-1)
        return (weight[..., None] * value).sum(dim=2).reshape(N, B, T, -1), state

    def _weighed(self, source: str, x_NMS: Tensor, by: Pass, base: Tensor) -> Tensor:
        address = self._address[source]
        return by.synapse.linear(x_NMS, by.weight[address], base, address, by.own)


@final
class Glimpse:
    """One window of the parts, cut out where the control says with the softmax of its rates."""

    def __init__(self, name: str, spec: AttentionSpec, inputs: Mapping[str, tuple[int, ...]]) -> None:
        assert spec.control is not None
        maps, height, width = inputs[spec.parts]
        side, stride = spec.grid
        self.shape: tuple[int, ...] = (maps, side, side)
        self._name, self._parts, self._control = name, spec.parts, spec.control
        field = torch.arange(height * width).reshape(height, width)
        self._window = field.unfold(0, side, stride).unfold(1, side, stride).reshape(-1, side * side)

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def start(self, like: Tensor) -> State:
        """How many steps went before (N, B): by them draws are addressed."""
        return (like.new_zeros(like.shape[:2]),)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, maps, side, side)."""
        seen, (since_NB,) = inputs[self._parts].flatten(4), state
        _, place_NBT = drawn(self._name, inputs[self._control], since_NB, by)
        window = self._window[place_NBT].unsqueeze(3).expand(*seen.shape[:4], -1)
        return seen.gather(4, window).reshape(*seen.shape[:3], *self.shape), (since_NB + seen.shape[2],)

    def choice(self, inputs: Mapping[str, Tensor], by: Pass) -> Choice:
        """Where it looks, and by which logits."""
        control = inputs[self._control]
        return drawn(self._name, control, self.start(control)[0], by)
