"""Requests that PostgreSQL ends in favour of another are run again; the caller sees none of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa
from build import tiny_schedule
from direct import Direct
from servers import fresh_database
from simulated import Bench, Clock

from benchmarks.chaos.servers import until
from service.app import create_app
from service.settings import Settings
from service.store import jobs
from service.store.engine import Database, migrate
from service.store.tables.work import job, trajectory

pytestmark = [pytest.mark.servers, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def postgres_settings(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with fresh_database(postgres_server) as url:
        migrate(url)
        yield Settings(home=tmp_path_factory.mktemp("home"), database_url=url)


@pytest.fixture
def other(postgres_settings: Settings) -> Iterator[Database]:
    opened = Database(postgres_settings.database_url)
    yield opened
    opened.close()


@pytest.fixture
def api(postgres_settings: Settings) -> Iterator[httpx.Client]:
    app = create_app(postgres_settings)
    with httpx.Client(transport=Direct(app), base_url="http://localhost:8714", timeout=30.0) as client:
        yield client
    app.state.database.close()


def ended(api: httpx.Client, other: Database, seed: int) -> str:
    made = api.post("/v1/jobs", json={"document": tiny_schedule(seeds={"start": seed, "count": 2})})
    assert made.status_code == 201, made.text
    Bench(other, Clock()).run()
    return str(made.json()["id"])


def in_a_deadlock(other: Database, job_id: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Another transaction holds the job, then wants its trajectories; the request has these and wants the job."""
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    with other.write() as db:
        db.execute(sa.text("set local deadlock_timeout = '20s'"))  # so that the request is the one that is ended
        db.execute(sa.select(job).where(job.c.id == job_id).with_for_update())
        thread.start()
        until(lambda: somebody_waits(other), 10, thread.is_alive)
        db.execute(sa.select(trajectory).with_for_update())
    thread.join(30)
    return answers[0]


def somebody_waits(database: Database) -> bool:
    mine = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with database.read() as db:
        return bool(db.execute(sa.text(mine)).scalar())


def test_a_patch_that_was_ended_is_run_again(api: httpx.Client, other: Database) -> None:
    made = ended(api, other, 0)
    answer = in_a_deadlock(other, made, lambda: api.patch(f"/v1/jobs/{made}", json={"priority": 5}))
    assert (answer.status_code, answer.json()["priority"]) == (200, 5)


def test_a_deletion_that_was_ended_is_run_again(api: httpx.Client, other: Database) -> None:
    made = ended(api, other, 10)
    assert in_a_deadlock(other, made, lambda: api.delete(f"/v1/jobs/{made}")).status_code == 204
    assert api.get(f"/v1/jobs/{made}").status_code == 404


def test_a_job_that_finds_a_trajectory_while_it_is_deleted_makes_it_anew(api: httpx.Client, other: Database) -> None:
    made = ended(api, other, 20)
    answers: list[httpx.Response] = []
    document = {"document": tiny_schedule(seeds={"start": 20, "count": 2})}
    again = threading.Thread(target=lambda: answers.append(api.post("/v1/jobs", json=document)))
    with other.write() as db:
        jobs.delete(db, "default", made)
        again.start()
        until(lambda: somebody_waits(other), 10, again.is_alive)
    again.join(30)
    assert answers[0].status_code == 201, answers[0].text
    Bench(other, Clock()).run()
    assert api.get(f"/v1/jobs/{answers[0].json()['id']}").json()["status"] == "succeeded"
