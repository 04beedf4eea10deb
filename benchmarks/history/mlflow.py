"""MLflow's own SQLAlchemy store, called in this process and without HTTP, which favours it; it is no dependency."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.history.ours import small_batch
from benchmarks.history.places import bytes_of
from benchmarks.history.walks import BATCH_VALUES, LIVES, PATHS, ROWS, SERIES, Curve, Life, slices, walk

MISSING = "mlflow is not installed"
TABLES = ("metrics", "latest_metrics")
_BEGAN_MS = 1_700_000_000_000


def is_installed() -> bool:
    """Whether there is a peer to measure against."""
    return importlib.util.find_spec("mlflow") is not None


class MLflow:
    """A run per life, a metric per series; batches of a thousand, the most it takes."""

    name = "mlflow"

    def __init__(self, url: str, folder: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        logging.disable(logging.INFO)
        store: Any = importlib.import_module("mlflow.store.tracking.sqlalchemy_store")
        self._entities: Any = importlib.import_module("mlflow.entities")
        self._store = store.SqlAlchemyStore(url, (folder / "artifacts").as_uri())
        self._experiment = self._store.create_experiment(f"bench {time.time()}")
        self._runs: dict[Life, str] = {}
        self._url = url
        self._empty = 0
        self._empty = self.size()

    def load(self, cohort: int) -> None:
        """Into its table, without its API, which would take a day for ten million."""
        lives = [Life(cohort, seed) for seed in range(LIVES)]
        runs = sorted((self._run(life), life.seed) for life in lives)
        steps = range(1, ROWS + 1)
        rows = (
            (PATHS[series], value, _BEGAN_MS + step, step, False, run)
            for series in range(SERIES)
            for run, seed in runs
            for step, value in zip(steps, walk(cohort)[series, :, seed].tolist(), strict=True)
        )
        raw = self._store.engine.raw_connection()
        cursor = raw.cursor()
        if self._store.engine.dialect.name == "sqlite":
            insert = "insert into metrics (key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, ?, ?)"
            cursor.executemany(insert, rows)
        else:
            with cursor.copy("copy metrics (key, value, timestamp, step, is_nan, run_uuid) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
        raw.commit()
        raw.close()

    def ingest(self, cohort: int, values: int) -> int:
        taken: int = 0
        rows = BATCH_VALUES // SERIES
        for seed in range(LIVES):
            run = self._new_run()
            for part in slices(rows):
                self._log(run, walk(cohort)[:, part, seed], part.start, PATHS)
                taken += SERIES * (part.stop - part.start)
                if taken >= values:
                    return taken
        return taken

    def append(self, number: int) -> None:
        values = small_batch(number)[:, :, 0]
        self._log(self._small_run, values, 100 * number, tuple(f"cost.c{k}" for k in range(len(values))))

    def curve(self, life: Life, series: int) -> Curve:
        found = self._store.get_metric_history(self._run(life), PATHS[series])
        return np.array([metric.step for metric in found]), np.array([metric.value for metric in found])

    def thinned(self, life: Life, series: int, points: int) -> list[Curve]:
        return self.compare([life], series, points)

    def compare(self, lives: list[Life], series: int, points: int) -> list[Curve]:
        runs = [self._run(life) for life in lives]
        found = self._store.get_metric_history_bulk_interval(runs, PATHS[series], points, None, None)
        curves: dict[str, list[tuple[int, float]]] = {}
        for metric in found:
            curves.setdefault(metric.run_id, []).append((metric.step, metric.value))
        return [(np.array(curve)[:, 0], np.array(curve)[:, 1]) for curve in curves.values()]

    def size(self) -> int:
        return bytes_of(self._url, TABLES) - self._empty

    def close(self) -> None:
        self._store.engine.dispose()

    def _log(self, run: str, values: Any, first: int, paths: tuple[str, ...]) -> None:
        metrics = [
            self._entities.Metric(path, value, _BEGAN_MS + step, step)
            for path, line in zip(paths, values, strict=True)
            for step, value in enumerate(line.tolist(), start=first + 1)
        ]
        self._store.log_batch(run, metrics, [], [])

    def _run(self, life: Life) -> str:
        if life not in self._runs:
            self._runs[life] = self._new_run()
        return self._runs[life]

    def _new_run(self) -> str:
        run = self._store.create_run(self._experiment, "bench", int(time.time() * 1000), [], "life")
        return str(run.info.run_id)

    @property
    def _small_run(self) -> str:
        return self._run(Life(-1, 0))
