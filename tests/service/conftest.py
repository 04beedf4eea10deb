from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from direct import Direct
from fastapi import FastAPI
from painting import STUDY, Painter
from simulated import Bench, Clock
from typer.testing import CliRunner, Result

from service.app import create_app
from service.cli import app as command
from service.cli.output import out
from service.client import Client
from service.settings import Settings
from service.store.engine import migrate


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty database of the present revision; copied, for migrating takes longer than a test."""
    home = tmp_path_factory.mktemp("migrated")
    migrate(Settings(home=home).database_url)
    return home


@pytest.fixture
def settings(migrated: Path, tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    shutil.copytree(migrated, home)
    return Settings(home=home)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def api(app: FastAPI) -> Iterator[httpx.Client]:
    """A client without the lifespan, so without reconciler: nothing moves but what the test moves."""
    with httpx.Client(transport=Direct(app), base_url="http://localhost:8714") as client:
        yield client


@pytest.fixture
def painter(app: FastAPI) -> Painter:
    """Trains what is submitted, with readings drawn by hand."""
    return Painter(Bench(app.state.database, Clock()))


@dataclass(frozen=True)
class Done:
    """A home in which the study has been trained to its end."""

    home: Path
    job: str


@pytest.fixture(scope="session")
def done(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Trained once and copied: no test that asks changes it."""
    home = shutil.copytree(migrated, tmp_path_factory.mktemp("done") / "home")
    app = create_app(Settings(home=home))

    async def submitted() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost:8714") as client:
            return await client.post("/v1/jobs", json={"document": STUDY})

    job = asyncio.run(submitted()).json()["id"]
    bench = Bench(app.state.database, Clock())
    Painter(bench).run()
    assert bench.status(job) == "succeeded"
    app.state.database.close()
    return Done(home, job)


@pytest.fixture
def finished(done: Done, settings: Settings) -> str:
    """The job, in the home of this test."""
    shutil.copytree(done.home, settings.home, dirs_exist_ok=True)
    return done.job


@pytest.fixture
def client(api: httpx.Client) -> Client:
    """The Python client, against the application in this process."""
    made = Client("http://localhost:8714")
    made.close()
    made._http = api
    return made


@pytest.fixture
def run(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`ontogeny` with some words, against the application in this process."""
    for room in ("outcomes", "comparing", "jobs", "searches"):
        monkeypatch.setattr(f"service.cli.{room}.client", lambda _: client)
    monkeypatch.setattr(out, "width", 200)

    def once(*words: str) -> Result:
        return CliRunner().invoke(command, list(words), catch_exceptions=False)

    return once
