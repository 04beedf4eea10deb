"""Products of the stacks of all lives, each taken by the kernels that are fastest for its shape.

The shape of one life alone decides, so that a life's bits do not depend on how many there are.
"""

from __future__ import annotations

import torch
from torch import Tensor

FEW = 12
"""Units below which a product is taken transposed: for 10, MKL needs four times as long as for 12."""

LARGE = 1 << 22
"""Multiplications in a life's product from which oneDNN takes it, life by life: it uses AVX-512 where MKL, told to
keep to AVX2, does not, and from here on that earns what its calls cost more."""

_ONEDNN = torch.backends.mkldnn.is_available()


def lone(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    """Whether one life is alone and its product a vector: it is taken in another order than that of several."""
    return len(left_NMS) == 1 and 1 in (*left_NMS.shape[1:], right_NSU.shape[2])


def large(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    """Whether oneDNN takes the product: it has no thin side and many multiplications."""
    sides = (*left_NMS.shape[1:], right_NSU.shape[2])
    rows, inner, columns = sides
    fits = left_NMS.is_cpu and left_NMS.dtype == torch.float32 and min(sides) >= FEW
    return _ONEDNN and fits and rows * inner * columns >= LARGE


def product(left_NMS: Tensor, right_NSU: Tensor) -> Tensor:
    """The product (N, M, U) of each life; it carries no errors."""
    if not large(left_NMS, right_NSU):
        return torch.bmm(left_NMS, right_NSU)
    found_NMU = left_NMS.new_empty(*left_NMS.shape[:2], right_NSU.shape[2])
    for found, left, right in zip(found_NMU.unbind(0), left_NMS.unbind(0), right_NSU.mT.unbind(0), strict=True):
        found.copy_(torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], ""))
    return found_NMU


def weighed(base: Tensor, x_NMS: Tensor, weight_NSU: Tensor) -> Tensor:
    """The sum base + x W (N, M, U); of few units as (base^T + W^T x^T)^T."""
    if weight_NSU.shape[2] < FEW:
        return torch.baddbmm(base.mT, weight_NSU.mT, x_NMS.mT).mT.contiguous()
    if large(x_NMS, weight_NSU):
        return product(x_NMS, weight_NSU).add_(base)
    return torch.baddbmm(base, x_NMS, weight_NSU)


def paired(x_NMS: Tensor, error_NMU: Tensor) -> Tensor:
    """The sum x^T d over M, (N, S, U); of few units as (d^T x)^T."""
    if error_NMU.shape[2] < FEW:
        return product(error_NMU.mT, x_NMS).mT.contiguous()
    return product(x_NMS.mT, error_NMU)
