from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.app import create_app
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


class Direct(httpx.BaseTransport):
    """Hands requests to the application in this process, one event loop for each."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def once() -> httpx.Response:
            answer = await httpx.ASGITransport(self.app).handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(once())


@pytest.fixture
def api(app: FastAPI) -> Iterator[httpx.Client]:
    """A client without the lifespan, so without reconciler: nothing moves but what the test moves."""
    with httpx.Client(transport=Direct(app), base_url="http://localhost:8714") as client:
        yield client
