"""What a linear world is made of."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from models.draw import Draw


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


def orthonormal(draw: Draw, d: int, count: int) -> Tensor:
    """Columns (d, count) made by Gram and Schmidt of what is drawn, float64, the largest entry of each positive."""
    columns: list[Tensor] = []
    for vector in draw.normal(count, d)[0].double():
        rest = vector
        for _ in range(2):  # once more: what rounding left of the others
            for column in columns:
                rest = rest - (rest * column).sum() * column
        rest = rest / rest.square().sum().sqrt()
        columns.append(rest * rest[rest.abs().argmax()].sign())
    return torch.stack(columns, dim=1)
