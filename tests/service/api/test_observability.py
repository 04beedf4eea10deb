"""What the service tells about itself: metrics, readiness, logs; and that none of it tells a secret."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from simulated import Bench, Clock

from service.queue import bell
from service.settings import Settings
from service.store import access, tallies, upkeep
from service.store.tables.record import series

STATUSES = ("queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled")


@pytest.fixture
def bench(app: FastAPI) -> Bench:
    app.state.database._clock = Clock()
    return Bench(app.state.database, app.state.database._clock)


def samples(api: httpx.Client) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every number, by name and the values of its labels."""
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def submit(api: httpx.Client, start: int = 0) -> str:
    document = tiny_schedule(seeds={"start": start, "count": 2})
    return str(api.post("/v1/jobs", json={"document": document}).json()["id"])


def test_metrics_are_those_that_are_promised(api: httpx.Client) -> None:
    names = {name for name, _ in samples(api)}
    for name in (
        "jobs", "trajectories", "oldest_runnable_seconds", "leases_expired_total", "lease_lost_total",
        "bells_sent_total", "bell_failures_total", "updates_total", "slice_seconds_bucket", "commit_seconds_sum",
        "snapshot_bytes_total", "snapshots_lost_total", "replay_mismatch_total", "history_values_total",
        "stream_clients",
    ):  # fmt: skip
        assert f"ontogeny_{name}" in names
    assert "ontogeny_http_seconds_count" in {name for name, _ in samples(api)}, "the first answer was counted"


def test_metrics_count_what_happened(api: httpx.Client, bench: Bench) -> None:
    first, second = submit(api), submit(api, 10)
    api.post(f"/v1/jobs/{second}/pause")
    before = samples(api)
    assert [before["ontogeny_jobs", (status,)] for status in STATUSES] == [1, 0, 0, 1, 0, 0, 0, 0]
    assert before["ontogeny_trajectories", ("runnable",)] == 1
    bench.clock.pass_by(42)
    assert samples(api)["ontogeny_oldest_runnable_seconds", ()] == pytest.approx(42, abs=1)
    lease = bench.must_claim()
    assert samples(api)["ontogeny_trajectories", ("leased",)] == 1
    bench.commit(lease, updates=4)
    bench.must_claim()
    bench.clock.pass_by(61)
    upkeep.expire_leases(bench.database)
    bench.run()
    after = samples(api)
    assert after["ontogeny_jobs", ("succeeded",)] == 1
    assert after["ontogeny_leases_expired_total", ()] == 1
    assert after["ontogeny_updates_total", ()] == 20
    assert after["ontogeny_history_values_total", ()] == sum(row["n"] for row in bench.rows(series)) > 2 * 20
    assert after["ontogeny_snapshot_bytes_total", ()] > 0
    assert bench.status(first) == "succeeded"


def test_no_metric_has_an_id_as_label(api: httpx.Client, bench: Bench) -> None:
    job = submit(api)
    bench.run()
    api.get(f"/v1/jobs/{job}")
    api.get("/v1/jobs/job_nobody")
    api.get("/nothing/of/the/kind")
    text = api.get("/metrics").text
    assert "job_" not in text.replace("ontogeny_job", "")
    assert "trj_" not in text
    assert 'route="/v1/jobs/{job}"' in text
    assert 'route="other"' in text


def test_what_slots_count_is_added_up(bench: Bench) -> None:
    with bench.database.write() as db:
        for source in ("a:0", "b:0", "a:0"):
            tallies.add(db, source, {"updates": 2, "lease_lost": 0} | tallies.observed("slice_seconds", 3.0))
    assert len(bench.rows(tallies.tally)) == 6
    with bench.database.read() as db:
        counted = tallies.totals(db)
    buckets, total = tallies.buckets(counted, "slice_seconds")
    assert (counted["updates"], total, dict(buckets)["2"], dict(buckets)["5"], dict(buckets)["+Inf"]) == (6, 9, 0, 3, 3)
    assert tallies.source_of("lab:3:0a1b2c3d") == "lab:3"


def test_metrics_of_an_open_service_are_for_administrators(app: FastAPI, api: httpx.Client) -> None:
    app.state.settings = Settings(home=app.state.settings.home, host="0.0.0.0")
    database = app.state.database
    with database.write() as db:
        keys = {
            scope: access.create_key(db, database.now(db), access.NewKey(scope, [scope]))[1]
            for scope in ("read", "admin")
        }
    asked = {None: 401, "read": 403, "admin": 200}
    for scope, status in asked.items():
        headers = {} if scope is None else {"Authorization": f"Bearer {keys[scope]}"}
        assert api.get("/metrics", headers=headers).status_code == status


# ---- readiness


def ready(api: httpx.Client) -> dict[str, Any]:
    answer = api.get("/health/ready")
    found: dict[str, Any] = answer.json()
    assert answer.status_code == (200 if found["status"] == "ready" else 503)
    return found


def test_a_whole_service_is_ready(api: httpx.Client) -> None:
    found = ready(api)
    assert (found["status"], found["warnings"]) == ("ready", [])
    assert all(check["ok"] for check in found["checks"].values())


def test_work_that_waits_for_a_worker_is_a_warning(api: httpx.Client, bench: Bench) -> None:
    submit(api)
    bench.clock.pass_by(100)
    found = ready(api)
    assert found["status"] == "ready"
    assert found["warnings"] == ["work: work has waited for 100 s: no worker is at work"]
    bench.slice(updates=2)
    assert ready(api)["warnings"] == []


def test_a_broker_that_is_away_is_a_warning_not_an_error(app: FastAPI, api: httpx.Client) -> None:
    app.state.settings = Settings(home=app.state.settings.home, broker_url="redis://127.0.0.1:1/0")
    found = ready(api)
    assert found["status"] == "ready"
    assert found["warnings"][0].startswith("broker: bells are not heard")
    assert bell.unreachable(Settings(home=app.state.settings.home)) is None


def test_a_schema_of_another_revision_is_not_ready(app: FastAPI, api: httpx.Client) -> None:
    with sqlite3.connect(app.state.settings.home / "ontogeny.db") as db:
        db.execute("update alembic_version set version_num = '0000'")
    found = ready(api)
    assert (found["status"], found["checks"]["database"]["ok"]) == ("not-ready", False)
    assert "ontogeny migrate" in found["checks"]["database"]["detail"]
    assert api.get("/health").status_code == 200, "the process lives all the same"


def test_a_snapshot_folder_that_cannot_be_written_is_not_ready(app: FastAPI, api: httpx.Client) -> None:
    blocked = app.state.settings.home / "blocked"
    blocked.write_text("a file where the folder should be")
    app.state.settings = Settings(home=app.state.settings.home, snapshots=str(blocked))
    assert ready(api)["checks"]["snapshots"]["ok"] is False


def test_strangers_are_told_no_details(app: FastAPI, api: httpx.Client, bench: Bench) -> None:
    submit(api)
    app.state.settings = Settings(home=app.state.settings.home, host="0.0.0.0", broker_url="redis://secret-host:1/0")
    text = json.dumps(ready(api))
    assert "secret-host" not in text
    assert str(app.state.settings.home) not in text
    assert ready(api)["warnings"] == ["broker"]
