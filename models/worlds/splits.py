"""Splits that hold back values of a factor, where the claim is generalisation."""

from __future__ import annotations

from torch import Tensor

SHARES = {"train": (0.0, 0.75), "valid": (0.75, 0.125), "test": (0.875, 0.125)}
"""First value and extent of what each split has of a range."""


def held_out(uniform: Tensor, split: str) -> Tensor:
    """Numbers from the part of (0, 1) that a split has: three quarters, an eighth, an eighth."""
    first, extent = SHARES[split]
    return first + extent * uniform


def held_out_of(count: int, split: str) -> tuple[int, int]:
    """The first, and how many, of `count` classes that a split has; each split has one at least from three on."""
    tail = max(1, count // 8)
    return {"train": (0, count - 2 * tail), "valid": (count - 2 * tail, tail), "test": (count - tail, tail)}[split]
