"""Errors to which a deficit adds a constant."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _Pushed(torch.autograd.Function):
    """Rates as they are; backward a number more for each of them, for lives that have one."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, push_N: Tensor) -> Tensor:
        ctx.save_for_backward(push_N)
        return rate.view_as(rate)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        (push_N,) = ctx.saved_tensors
        push = push_N.reshape(-1, *[1] * (g.dim() - 1))
        return torch.where(push != 0, g + push, g), None


def pushed(rate: Tensor, push_N: Tensor | None, steps: int) -> Tensor:
    """Rates (N, B, ...) of items of so many steps whose errors are those of a cost that is higher by push x mean rate.

    They are so whichever costs are heard; who hears none has no error to add to.
    """
    if push_N is None or not rate.requires_grad:
        return rate
    numbers = rate[0, :, 0].numel() * steps
    return _Pushed.apply(rate, push_N / numbers)  # type: ignore[no-any-return, no-untyped-call]
