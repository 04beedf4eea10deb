"""The history store against MLflow's own store and against a row per point, on SQLite and PostgreSQL.

All three hold the same random walks and are asked the same questions in turn, in this process, warm; figures are
medians of at least seven rounds. MLflow is called through its Python store, without HTTP, which favours it; it is no
dependency of this project (`pip install mlflow`), and a run without it does not count: its rows say so and are missed.
`*_vs_*` is the peer's time, or bytes, over ours. Rows of PostgreSQL end in `_postgresql`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.history import mlflow
from benchmarks.history.mlflow import MLflow
from benchmarks.history.ours import Ours, arm_of, encoded
from benchmarks.history.places import place, postgresql_server
from benchmarks.history.rows import Rows
from benchmarks.history.walks import LIVES, PATHS, ROWS, SERIES, VALUES, Life, Store
from benchmarks.history.watchers import slowdown_percent
from benchmarks.report import Report, start
from service.api.writers import to_json
from service.store import history
from service.store.traces import answer
from service.wire.history import HistoryQuery

ROUNDS = 7
WRITERS = 8
WIDE = 64

REQUIRED = {
    "ingest": {"mlflow": ">= 50", "rows": ">= 3"},
    "append": {"mlflow": ">= 20", "rows": ">= 1.5"},
    "disk": {"mlflow": ">= 20", "rows": ">= 4"},
    "curve": {"mlflow": ">= 50", "rows": ">= 3"},
    "thinned": {"mlflow": ">= 30", "rows": ">= 5"},
    "compare": {"mlflow": ">= 30", "rows": ">= 4"},
}
"""What service.md asks for, by question and peer."""


class Bench:
    """The stores of one kind of database, loaded alike."""

    def __init__(self, report: Report, kind: str, stores: Sequence[Store]) -> None:
        self.report = report
        self.kind = kind
        self.ours: Any = stores[0]
        self.stores = stores
        self.cohorts = 0

    def run(self, cohorts: int, ingested: int) -> None:
        """Every figure; the absolute ones once with a tenth of the data and once with all of it."""
        early = self._grow(max(1, cohorts // 10), self.stores)
        small = self._absolute(early)
        self._grow(cohorts, self.stores)
        self._disk()
        self._ingest(ingested)
        self._append()
        self._questions()
        self._grow(max(cohorts, 4), [self.ours])
        large = self._absolute(self.cohorts)
        for name, required in (("band_20x10k_ms", "<= 50"), ("compare_20x1000_p95_ms", "<= 100")):
            self._add(name, large[name], "ms", required)
        growth = max(large[name] / small[name] for name in small)
        self._add("latency_growth", growth, "x", "<= 1.5", peer=f"{self.cohorts}M against {early}M values")
        self._wide_band()

    def _grow(self, cohorts: int, stores: Sequence[Store]) -> int:
        for cohort in range(self.cohorts, cohorts):
            for store in stores:
                store.load(cohort)
        self.cohorts = max(self.cohorts, cohorts)
        return self.cohorts

    def _add(self, name: str, value: float | None, unit: str, required: str | None = None, **more: Any) -> None:
        suffix = "" if self.kind == "sqlite" else f"_{self.kind}"
        self.report.add(name + suffix, value, unit, required, **more)

    def _ratios(self, question: str, figures: dict[str, float]) -> None:
        for peer, required in REQUIRED[question].items():
            ratio = figures[peer] / figures["ours"] if peer in figures else None
            self._add(f"{question}_vs_{peer}", ratio, "x", required, peer=peer if ratio else mlflow.MISSING)

    def _ingest(self, values: int) -> None:
        """Seconds per value; each store in the batches that a running job would bring it."""
        spent: dict[str, list[float]] = {store.name: [] for store in self.stores}
        for turn in range(3):
            for store in self.stores:
                begun = time.perf_counter()
                taken = store.ingest(1000 + turn, values if store.name != "ours" else VALUES)
                spent[store.name].append((time.perf_counter() - begun) / taken)
        figures = {name: statistics.median(each) for name, each in spent.items()}
        self._add("ingest_values_per_s", 1.0 / figures["ours"], "values/s")
        self._ratios("ingest", figures)

    def _append(self) -> None:
        numbers = iter(range(10_000))

        def one(store: Store) -> Callable[[int], Any]:
            return lambda _: store.append(next(numbers))

        figures = interleaved({store.name: one(store) for store in self.stores}, 3 * ROUNDS)
        self._add("flush_ms", 1000 * figures["ours"], "ms")
        self._ratios("append", figures)
        if self.kind == "sqlite":
            waits = {store.name: crowded(store) for store in self.stores if store.name != "mlflow"}
            self._add("commit_8_writers_vs_rows", waits["rows"] / waits["ours"], "x", ">= 10", peer="rows")

    def _disk(self) -> None:
        figures = {store.name: store.size() / (self.cohorts * VALUES) for store in self.stores}
        self._add("bytes_per_value", figures["ours"], "B")
        self._ratios("disk", figures)

    def _questions(self) -> None:
        def life(turn: int) -> Life:
            return Life(turn % self.cohorts, (7 * turn + 3) % LIVES)

        def twenty(turn: int) -> list[Life]:
            return [Life(turn % self.cohorts, seed) for seed in range(LIVES)]

        asked: dict[str, Callable[[Store], Callable[[int], Any]]] = {
            "curve": lambda store: lambda turn: store.curve(life(turn), turn % SERIES),
            "thinned": lambda store: lambda turn: store.thinned(life(turn), turn % SERIES, 500),
            "compare": lambda store: lambda turn: store.compare(twenty(turn), turn % SERIES, 500),
        }
        self._check(life(1))
        for question, of in asked.items():
            figures = interleaved({store.name: of(store) for store in self.stores}, ROUNDS)
            self._add(f"{question}_ms", 1000 * figures["ours"], "ms")
            self._ratios(question, figures)

    def _check(self, life: Life) -> None:
        """All stores must say the same, or nothing else here means anything."""
        ours = self.ours.curve(life, 1)
        for store in self.stores[1:]:
            x, y = store.curve(life, 1)
            if not (np.array_equal(x, ours[0]) and np.array_equal(y.astype(np.float32), ours[1])):
                raise RuntimeError(f"{store.name} does not hold the values that were put into it")

    def _absolute(self, cohorts: int) -> dict[str, float]:
        """Milliseconds of answers as they leave over HTTP, after so many million values."""

        def ask(turn: int, **query: Any) -> bytes:
            lives = [Life(turn % cohorts, seed) for seed in range(LIVES)]
            return to_json(self.ours.ask(lives, series=[PATHS[turn % SERIES]], **query))

        compare = timed(lambda turn: ask(turn, points=1000), 3 * ROUNDS)
        band = timed(lambda turn: ask(turn, over="seed", points=1000), ROUNDS)
        return {
            "compare_20x1000_p95_ms": 1000 * float(np.quantile(compare, 0.95)),
            "band_20x10k_ms": 1000 * statistics.median(band),
        }

    def _wide_band(self) -> None:
        values = np.random.default_rng(0).normal(size=(1, ROWS, WIDE)).cumsum(axis=1).astype(np.float32)
        block = encoded(values, 0, ("cost.wide",))
        with self.ours.database.write() as db:
            history.append_block(db, "trj_wide", 0, 1, block)
            history.seal(db, "trj_wide", final=True)
        query = HistoryQuery.model_validate({"series": ["cost.wide"], "over": "seed"})

        def ask(turn: int) -> bytes:
            with self.ours.database.read() as db:
                return to_json(answer(db, [arm_of(0, "trj_wide", WIDE)], query, complete=True))

        self._add("band_64x10k_ms", 1000 * statistics.median(timed(ask, ROUNDS)), "ms", "<= 100")


def interleaved(questions: dict[str, Callable[[int], Any]], rounds: int) -> dict[str, float]:
    """Median seconds of each, asked in turn; the first round only warms."""
    spent: dict[str, list[float]] = {name: [] for name in questions}
    for turn in range(rounds + 1):
        for name, ask in questions.items():
            begun = time.perf_counter()
            ask(turn)
            spent[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each[1:]) for name, each in spent.items()}


def timed(ask: Callable[[int], Any], rounds: int) -> list[float]:
    """Seconds of every round but the first."""
    spent = []
    for turn in range(rounds + 1):
        begun = time.perf_counter()
        ask(turn)
        spent.append(time.perf_counter() - begun)
    return spent[1:]


def crowded(store: Store, commits: int = 12) -> float:
    """Median seconds of a small commit while eight write into one file."""
    waits: list[float] = []

    def write(writer: int) -> None:
        for number in range(commits):
            begun = time.perf_counter()
            store.append(100_000 + 1000 * writer + number)
            waits.append(time.perf_counter() - begun)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    return statistics.median(waits)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[list[Store]]:
    """Ours, a row per point, and MLflow's where it is installed; each in a database of its own."""
    with ExitStack() as stack:

        def url(name: str) -> str:
            return stack.enter_context(place(kind, folder, name))

        stores: list[Store] = [Ours(url("ours")), Rows(url("rows"))]
        if mlflow.is_installed():
            stores.append(MLflow(url("mlflow"), folder))
        try:
            yield stores
        finally:
            for store in stores:
                store.close()


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="1 M values instead of 10 M")
    parser.add_argument("--only", choices=("sqlite", "postgresql", "watchers"), help="one part alone")
    return parser.parse_args()


def main() -> int:
    """Run it."""
    asked = arguments()
    report = start("history")
    for kind in ("sqlite", "postgresql"):
        if asked.only not in (None, kind):
            continue
        if kind == "postgresql" and postgresql_server() is None:
            report.add("ingest_vs_mlflow_postgresql", None, "x", ">= 50", peer="no PostgreSQL answers")
            continue
        with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as stores:
            Bench(report, kind, stores).run(*((1, 10_000) if asked.quick else (10, 50_000)))
    if asked.only in (None, "watchers"):
        slowdown = slowdown_percent(pairs=2 if asked.quick else 5, seconds=12.0 if asked.quick else 30.0)
        report.add("training_slowdown_100_watchers_percent", slowdown, "%", "<= 3", peer="no watcher")
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
