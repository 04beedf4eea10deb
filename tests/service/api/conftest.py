from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from direct import Direct
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


@pytest.fixture
def api(app: FastAPI) -> Iterator[httpx.Client]:
    """A client without the lifespan, so without reconciler: nothing moves but what the test moves."""
    with httpx.Client(transport=Direct(app), base_url="http://localhost:8714") as client:
        yield client
