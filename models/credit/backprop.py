"""The gradient itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.draw import Draw
from models.protocols import Params, Synapse


@final
class Exact:
    """Multiplication whose backward pass is its derivative."""

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W."""
        return torch.baddbmm(base, x_NMS, weight_NSU)

    def conv(self, x: Tensor, weight: Tensor, stride_pad: tuple[int, int], address: str, own: Params) -> Tensor:
        """Life by life: a grouped convolution takes other kernels for other numbers of lives."""
        stride, pad = stride_pad
        pairs = zip(x.unbind(0), weight.unbind(0), strict=True)
        return torch.stack([functional.conv2d(each, kernel, None, stride, pad) for each, kernel in pairs])


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
