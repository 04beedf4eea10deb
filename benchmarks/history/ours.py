"""Our store, asked as the API asks it: along an arm's path, up to the arrays that are then serialised."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.history.places import bytes_of
from benchmarks.history.walks import LIVES, PATHS, ROWS, SERIES, SLICE, Curve, Life, slices, walk
from models.specs.plan import Span
from service.store import history
from service.store.clock import Notes
from service.store.engine import Database, migrate
from service.store.path import ArmPath, Piece
from service.store.traces import Answer, answer
from service.wire.history import HistoryQuery

TABLES = ("series", "history_block", "history_chunk")


class Ours:
    """Blocks as slices bring them, sealed as the reconciler seals them."""

    name = "ours"

    def __init__(self, url: str) -> None:
        migrate(url)
        self.database = Database(url)
        self._url = url
        self._empty = 0
        self._empty = self.size()

    def load(self, cohort: int) -> None:
        self.ingest(cohort, SERIES * LIVES * ROWS)

    def ingest(self, cohort: int, values: int) -> int:
        trajectory, taken = self._trajectory(cohort), 0
        for part in slices(SLICE):
            block = encoded(walk(cohort)[:, part], part.start, PATHS)
            with self.database.write() as db:
                history.append_block(db, trajectory, 0, 1, block)
            with self.database.write() as db:
                history.seal(db, trajectory)
            taken += SERIES * LIVES * (part.stop - part.start)
            if taken >= values:
                break
        with self.database.write() as db:
            history.seal(db, trajectory, final=True)
        return taken

    def append(self, number: int) -> None:
        values = small_batch(number)
        block = encoded(values, 0, tuple(f"cost.c{k}" for k in range(len(values))))
        with self.database.write() as db:
            history.append_block(db, f"trj_small_{number}", 0, 1, block)

    def curve(self, life: Life, series: int) -> Curve:
        (trace,) = self.ask([life], series=[PATHS[series]], points="all").traces
        return trace.x, trace.y

    def thinned(self, life: Life, series: int, points: int) -> list[Curve]:
        return [(trace.x, trace.y) for trace in self.ask([life], series=[PATHS[series]], points=points).traces]

    def compare(self, lives: list[Life], series: int, points: int) -> list[Curve]:
        return [(trace.x, trace.y) for trace in self.ask(lives, series=[PATHS[series]], points=points).traces]

    def ask(self, lives: list[Life], **query: Any) -> Answer:
        """The answer to a question about some lives: an arm for each cohort they are of."""
        cohorts = sorted({life.cohort for life in lives})
        arms = [arm_of(number, self._trajectory(cohort)) for number, cohort in enumerate(cohorts)]
        seeds = sorted({life.seed for life in lives})
        question = HistoryQuery.model_validate({"seed": seeds} | query)
        with self.database.read() as db:
            return answer(db, arms, question, complete=True)

    def size(self) -> int:
        return bytes_of(self._url, TABLES) - self._empty

    def close(self) -> None:
        self.database.close()

    def _trajectory(self, cohort: int) -> str:
        return f"trj_{cohort}"


def encoded(values: Any, start: int, paths: tuple[str, ...]) -> history.EncodedBlock:
    """The block of a slice with values (series, rows, lives)."""
    end = start + values.shape[1]
    group = history.SeriesGroup(paths, np.arange(start + 1, end + 1), values, None)
    return history.encode_block(start, end, [group], Notes.even(end, 1.0))


def small_batch(number: int) -> Any:
    """Ten series of a hundred rows of one life (10, 100, 1)."""
    return np.random.default_rng(number).normal(size=(10, 100, 1)).astype(np.float32)


def arm_of(number: int, trajectory: str, lives: int = LIVES, rows: int = ROWS) -> ArmPath:
    """An arm that went through one trajectory."""
    piece = Piece(trajectory, tuple(range(lives)), 1, (0,) * lives, (rows,) * lives, rows, (Span("only", 0, rows, 0),))
    return ArmPath(number, {}, (piece,), {})
