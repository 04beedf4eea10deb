"""Items of several batches drawn at once: the same items, with less to say for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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


class _Cut(Mapping[str, Tensor]):
    """What is true of a batch, each thing cut from the block when somebody asks for it: few do."""

    def __init__(self, block: Mapping[str, Tensor], cut: Callable[[Tensor], Tensor]) -> None:
        self._block = block
        self._cut = cut
        self._asked: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._asked:
            self._asked[name] = self._cut(self._block[name])
        return self._asked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._block)

    def __len__(self) -> int:
        return len(self._block)


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
        first_N = np.full_like(shown_N, -1) if block is None else shown_N - block.start_N
        least, most = int(first_N.min()), int(first_N.max())
        if block is None or least < 0 or most > self._presentations - self._batch:
            item, shown = self._draws(shown_N, torch.from_numpy(shown_N)[:, None] + self._step)
            block, first_N, least, most = _Block(shown_N.copy(), item, shown), np.zeros_like(shown_N), 0, 0
            self._block = block
        channels, label, factors = block.shown
        cut = self._one(least) if least == most else self._several(first_N)
        told = None if label is None else cut(label)
        return cut(block.item), ({n: cut(x) for n, x in channels.items()}, told, _Cut(factors, cut))

    def _one(self, first: int) -> Callable[[Tensor], Tensor]:
        """Takes the batch that begins at a place of the block, in memory of its own."""
        batch, form = self._batch, torch.contiguous_format
        return lambda x: x.narrow(1, first, batch).clone(memory_format=form)

    def _several(self, first_N: npt.NDArray[np.int64]) -> Callable[[Tensor], Tensor]:
        """Takes the batch that begins at a place of its own for each life."""
        lives = torch.arange(len(first_N))[:, None]
        places = torch.from_numpy(first_N)[:, None] + self._step[: self._batch]
        return lambda x: x[lives, places]
