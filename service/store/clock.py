"""What a slice notes of the process that trains it: seconds, speed, memory. No two runs of a trajectory agree in it.

So it is kept apart from the values, which must agree: in a column of its own at the end of a block, and once sealed in
a series that no list shows, one per layer. The speed and the memory of layer 0, the training itself, are answered as
`machine.speed` and `machine.memory`, the same for all lives of the cohort.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.store import codec
from service.store.columns import Columns, Offsets, joined

CLOCK = "clock"
"""Family of the hidden series."""
MACHINE = "machine"
"""Family of what is shown of it."""

SECONDS, SPEED, MEMORY = range(3)
SHOWN: Mapping[str, int] = {f"{MACHINE}.speed": SPEED, f"{MACHINE}.memory": MEMORY}
"""Names of the series that are shown, and their rows."""


@dataclass(frozen=True)
class Notes:
    """Notes of one slice, taken at the end of every flush.

    Shapes: all (M,). Offsets ascend and end with the slice; seconds are of training since it began, memory is MiB
    resident, NaN if it was not looked at.
    """

    offsets: Offsets
    seconds: NDArray[np.float64]
    memory_mib: NDArray[np.float64]

    @classmethod
    def even(cls, end: int, seconds: float) -> Notes:
        """A slice that took so long, told evenly."""
        return cls(np.array([end]), np.array([seconds]), np.array([np.nan]))

    @classmethod
    def of(cls, columns: Columns) -> Notes:
        """What `columns` was made of."""
        values = np.where(columns.valid, columns.values, np.nan)
        return cls(columns.offsets, values[SECONDS], values[MEMORY])

    def columns(self, start: int) -> Columns:
        """As rows (3, M): seconds since the start of the slice, updates per second since the note before, MiB."""
        values = np.stack([self.seconds, np.zeros(len(self.seconds)), self.memory_mib]).astype(np.float64)
        spent = np.diff(self.seconds, prepend=0.0)
        np.divide(np.diff(self.offsets, prepend=start), spent, out=values[SPEED], where=spent > 0)
        valid = np.isfinite(values)
        valid[SPEED] &= spent > 0
        return Columns(CLOCK, np.asarray(self.offsets, np.int64), np.where(valid, values, 0.0), valid)


def clock_path(layer: int) -> str:
    """Where the notes of a layer are."""
    return f"{CLOCK}.{layer}"


def encode(columns: Columns, coding: int) -> tuple[bytes, bytes]:
    """Offsets and values."""
    return codec.encode_offsets(columns.offsets, coding), codec.encode_values(columns.values, columns.valid, coding)


def decode(offsets: memoryview, values: memoryview) -> Columns:
    """What `encode` was given."""
    return Columns(CLOCK, codec.decode_offsets(offsets), *codec.decode_values(values))


def continued(sealed: Sequence[Columns], fresh: Sequence[Columns]) -> Columns:
    """Notes since the trajectory's start: sealed ones, then those of open blocks; (0, 0 s) is the first."""
    begin = Columns(CLOCK, np.zeros(1, np.int64), np.zeros((3, 1)), np.array([[True], [False], [False]]))
    parts = [joined([begin, *sealed])]
    for clock in fresh:
        last = parts[-1]
        later = clock.between(int(last.offsets[-1]), None)
        if later.rows:
            values = later.values.astype(np.float64)
            values[SECONDS] += last.values[SECONDS, -1]
            parts.append(Columns(CLOCK, later.offsets, values, later.valid))
    return joined(parts)


def seconds_at(clock: Columns, offsets: NDArray[Any]) -> NDArray[np.float64]:
    """Seconds of training since the trajectory's start at some offsets, told evenly between notes."""
    seconds: NDArray[np.float64] = np.interp(offsets, clock.offsets, clock.values[SECONDS])
    return seconds


def shown(clock: Columns, path: str) -> Columns:
    """One of the shown series, as of a single life; rows without it are left out."""
    row = SHOWN[path]
    known = clock.valid[row]
    values = clock.values[row : row + 1, known].astype(np.float32)
    return Columns(path, clock.offsets[known], values, np.ones(values.shape, np.bool_))
