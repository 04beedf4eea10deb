from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from service.app import create_app
from service.settings import Settings
from service.store.engine import migrate
from starlette.testclient import TestClient


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
def api(app: FastAPI) -> TestClient:
    """A client without the lifespan, so without reconciler: nothing moves but what the test moves."""
    return TestClient(app, base_url="http://localhost:8714", raise_server_exceptions=True)
