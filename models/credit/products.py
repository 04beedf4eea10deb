"""Products of the stacks of all lives, each taken by the kernels that are fastest for its shape.

Shape and layout of one life alone decide, so that a life's bits do not depend on how many there are. MKL, behind torch,
is told to keep to AVX2 and is slow where a side is thin; OpenBLAS, behind numpy, uses what the processor has and packs
nothing where a product is small, but is slow where both factors lie along the axis that is summed over; there oneDNN
takes what is large.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

THIN = 12
"""Units below which MKL is slow: for 10 it needs four times as long as for 12."""

MANY = 1 << 19
"""Multiplications in a life's product from which another library earns what calling it costs."""

LARGE = 1 << 22
"""Those from which oneDNN does, life by life."""

_UNPACKED = 1_000_000
"""Those up to which OpenBLAS packs nothing where it has AVX-512."""

_BLAS: str = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
_OPENBLAS = "openblas" in _BLAS
_ONEDNN = torch.backends.mkldnn.is_available()


def lone(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    """Whether one life is alone and its product a vector: it is taken in another order than that of several."""
    return left_NMS.shape[0] == 1 and 1 in (*left_NMS.shape[1:], right_NSU.shape[2])


def apart(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    """Whether the product is better taken here than by torch: it is thin, or has many multiplications."""
    _, rows, inner = left_NMS.shape
    columns = right_NSU.shape[2]
    return columns < THIN or rows * inner * columns >= MANY


def product(left_NMS: Tensor, right_NSU: Tensor) -> Tensor:
    """The product (N, M, U) of each life; it carries no errors."""
    if left_NMS.is_cpu and left_NMS.dtype == torch.float32:
        if _OPENBLAS:
            right = right_NSU.contiguous() if left_NMS.shape[2] < THIN else right_NSU
            if _fits(left_NMS, right):
                return _by_openblas(left_NMS, right)
        if _ONEDNN and _large(left_NMS, right_NSU):
            return _by_onednn(left_NMS, right_NSU)
    if right_NSU.shape[2] < THIN:
        return torch.bmm(right_NSU.mT, left_NMS.mT).mT.contiguous()
    return torch.bmm(left_NMS, right_NSU)


def weighed(base: Tensor, x_NMS: Tensor, weight_NSU: Tensor) -> Tensor:
    """The sum base + x W (N, M, U)."""
    return product(x_NMS, weight_NSU).add_(base) if apart(x_NMS, weight_NSU) else torch.baddbmm(base, x_NMS, weight_NSU)


def paired(x_NMS: Tensor, error_NMU: Tensor) -> Tensor:
    """The sum x^T d over M, (N, S, U)."""
    return product(x_NMS.mT, error_NMU)


def _fits(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    """Whether both are matrices, no vectors, that lie as BLAS wants them, the right one row by row."""
    _, rows, inner = left_NMS.shape
    columns = right_NSU.shape[2]
    if min(rows, inner, columns) == 1:
        return False
    _, row, column = left_NMS.stride()
    _, below, beside = right_NSU.stride()
    lies = (column == 1 and row >= inner) or (row == 1 and column >= rows)
    return lies and beside == 1 and below >= columns


def _by_openblas(left_NMS: Tensor, right_NSU: Tensor) -> Tensor:
    """In halves of the rows where each of them then needs no packing and the whole would.

    Lives that leave the finite numbers are found by those who record them: no word of it here.
    """
    found_NMU = left_NMS.new_empty(*left_NMS.shape[:2], right_NSU.shape[2])
    left, right, found = left_NMS.detach().numpy(), right_NSU.detach().numpy(), found_NMU.numpy()
    rows = left.shape[1]
    most = rows * left.shape[2] * right.shape[2]
    step = -(-rows // 2) if _UNPACKED < most <= 2 * _UNPACKED else rows
    with np.errstate(all="ignore"):
        for row in range(0, rows, step):
            np.matmul(left[:, row : row + step], right, out=found[:, row : row + step])
    return found_NMU


def _large(left_NMS: Tensor, right_NSU: Tensor) -> bool:
    _, rows, inner = left_NMS.shape
    columns = right_NSU.shape[2]
    return min(rows, inner, columns) >= THIN and rows * inner * columns >= LARGE


def _by_onednn(left_NMS: Tensor, right_NSU: Tensor) -> Tensor:
    found_NMU = left_NMS.new_empty(*left_NMS.shape[:2], right_NSU.shape[2])
    for found, left, right in zip(found_NMU.unbind(0), left_NMS.unbind(0), right_NSU.mT.unbind(0), strict=True):
        found.copy_(torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], ""))
    return found_NMU
