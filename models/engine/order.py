"""Which item a life is shown: a function of its seed, the world and how much of that world it has seen."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import LATER

TILE = 4096
"""Items of an endless shared world that come round together."""


class Order(Protocol):
    """The items of a cohort's presentations."""

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor) -> Tensor:
        """Item of each presentation; `shown_N` is how much each life had seen before the batch."""
        ...


class Scenes:
    """Endless worlds: one new item after another, or of the shared tiles every item in `reuse` passes.

    With `windows` above 1 each of the slots of a batch follows a stream of its own: its next item goes on where its
    last ended, until the scene is over.
    """

    def __init__(self, draw: Draw, batch: int, reuse: int | None, windows: int = 1) -> None:
        self._draw = draw
        self._batch = batch
        self._reuse = reuse
        self._windows = windows

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor) -> Tensor:
        """Item of each presentation."""
        slot, turn = presentation_NB % self._batch, presentation_NB // self._batch
        scene = slot + self._batch * (turn // self._windows)
        if self._reuse is not None:
            tile = scene // (TILE * self._reuse)
            scene = TILE * tile + self._draw.indexed(scene // TILE).permuted(scene % TILE, TILE)
        return scene + LATER * (turn % self._windows)


class Passes:
    """Finite worlds: every item once in each pass; orders of the passes the next batch touches are kept."""

    def __init__(self, draw: Draw, batch: int, subset: Tensor, *, given: bool) -> None:
        self._draw = draw
        self._subset = subset
        self._size = subset.shape[1]
        self._given = given
        self._passes = 1 + -(-(batch - 1) // self._size)
        self._first_N = np.full(len(subset), -1, dtype=np.int64)
        self._items = torch.empty(0)

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor) -> Tensor:
        """Item of each presentation."""
        first_N = shown_N // self._size
        if not np.array_equal(first_N, self._first_N):
            one_on = np.array_equal(first_N, self._first_N + 1) and self._items.numel() > 0
            ahead = range(self._passes - 1, self._passes) if one_on else range(self._passes)
            parts = [self._items[:, self._size :]] if one_on else []
            parts += [self._pass(torch.from_numpy(first_N + passes)) for passes in ahead]
            self._first_N, self._items = first_N, torch.cat(parts, dim=1)
        return self._items.gather(1, presentation_NB - torch.from_numpy(first_N * self._size)[:, None])

    def _pass(self, pass_N: Tensor) -> Tensor:
        """The items in the order of one pass: by addressed keys, ties by position."""
        if self._given:
            return self._subset
        keys = self._draw.indexed(pass_N[:, None]).bits(self._size)[:, 0]
        return self._subset.gather(1, keys.argsort(dim=1, stable=True))
