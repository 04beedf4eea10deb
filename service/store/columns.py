"""One series over offsets and lives, in memory, and how pieces of it are put together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Mask = NDArray[np.bool_]
Offsets = NDArray[np.int64]


class Conflict(Exception):
    """Two stored values of one series, life and offset differ; they must never."""


@dataclass(frozen=True)
class Columns:
    """Rows of one series.

    Shapes: offsets (R,), ascending; values and valid (N, R), lives in the order of the trajectory's seeds. Where not
    valid the value is 0 and means nothing: the life was frozen, or the reading was not taken for it.
    """

    path: str
    offsets: Offsets
    values: Values
    valid: Mask

    @property
    def rows(self) -> int:
        """How many offsets."""
        return len(self.offsets)

    def between(self, after: int, upto: int | None) -> Columns:
        """The rows with after < offset <= upto."""
        first = int(np.searchsorted(self.offsets, after, side="right"))
        end = self.rows if upto is None else int(np.searchsorted(self.offsets, upto, side="right"))
        if first == 0 and end == self.rows:
            return self
        kept = slice(first, max(first, end))
        return Columns(self.path, self.offsets[kept], self.values[:, kept], self.valid[:, kept])

    def of_lives(self, lives: Sequence[int]) -> Columns:
        """The columns of some lives, by their index."""
        chosen = list(lives)
        return Columns(self.path, self.offsets, self.values[chosen], self.valid[chosen])

    def of_all(self, lives: int) -> Columns:
        """The same for so many lives, if it is of one."""
        if len(self.values) == lives:
            return self
        shape = (lives, self.rows)
        return Columns(self.path, self.offsets, np.broadcast_to(self.values, shape), np.broadcast_to(self.valid, shape))

    def digest(self) -> str:
        """Hash of offsets, mask and valid values, bit for bit, however they were stored."""
        whole = hashlib.sha256()
        values = np.where(self.valid, self.values, self.values.dtype.type(0))
        whole.update(np.ascontiguousarray(self.offsets, "<i8").tobytes())
        whole.update(np.packbits(self.valid).tobytes())
        whole.update(np.ascontiguousarray(values, "<f8" if values.dtype.itemsize == 8 else "<f4").tobytes())
        return whole.hexdigest()


def joined(parts: Sequence[Columns]) -> Columns:
    """One column of several pieces of a series, in any order.

    Offsets that occur twice become one row with what either has; Conflict if both have a value and the bits differ.
    """
    if len(parts) == 1:
        return parts[0]
    offsets = np.concatenate([part.offsets for part in parts])
    values = np.concatenate([part.values for part in parts], axis=1)
    valid = np.concatenate([part.valid for part in parts], axis=1)
    whole = Columns(parts[0].path, offsets, values, valid)
    return whole if bool(np.all(offsets[1:] > offsets[:-1])) else _in_order(whole)


def _in_order(whole: Columns) -> Columns:
    order = np.argsort(whole.offsets, kind="stable")
    offsets, values, valid = whole.offsets[order], whole.values[:, order], whole.valid[:, order]
    first = np.concatenate([[True], offsets[1:] != offsets[:-1]])
    starts = np.flatnonzero(first)
    place = np.cumsum(first) - 1
    kept, known = values[:, starts].copy(), valid[:, starts].copy()
    for row in np.flatnonzero(~first):
        at = place[row]
        both = known[:, at] & valid[:, row]
        if not np.array_equal(_bits(kept[both, at]), _bits(values[both, row])):
            raise Conflict(f"series {whole.path} has two different values at offset {offsets[row]}")
        kept[:, at] = np.where(valid[:, row], values[:, row], kept[:, at])
        known[:, at] |= valid[:, row]
    return Columns(whole.path, offsets[starts], kept, known)


def _bits(values: Values) -> NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")
