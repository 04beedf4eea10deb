"""Which item a life is shown: a function of its seed, the world and how much of that world it has seen."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import LATER
from models.specs.envelopes import Scalar, value

TILE = 4096
"""Items of an endless shared world that come round together."""


class Order(Protocol):
    """The items of a cohort's presentations."""

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor, stage_sp: int = 0) -> Tensor:
        """Item of each presentation; `shown_N` is how much each life had seen before the first, at that stage time."""
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

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor, stage_sp: int = 0) -> Tensor:
        """Item of each presentation."""
        slot, turn = presentation_NB % self._batch, presentation_NB // self._batch
        scene = slot + self._batch * (turn // self._windows)
        if self._reuse is not None:
            tile = scene // (TILE * self._reuse)
            scene = TILE * tile + self._draw.indexed(scene // TILE).permuted(scene % TILE, TILE)
        return scene if self._windows == 1 else scene + LATER * (1 + turn % self._windows)


class Paced:
    """Ranked items: each presentation one of those available in its batch, each as likely."""

    def __init__(self, draw: Draw, ranked: Tensor, batch: int, available: Scalar) -> None:
        self._draw = draw.at("paced")
        self._ranked = ranked
        self._batch = batch
        self._available = available

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor, stage_sp: int = 0) -> Tensor:
        """Item of each presentation."""
        size, batches = self._ranked.shape[1], -(-presentation_NB.shape[1] // self._batch)
        shares = [value(self._available, stage_sp + batch * self._batch) for batch in range(batches)]
        open_M = torch.tensor([max(1, math.ceil(share * size)) for share in shares]).repeat_interleave(self._batch)
        bits_NB = self._draw.indexed(presentation_NB).bits(1)[..., 0]
        return self._ranked.gather(1, bits_NB * open_M[: presentation_NB.shape[1]] >> 32)


class Passes:
    """Finite worlds: every item once in each pass; the orders of passes around the last batch are kept."""

    def __init__(self, draw: Draw, subset: Tensor, *, given: bool) -> None:
        self._draw = draw
        self._subset = subset
        self._size = subset.shape[1]
        self._given = given
        self._first_N = np.zeros(len(subset), dtype=np.int64)
        self._items = torch.empty(len(subset), 0, dtype=torch.int64)

    def items(self, shown_N: npt.NDArray[np.int64], presentation_NB: Tensor, stage_sp: int = 0) -> Tensor:
        """Item of each presentation."""
        first_N = shown_N // self._size
        ahead = presentation_NB.shape[1] + self._size
        if not self._holds(first_N, ahead):
            self._keep(first_N, -(-ahead // self._size) + TILE // self._size)
        return self._items.gather(1, presentation_NB - torch.from_numpy(self._first_N * self._size)[:, None])

    def _holds(self, first_N: npt.NDArray[np.int64], ahead: int) -> bool:
        """Whether so many presentations from the beginning of these passes on are kept."""
        begun_N = (first_N - self._first_N) * self._size
        return int(begun_N.min()) >= 0 and int(begun_N.max()) + ahead <= self._items.shape[1]

    def _keep(self, first_N: npt.NDArray[np.int64], passes: int) -> None:
        """The orders of so many passes, those that are known already taken over."""
        gone = int(first_N[0] - self._first_N[0])
        alike = gone >= 0 and np.array_equal(first_N, self._first_N + gone)
        known = self._items[:, gone * self._size :] if alike else self._items[:, :0]
        new = range(known.shape[1] // self._size, passes)
        parts = [self._passes(torch.from_numpy(first_N)[:, None] + torch.tensor(new))] if new else []
        self._first_N, self._items = first_N, torch.cat([known, *parts], dim=1)

    def _passes(self, pass_NP: Tensor) -> Tensor:
        """The items in the orders of these passes: by addressed keys, ties by position."""
        lives, passes = pass_NP.shape
        subset = self._subset[:, None].expand(lives, passes, self._size)
        if not self._given:
            subset = subset.gather(2, _ranked(self._draw.indexed(pass_NP).bits(self._size)))
        return subset.reshape(lives, passes * self._size)


def _ranked(key: Tensor) -> Tensor:
    """Positions along the last axis in the order of keys of 32 bits, ties as they stand: a stable argsort.

    Numbers that carry their position are sorted in half the time that it takes to rank them.
    """
    size = key.shape[-1]
    bits = size.bit_length()
    both = key.numpy() << bits | np.arange(size)
    both.sort(axis=-1)
    both &= (1 << bits) - 1
    return torch.from_numpy(both)
