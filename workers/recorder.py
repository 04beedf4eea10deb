"""What the engine flushed during a slice, made ready for the one commit: a block of history, and what became of lives."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from models.engine.record import Flush, Group, LifeEvent
from service.store.blocks import MAX_BLOCK_BYTES, EncodedBlock, SeriesGroup, encode_block


class Recorder:
    """Collects flushes that follow one another, from the offset at which the slice began."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.train_seconds = 0.0
        self.updates = 0
        self.bytes = 0
        self.transitions: list[dict[str, Any]] = []
        self._groups: list[SeriesGroup] = []

    @property
    def is_full(self) -> bool:
        """Whether the slice must end, because its block would become too large; judged before compression."""
        return self.bytes >= MAX_BLOCK_BYTES

    def add(self, flush: Flush) -> None:
        """Take over one flush; ValueError if it does not begin where the last one ended."""
        if flush.start != self.end:
            raise ValueError(f"a flush from offset {flush.start} cannot follow offset {self.end}")
        self._groups += [self._timed(group, flush) for group in flush.groups]
        self.bytes += sum(group.values.nbytes for group in flush.groups)
        self.transitions += [_told(event) for event in flush.transitions]
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
        return SeriesGroup(group.paths, group.offsets, group.values, group.valid, seconds)


def _told(event: LifeEvent) -> dict[str, Any]:
    return asdict(event)
