"""What is stored: random walks in float32, as costs are; the same numbers in every store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

SERIES, LIVES, ROWS = 5, 20, 10_000
VALUES = SERIES * LIVES * ROWS
"""Of one cohort: a million."""
PATHS = tuple(f"cost.c{k}" for k in range(SERIES))
SLICE = 1000
"""Rows that one commit of ours brings."""
BATCH_VALUES = 1000
"""What MLflow takes at once, at most."""

Curve = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Life:
    """One life of one cohort."""

    cohort: int
    seed: int


@lru_cache(maxsize=2)
def walk(cohort: int) -> NDArray[np.float32]:
    """Values (series, rows, lives)."""
    steps = np.random.default_rng(cohort).normal(size=(SERIES, ROWS, LIVES))
    return np.cumsum(steps, axis=1).astype(np.float32)


def offsets() -> NDArray[np.int64]:
    """Of all rows."""
    return np.arange(1, ROWS + 1)


def slices(rows: int) -> Iterator[slice]:
    """All rows, so many at a time."""
    return (slice(first, min(first + rows, ROWS)) for first in range(0, ROWS, rows))


class Store(Protocol):
    """A store as it is measured."""

    name: str

    def load(self, cohort: int) -> None:
        """Take a cohort over by the quickest way there is."""
        ...

    def ingest(self, cohort: int, values: int) -> int:
        """Take about so many values of a cohort over as a running job would bring them; how many it was."""
        ...

    def append(self, number: int) -> None:
        """One commit of ten series with a hundred rows each of one life; `number` is new every time."""
        ...

    def curve(self, life: Life, series: int) -> Curve:
        """All rows of one series."""
        ...

    def thinned(self, life: Life, series: int, points: int) -> list[Curve]:
        """One series with about so many points."""
        ...

    def compare(self, lives: list[Life], series: int, points: int) -> list[Curve]:
        """One series of several lives with about so many points each."""
        ...

    def size(self) -> int:
        """Bytes on disk, free pages left out."""
        ...

    def close(self) -> None:
        """Leave nothing behind but the files."""
        ...
