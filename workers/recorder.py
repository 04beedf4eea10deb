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
from service.store.clock import Notes
from workers.environment import resident_mib


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
        self._notes: list[tuple[int, float, float]] = []
        self.bytes = 0
        self.transitions: list[dict[str, Any]] = []
        self._groups: list[SeriesGroup] = []

    def add(self, flush: Flush) -> None:
        """Take over one flush; ValueError if it does not begin where the last one ended."""
        if flush.start != self.end:
            raise ValueError(f"a flush from offset {flush.start} cannot follow offset {self.end}")
        self._groups += [self._spread(group) for group in flush.groups]
        self.bytes += sum(group.values.nbytes for group in flush.groups)
        self.transitions += [asdict(event) for event in flush.transitions]
        self.end = flush.end
        self.train_seconds += flush.train_seconds
        self.updates += flush.updates
        if flush.end > flush.start:
            self._notes.append((flush.end, self.train_seconds, resident_mib()))

    def blocks(self) -> list[EncodedBlock]:
        """The block of the slice; none if it did not move."""
        if self.end == self.start:
            return []
        offsets, seconds, memory_mib = (np.array(column) for column in zip(*self._notes, strict=True))
        return [encode_block(self.start, self.end, self._groups, Notes(offsets, seconds, memory_mib))]

    def _spread(self, group: Group) -> SeriesGroup:
        """Over the lives of the trajectory."""
        if self._places == list(range(self._lives)):
            return SeriesGroup(group.paths, group.offsets, group.values, group.valid)
        values = np.zeros((*group.values.shape[:2], self._lives), np.float32)
        valid = np.zeros(values.shape, np.bool_)
        values[:, :, self._places] = group.values
        valid[:, :, self._places] = True if group.valid is None else group.valid
        return SeriesGroup(group.paths, group.offsets, values, valid)
