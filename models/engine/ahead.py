"""Items of several batches drawn at once: the same items, with less to say for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.protocols import Shown

_FLOATS = 1 << 18
_BATCHES = 32

Draws = Callable[[npt.NDArray[np.int64], Tensor], tuple[Tensor, Shown]]
"""How much each life had seen, and presentations (N, M) -> their items (N, M), and what is shown of these."""


@dataclass(frozen=True)
class _Block:
    """What was drawn: of each life the presentations from `start_N` on."""

    start_N: npt.NDArray[np.int64]
    item: Tensor
    shown: Shown


class Ahead:
    """Batches of a cohort, cut from blocks of as many as are light enough to be drawn together.

    Lives that stand still while others go on keep their place in the block.
    """

    def __init__(self, draws: Draws, batch: int, floats: int) -> None:
        """`floats` is what one batch of all lives weighs."""
        self._draws = draws
        self._batch = batch
        self._presentations = batch * max(1, min(_BATCHES, _FLOATS // max(1, floats)))
        self._step = torch.arange(self._presentations)
        self._block: _Block | None = None

    def at(self, shown_N: npt.NDArray[np.int64]) -> tuple[Tensor, Shown]:
        """Items (N, B) after so many presentations, and what is shown of them."""
        block = self._block
        first_N = None if block is None else shown_N - block.start_N
        last = self._presentations - self._batch
        if block is None or first_N is None or int(first_N.min()) < 0 or int(first_N.max()) > last:
            item, shown = self._draws(shown_N, torch.from_numpy(shown_N)[:, None] + self._step)
            block, first_N = _Block(shown_N.copy(), item, shown), np.zeros_like(shown_N)
            self._block = block
        channels, label, factors = block.shown
        cut = self._cut(first_N)
        told = None if label is None else cut(label)
        return cut(block.item), (
            {n: cut(x) for n, x in channels.items()},
            told,
            {n: cut(x) for n, x in factors.items()},
        )

    def _cut(self, first_N: npt.NDArray[np.int64]) -> Callable[[Tensor], Tensor]:
        """Takes the batch that begins at these places of the block, in memory of its own."""
        first = int(first_N[0])
        if (first_N == first).all():
            return lambda x: x[:, first : first + self._batch].clone(memory_format=torch.contiguous_format)
        lives = torch.arange(len(first_N))[:, None]
        places = torch.from_numpy(first_N)[:, None] + self._step[: self._batch]
        return lambda x: x[lives, places]
