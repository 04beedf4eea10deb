"""The error at the output, broadcast to every area through fixed random weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.broadcast import DirectFeedbackSpec


class _Broadcast(torch.autograd.Function):
    """The rate of an output as it is; backward its error for itself, and through D for every area below."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, count: int, *rest: Tensor) -> Tensor:
        ctx.save_for_backward(*rest[count:])
        ctx.shapes = [below.shape for below in rest[:count]]
        return rate.view_as(rate)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        error_NMO = g.flatten(3).flatten(1, 2)
        wanted = ctx.needs_input_grad[2:]
        down = [
            torch.bmm(error_NMO, feedback).reshape(shape) if wants else None
            for feedback, shape, wants in zip(ctx.saved_tensors, ctx.shapes, wanted, strict=False)
        ]
        return g, None, *down, *[None] * len(down)


@final
class DirectFeedback:
    """Every area hears the error at the circuit's outputs through fixed random weights D of its own.

    Update:      dW_l = -rate * h_{l-1}^T ((e D_l) * f'), e the error at the rates of an output, D_l (output, area);
                 summed over outputs
    Information: the presynaptic rate, its own area's derivative, the error at the outputs; no synapse's weight
    Shapes:      D_l (N, O, U), entries N(0, gain^2 / O); U all units of the area
    Units:       cost per unit of weight
    Exactness:   the outputs always get the gradient: they use their true error. D_l := W^T of the one pathway between
                 an area and the output gives the gradient there
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Nokland (2016) NeurIPS 29:1037; there the error before the output's activation, here at its rates,
                 which is the same for an output without activation
    """

    into_ends = False

    def __init__(self, spec: DirectFeedbackSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One D for every area and every output above it."""
        own: Params = {}
        for end in self._circuit.ends:
            outputs = math.prod(self._circuit.units[end])
            for area in self._circuit.below[end]:
                address, units = _address(area, end), math.prod(self._circuit.units[area])
                own[address] = draw.at("rule", address).normal(outputs, units) * (self._spec.gain / math.sqrt(outputs))
        return {}, own

    def synapse(self) -> Synapse:
        """The exact multiplication: within an area, and at the outputs, errors are gradients."""
        return self._exact

    def join(self, area: str, rate: Mapping[str, Tensor], own: Params) -> Tensor:
        """The rate of an output, from which its error goes to all areas below it."""
        below = self._circuit.below[area]
        if area not in self._circuit.ends or not below:
            return rate[area]
        feedback = [own[_address(each, area)] for each in below]
        return _Broadcast.apply(rate[area], len(below), *(rate[each] for each in below), *feedback)  # type: ignore[no-any-return, no-untyped-call]


def _address(area: str, end: str) -> str:
    return f"rule/area/{area}/broadcast/{end}"
