"""The gradient itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.credit.products import apart, lone, paired, product, weighed
from models.draw import Draw
from models.protocols import Params, Synapse

USUAL_SLOPE = 10.0
"""Of the surrogate by which errors pass a spike where no rule chooses another."""


class _Spike(torch.autograd.Function):
    """1 above 0, else 0; backward as if it were v / (1 + slope |v|)."""

    @staticmethod
    def forward(ctx: Any, potential: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(potential)
        ctx.slope = slope
        return (potential > 0).to(potential.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        (potential,) = ctx.saved_tensors
        return g / (1.0 + ctx.slope * potential.abs()).square(), None


class _Weighed(torch.autograd.Function):
    """The sum base + x W where its shape asks for kernels of its own, on the way back as well."""

    @staticmethod
    def forward(ctx: Any, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor) -> Tensor:
        ctx.save_for_backward(x_NMS, weight_NSU)
        ctx.save_for_forward(x_NMS, weight_NSU)
        ctx.rows = base.shape[1]
        return weighed(base, x_NMS, weight_NSU)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x_NMS, weight_NSU = ctx.saved_tensors
        wants_x, wants_weight, wants_base = ctx.needs_input_grad
        down = product(g, weight_NSU.mT) if wants_x else None
        weight = paired(x_NMS, g) if wants_weight else None
        base = (g.sum(1, keepdim=True) if ctx.rows == 1 else g) if wants_base else None
        return down, weight, base

    @staticmethod
    def jvp(ctx: Any, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor) -> Tensor:
        """From tangents, 0 where an input has none."""
        x, weight = ctx.saved_tensors
        return weighed(base, x_NMS, weight) + product(x, weight_NSU)


def surrogate(potential: Tensor, slope: float) -> Tensor:
    """1 above 0, else 0; its way back is the derivative 1 / (1 + slope |v|)^2 of a fast sigmoid."""
    return _Spike.apply(potential, slope)  # type: ignore[no-any-return, no-untyped-call]


@final
class Exact:
    """Multiplication whose backward pass is its derivative."""

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W; a life whose bits would tell that it is alone is given a companion."""
        if lone(x_NMS, weight_NSU):
            x, weight, start = (torch.cat([each, each]) for each in (x_NMS, weight_NSU, base))
            return self.linear(x, weight, start, address, own)[:1]
        if apart(x_NMS, weight_NSU):
            return _Weighed.apply(x_NMS, weight_NSU, base)  # type: ignore[no-any-return, no-untyped-call]
        return torch.baddbmm(base, x_NMS, weight_NSU)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """Life by life: a grouped convolution takes other kernels for other numbers of lives."""
        stride, pad = stride_pad
        pairs = zip(x.unbind(0), weight.unbind(0), strict=True)
        z = [functional.conv2d(each, kernel, None, stride, pad) for each, kernel in pairs]
        return stacked(z, base)

    def carry(self, state: Tensor, step: int) -> Tensor:
        """The state with its errors: they go back through all of time."""
        return state

    def spike(self, potential: Tensor) -> Tensor:
        """A step; as its derivative is 0 almost everywhere, errors pass by a surrogate of usual slope."""
        return surrogate(potential, USUAL_SLOPE)


class _Laid(torch.autograd.Function):
    """Maps as they are; their errors lie place by place.

    How a single item lies in memory is a guess, and sums over its error would follow the guess.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        return z.view_as(z)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        return g.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def jvp(ctx: Any, z: Tensor) -> Tensor:
        return z.view_as(z)


def stacked(z: Sequence[Tensor], base: Tensor | None) -> Tensor:
    """What the convolutions of all lives gave, plus a base: (M, maps, h, w) of each -> (N, M, maps, h, w).

    In memory the maps of a place lie side by side: tiles are pooled several times as fast so.
    """
    if base is not None:
        for each, more in zip(z, base.unbind(0), strict=True):
            each.add_(more)
    laid = [_Laid.apply(each) for each in z]  # type: ignore[no-untyped-call]
    return torch.stack([each.permute(0, 2, 3, 1) for each in laid]).permute(0, 1, 4, 2, 3)


@final
class Backprop:
    """Every parameter descends the gradient of the weighted sum of the costs.

    Update:      dW = -rate * dJ/dW
    Information: the transposed forward weights of every synapse above, the error vector of the costs
    Shapes:      down like the parameters, (N, ...)
    Units:       cost per unit of weight
    Exactness:   always: it is the gradient
    Out:         the gradient at the circuit's inputs
    Reference:   Rumelhart, Hinton & Williams (1986) Nature 323:533
    """

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return Exact()
