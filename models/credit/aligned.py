"""Multiplication that sends errors back through weights of another kind: what feedback-weight rules share."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.credit.backprop import stacked
from models.credit.products import paired, product, weighed
from models.credit.through import Through
from models.draw import Draw
from models.protocols import Params


def feedback_address(weight: str) -> str:
    """Where the feedback weights of a forward weight are kept."""
    return f"rule/{weight}/feedback"


def fan_out(shape: tuple[int, ...]) -> int:
    """Units that one input reaches: U of (S, U), out k k of (out, in, k, k)."""
    return shape[-1] if len(shape) == 2 else math.prod(shape) // shape[1]


def drawn(draw: Draw, weight: str, shape: tuple[int, ...], scale: float = 1.0) -> Tensor:
    """First feedback weights of a forward weight: N(0, scale^2 / fan_out)."""
    return draw.at("rule", feedback_address(weight)).normal(*shape) * (scale / math.sqrt(fan_out(shape)))


class _Linear(torch.autograd.Function):
    """Forward base + x W; backward dx = g B^T."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, base: Tensor, feedback: Tensor) -> Tensor:
        ctx.save_for_backward(x, feedback)
        ctx.base_rows = base.shape[1]
        return weighed(base, x, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, feedback = ctx.saved_tensors
        wants_x, wants_weight, wants_base, _ = ctx.needs_input_grad
        down = product(g, feedback.mT) if wants_x else None
        weight = paired(x, g) if wants_weight else None
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
class Aligned(Through):
    """Multiplication whose backward pass uses the feedback weights; exact where there are none (inputs from senses)."""

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W."""
        feedback = own.get(feedback_address(address))
        if feedback is None:
            return super().linear(x_NMS, weight_NSU, base, address, own)
        return _Linear.apply(x_NMS, weight_NSU, base, feedback.detach())  # type: ignore[no-any-return, no-untyped-call]

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """Life by life."""
        feedback = own.get(feedback_address(address))
        if feedback is None:
            return super().conv(x, weight, base, stride_pad, address, own)
        lives = zip(x.unbind(0), weight.unbind(0), feedback.detach().unbind(0), strict=True)
        return stacked([_Conv.apply(*each, *stride_pad) for each in lives], base)  # type: ignore[no-untyped-call]
