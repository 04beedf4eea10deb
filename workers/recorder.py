"""What the engine flushed during a slice, made ready for the one commit: a block of history, and what became of lives.

The life axis of a history is that of its trajectory. A cohort may have fewer: lives that diverged before it began have
no column in the engine and a blank one here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from models.engine.record import Flush, Group
from service.store.blocks import EncodedBlock, SeriesGroup, encode_block
from service.store.columns import Mask, Values


class Recorder:
    """Collects flushes that follow one another, from the offset at which the slice began."""

    def __init__(self, start: int, seeds: Sequence[int], living: Sequence[int]) -> None:
        """`seeds` of the trajectory, and `living`, those of the cohort, both in order."""
        self.start = start
        self._lives = len(seeds)
        self._places = [list(seeds).index(seed) for seed in living]
        self.end = start
        self.train_seconds = 0.0
        self.updates = 0
        self.bytes = 0
        self.transitions: list[dict[str, Any]] = []
        self._groups: list[SeriesGroup] = []

    def add(self, flush: Flush) -> None:
        """Take over one flush; ValueError if it does not begin where the last one ended."""
        if flush.start != self.end:
            raise ValueError(f"a flush from offset {flush.start} cannot follow offset {self.end}")
        self._groups += [self._timed(group, flush) for group in flush.groups]
        self.bytes += sum(group.values.nbytes for group in flush.groups)
        self.transitions += [asdict(event) for event in flush.transitions]
        self.end = flush.end
        self.train_seconds += flush.train_seconds
        self.updates += flush.updates

    def blocks(self) -> list[EncodedBlock]:
        """The block of the slice; none if it did not move."""
        if self.end == self.start:
            return []
        return [encode_block(self.start, self.end, self._groups, self.train_seconds)]

    def _timed(self, group: Group, flush: Flush) -> SeriesGroup:
        """With the seconds of training at each row, told evenly over the updates of the flush."""
        share = (group.offsets - flush.start) / max(1, flush.end - flush.start)
        seconds = self.train_seconds + np.clip(share, 0.0, 1.0) * flush.train_seconds
        values, valid = self._spread(group)
        return SeriesGroup(group.paths, group.offsets, values, valid, seconds)

    def _spread(self, group: Group) -> tuple[Values, Mask | None]:
        """Values (paths, rows, lives of the trajectory) and which of them hold."""
        if self._places == list(range(self._lives)):
            return group.values, group.valid
        values = np.zeros((*group.values.shape[:2], self._lives), np.float32)
        valid = np.zeros(values.shape, np.bool_)
        values[:, :, self._places] = group.values
        valid[:, :, self._places] = True if group.valid is None else group.valid
        return values, valid
