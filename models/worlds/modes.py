"""What a linear world is made of."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Modes(NamedTuple):
    """Singular vectors and values of a world's map from inputs to targets, K of them."""

    left: Tensor
    """(targets, K)."""
    strength: Tensor
    """(K,)."""
    right: Tensor
    """(inputs, K)."""


def applied(matrix: Tensor, x: Tensor) -> Tensor:
    """sum_j M[i, j] x[..., j], one j after another: a product of matrices would depend on how many items there are."""
    rows = x.reshape(-1, x.shape[-1]).mT.contiguous()
    y = matrix[:, :1] * rows[:1]
    for column in range(1, len(rows)):
        y += matrix[:, column : column + 1] * rows[column : column + 1]
    return y.mT.contiguous().reshape(*x.shape[:-1], len(matrix))
