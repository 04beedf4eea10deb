"""Items of several batches drawn at once: the same items, with less to say for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.protocols import Shown

_FLOATS = 1 << 20
_BATCHES = 32
_ALIGNED = 64
"""Bytes at whose multiples memory begins."""

Draws = Callable[[npt.NDArray[np.int64], Tensor], tuple[Tensor, Shown]]
"""How much each life had seen, and presentations (N, M) -> their items (N, M), and what is shown of these."""


@dataclass(frozen=True)
class _Block:
    """What was drawn: of each life the presentations from `start_N` on."""

    start_N: npt.NDArray[np.int64]
    item: Tensor
    shown: Shown
    turns: Iterator[tuple[Tensor, ...]]
    """Batch by batch the item, every channel and the label, each in memory of its own, for lives that keep step."""


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
        self._step_M = np.arange(self._presentations)
        self._block: _Block | None = None
        self._due = 0
        """Where in the block the batch begins that comes next of its turns."""

    def at(self, shown_N: npt.NDArray[np.int64]) -> tuple[Tensor, Shown]:
        """Items (N, B) after so many presentations, and what is shown of them."""
        block, first_N = self._holding(shown_N)
        channels, label, factors = block.shown
        apart = min(first_N) < max(first_N)
        cut = self._several(first_N) if apart else self._one(first_N[0])
        if apart or first_N[0] != self._due:
            told = None if label is None else cut(label)
            return cut(block.item), ({name: cut(x) for name, x in channels.items()}, told, _Cut(factors, cut))
        self._due += self._batch
        item, *parts = next(block.turns)
        told = None if label is None else parts.pop()
        return item, (dict(zip(channels, parts, strict=True)), told, _Cut(factors, cut))

    def _holding(self, shown_N: npt.NDArray[np.int64]) -> tuple[_Block, list[int]]:
        """A block that has these batches, drawn if the last one has not, and where in it each life's begins."""
        if self._block is not None:
            first_N: list[int] = (shown_N - self._block.start_N).tolist()
            if min(first_N) >= 0 and max(first_N) <= self._presentations - self._batch:
                return self._block, first_N
        item, shown = self._draws(shown_N, torch.from_numpy(shown_N[:, None] + self._step_M))
        channels, label, _ = shown
        parts = [item, *channels.values(), *([] if label is None else [label])]
        count = self._presentations // self._batch
        turns = zip(*(_apart(each, count) for each in parts), strict=True)
        self._block, self._due = _Block(shown_N.copy(), item, shown, turns), 0
        return self._block, [0] * len(shown_N)

    def _one(self, first: int) -> Callable[[Tensor], Tensor]:
        """Takes the batch that begins at a place of the block, in memory of its own."""
        batch, form = self._batch, torch.contiguous_format
        return lambda x: x.narrow(1, first, batch).clone(memory_format=form)

    def _several(self, first_N: list[int]) -> Callable[[Tensor], Tensor]:
        """Takes the batch that begins at a place of its own for each life."""
        lives = torch.arange(len(first_N))[:, None]
        places = torch.tensor(first_N)[:, None] + torch.arange(self._batch)
        return lambda x: x[lives, places]


def _apart(x: Tensor, batches: int) -> tuple[Tensor, ...]:
    """The batches of a block, contiguous, each with memory that begins as that of a tensor of its own would.

    Where memory begins can decide about the last bits of a product.
    """
    lives, presentations, *shape = x.shape
    whole = x.reshape(lives, batches, presentations // batches, *shape).transpose(0, 1)
    count, each = x.numel() // batches, _ALIGNED // x.element_size()
    room = x.new_empty(batches, -(-count // each) * each)
    apart = room[:, :count].view(whole.shape)
    apart.copy_(whole)
    return apart.unbind(0)
