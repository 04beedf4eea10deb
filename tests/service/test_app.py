from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from service.app import OpenDoor, create_app
from service.settings import Settings
from service.store.engine import SchemaOutdated, migrate

IMPORTED = """
import sys, time
began = time.perf_counter()
import service.app
seconds = time.perf_counter() - began
heavy = {"torch", "scipy", "sklearn", "celery", "kombu", "alembic", "pyarrow"} & set(sys.modules)
print(f"{seconds:.3f}", ",".join(sorted(heavy)) or "-")
"""


def test_the_application_is_imported_without_torch(record_property: pytest.RecordProperty) -> None:
    command = [sys.executable, "-c", IMPORTED]
    seconds, heavy = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    record_property("import_seconds", float(seconds))
    assert heavy == "-"


def test_building_the_application_loads_no_torch_either(tmp_path: Path) -> None:
    text = "import sys; from service.app import create_app; create_app(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", text], check=True, env={"ONTOGENY_HOME": str(tmp_path)}, cwd=Path.cwd())


def run_lifespan(settings: Settings) -> None:
    async def scene() -> None:
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0.05)

    asyncio.run(scene())


def test_it_refuses_a_database_of_another_revision(tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match="ontogeny migrate"):
        run_lifespan(Settings(home=tmp_path))


def test_it_refuses_to_answer_the_network_without_a_key(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, host="0.0.0.0")
    migrate(settings.database_url)
    with pytest.raises(OpenDoor, match="make a key first"):
        run_lifespan(settings)


def test_it_starts_and_stops_with_its_reconciler(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, reconcile_seconds=0.02)
    migrate(settings.database_url)
    run_lifespan(settings)
