"""Errors sent back through fixed random weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit import FeedbackAlignmentSpec


def feedback_address(weight: str) -> str:
    """Where the feedback weights of a forward weight are kept."""
    return f"rule/{weight}/feedback"


class _Linear(torch.autograd.Function):
    """Forward base + x W; backward dx = g B^T."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, base: Tensor, feedback: Tensor) -> Tensor:
        ctx.save_for_backward(x, feedback)
        ctx.base_rows = base.shape[1]
        return torch.baddbmm(base, x, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, feedback = ctx.saved_tensors
        wants_x, wants_weight, wants_base, _ = ctx.needs_input_grad
        down = torch.bmm(g, feedback.mT) if wants_x else None
        weight = torch.bmm(x.mT, g) if wants_weight else None
        base = (g.sum(1, keepdim=True) if ctx.base_rows == 1 else g) if wants_base else None
        return down, weight, base, None


class _Conv(torch.autograd.Function):
    """K * x forward, for one life; the transposed convolution with B backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, feedback: Tensor, stride: int, pad: int) -> Tensor:
        ctx.save_for_backward(x, feedback)
        ctx.geometry = ([stride, stride], [pad, pad], [1, 1], False, [0, 0], 1)
        return functional.conv2d(x, weight, None, stride, pad)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, feedback = ctx.saved_tensors
        wants = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], False]
        # The weight given only shapes the derivative of the weight, so one call with B serves both.
        down, weight, _ = torch.ops.aten.convolution_backward(g, x, feedback, None, *ctx.geometry, wants)
        return down, weight, None, None, None


@final
class Aligned:
    """Multiplication whose backward pass uses the feedback weights; exact where there are none (inputs from senses)."""

    def __init__(self, exact: Synapse) -> None:
        self._exact = exact

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W."""
        feedback = own.get(feedback_address(address))
        if feedback is None:
            return self._exact.linear(x_NMS, weight_NSU, base, address, own)
        return _Linear.apply(x_NMS, weight_NSU, base, feedback)  # type: ignore[no-any-return, no-untyped-call]

    def conv(self, x: Tensor, weight: Tensor, stride_pad: tuple[int, int], address: str, own: Params) -> Tensor:
        """Life by life."""
        feedback = own.get(feedback_address(address))
        if feedback is None:
            return self._exact.conv(x, weight, stride_pad, address, own)
        lives = zip(x.unbind(0), weight.unbind(0), feedback.unbind(0), strict=True)
        return torch.stack([_Conv.apply(*each, *stride_pad) for each in lives])  # type: ignore[no-untyped-call]


@final
class FeedbackAlignment:
    """The error below an area is sent through fixed random weights B instead of the transposed forward weights.

    Update:      dW_l = -rate * x_{l-1}^T d_l; d_{l-1} = (d_l B_l^T) * f'
    Information: the presynaptic rate, and the error of its own area as B brings it; no other synapse's weight
    Shapes:      B like W, (N, S, U) or (N, out, in, k, k); entries N(0, scale^2 / fan_out)
    Units:       cost per unit of weight
    Exactness:   B := W gives the gradient; the uppermost area of the circuit always gets the gradient
    Out:         the error below the circuit, sent through B
    Reference:   Lillicrap, Cownden, Tweed & Akerman (2016) Nat. Commun. 7:13276; conv: transposed convolution with B
    """

    def __init__(self, spec: FeedbackAlignmentSpec, exact: Synapse) -> None:
        self._spec = spec
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> Params:
        """One B for every weight whose input carries an error."""
        return {
            feedback_address(weight): draw.at("rule", feedback_address(weight)).normal(*shape)
            * (self._spec.scale / math.sqrt(_fan_out(shape)))
            for weight, shape in shapes.items()
        }

    def synapse(self) -> Synapse:
        """The multiplication with feedback weights."""
        return Aligned(self._exact)


def _fan_out(shape: tuple[int, ...]) -> int:
    """Units that one input reaches: U of (S, U), out k k of (out, in, k, k)."""
    return shape[-1] if len(shape) == 2 else math.prod(shape) // shape[1]
