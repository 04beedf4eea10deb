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
