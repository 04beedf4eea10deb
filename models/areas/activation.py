"""Activations whose bits do not depend on where in a stack a value stands.

The vector body and the scalar tail of several library kernels (sigmoid, elu, softplus, gelu) differ in the last bit, so
a life would depend on its slot. The forms here are composed of operations that do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from models.specs.area_base import Activation


def identity(x: Tensor) -> Tensor:
    """The drive itself."""
    return x


def elu(x: Tensor) -> Tensor:
    """The drive x above 0, exp(x) - 1 below."""
    return torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0.0)))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) = tanh(x / 2) / 2 + 1 / 2."""
    return 0.5 * torch.tanh(0.5 * x) + 0.5


def hard_sigmoid(x: Tensor) -> Tensor:
    """The drive clipped to [0, 1]."""
    return torch.clamp(x, 0.0, 1.0)


def sigmoid4(x: Tensor) -> Tensor:
    """1 / (1 + exp(-4 (x - 1/2))): slope 1 at its middle, which lies at 1/2."""
    return 0.5 * torch.tanh(2.0 * x - 1.0) + 0.5


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)), stable for large |x|."""
    return torch.clamp(x, min=0.0) + torch.log1p(torch.exp(-x.abs()))


def gelu(x: Tensor) -> Tensor:
    """The drive x times the standard normal distribution function at x."""
    return 0.5 * x * (1.0 + torch.erf(x * math.sqrt(0.5)))


FORMS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "none": identity,
    "relu": torch.relu,
    "elu": elu,
    "tanh": torch.tanh,
    "sigmoid": sigmoid,
    "sigmoid4": sigmoid4,
    "hard_sigmoid": hard_sigmoid,
    "softplus": softplus,
    "gelu": gelu,
}
"""By name, element by element; units that spike are in `membrane`."""
