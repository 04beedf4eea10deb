"""Metrics for Prometheus: what this process answers, and what all workers have counted in the database.

No ids are labels. Workers have no port; what they count they add to the database in their commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from service.api.dependencies import Config, Watcher
from service.store import tallies, trajectories
from service.store.engine import Database

router = APIRouter(tags=["health"])

HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Meters:
    """What one API process measures, and the door to what is stored."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(Stored(database))
        self._http = Histogram(
            "ontogeny_http_seconds",
            "Seconds until an answer began",
            ("route", "method", "status"),
            registry=self.registry,
            buckets=HTTP_BUCKETS,
        )
        self._streams = Gauge("ontogeny_stream_clients", "Open streams of events", registry=self.registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """An answer has begun; `route` is the pattern, not the path."""
        self._http.labels(route, method, str(status)).observe(seconds)

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """A stream is open as long as this."""
        with self._streams.track_inprogress():
            yield


class Stored(Collector):
    """What the database tells at the moment it is asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead of time: the database need not be there yet."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Jobs, trajectories, how long work has waited, and everything counted over all time."""
        with self._database.read() as db:
            now = self._database.now(db)
            by_status, by_state = tallies.jobs_by_status(db), tallies.trajectories_by_state(db, now)
            _, oldest = trajectories.waiting(db, now)
            counted = tallies.totals(db)
        yield _gauges("ontogeny_jobs", "Jobs by status", "status", by_status)
        yield _gauges("ontogeny_trajectories", "Trajectories by state", "state", by_state)
        waited = 0.0 if oldest is None else max(0.0, now - oldest)
        about = "Seconds since the oldest trajectory that can run was last held or announced"
        yield GaugeMetricFamily("ontogeny_oldest_runnable_seconds", about, value=waited)
        for name, text in tallies.COUNTERS.items():
            yield CounterMetricFamily(f"ontogeny_{name}", text, value=counted.get(name, 0.0))
        for name, (text, _) in tallies.HISTOGRAMS.items():
            buckets, total = tallies.buckets(counted, name)
            yield HistogramMetricFamily(f"ontogeny_{name}", text, buckets=buckets, sum_value=total)


def _gauges(name: str, about: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for each, value in values.items():
        family.add_metric((each,), value)
    return family


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
def metrics(request: Request, watcher: Watcher, settings: Config) -> Response:
    """Metrics in the text format of Prometheus; on loopback for everybody, elsewhere for keys of scope admin."""
    meters: Meters = request.app.state.meters
    return Response(generate_latest(meters.registry), media_type=CONTENT_TYPE_LATEST)
