"""A backup is put back where nothing else is left, and training goes on to the same bits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from buckets import bucket_server
from houses import House
from processes import assert_same, growing, undisturbed
from s3fs import S3FileSystem
from servers import do_without, fresh_database
from typer.testing import CliRunner

from service.cli import app
from service.store import trajectories
from service.store.leases import LeaseLost
from service.store.tables.work import trajectory
from workers.tasks import advance

PLACES = ("sqlite, folder", "sqlite, bucket", "postgresql, bucket")


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Settings of a service that has nothing yet, of the kind that is named."""
    with ExitStack() as stack:

        def fresh(kind: str) -> dict[str, Any]:
            chosen: dict[str, Any] = {}
            if kind.startswith("postgresql"):
                if not (shutil.which("pg_dump") and shutil.which("pg_restore")):
                    do_without("no pg_dump or pg_restore here: install PostgreSQL's client")
                server = request.getfixturevalue("postgres_server")
                chosen["database_url"] = stack.enter_context(fresh_database(server))
            if kind.endswith("bucket"):
                chosen["snapshots"] = f"{stack.enter_context(bucket_server())}/lab"
            return chosen

        yield fresh


def said(house: House, *words: str) -> str:
    """What `ontogeny` says with the settings of a house."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in house.settings.as_environment().items():
            environment.setenv(name, value)
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def put_back(folder: Path, house: House) -> None:
    """As the README says it: the database, then the files of the snapshots."""
    if house.database.is_sqlite:
        house.database.close()
        for old in house.home.glob("ontogeny.db*"):
            old.unlink()
        shutil.copy(folder / "ontogeny.db", house.home / "ontogeny.db")
    else:
        url = sa.make_url(house.settings.database_url).set(drivername="postgresql")
        with psycopg.connect(url.set(database="postgres").render_as_string(False), autocommit=True) as server:
            server.execute(f'drop database "{url.database}" with (force)'.encode())
            server.execute(f'create database "{url.database}"'.encode())
        into = ["pg_restore", "--dbname", url.render_as_string(False), folder / "ontogeny.dump"]
        subprocess.run(into, check=True)
    if house.settings.snapshots.startswith("s3://"):
        bucket = S3FileSystem(skip_instance_cache=True)
        bucket.put(f"{folder / 'snapshots'}/", f"{house.settings.snapshots}/", recursive=True)
    else:
        shutil.copytree(folder / "snapshots", house.settings.snapshots, dirs_exist_ok=True)


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
def test_a_backup_put_back_elsewhere_goes_on_to_the_same_bits(
    build: Callable[..., House], servers: Callable[[str], dict[str, Any]], tmp_path: Path, kind: str
) -> None:
    document = growing(3, 40)
    plain, house = undisturbed(build, [document]), build(**servers(kind), first_slice_seconds=0.01)
    house.submit(document)
    worker, backup = house.worker(), tmp_path / "backup"
    assert advance(worker)
    assert "1 new snapshot file" in said(house, "backup", str(backup))
    assert advance(worker)
    assert ", 0 new snapshot" not in said(house, "backup", str(backup)), "a later backup brings what is new"
    upto = {row["id"]: row["reached"] for row in house.trajectories()}
    house.work_off(worker)
    restored = build(**servers(kind))
    put_back(backup, restored)
    said(restored, "after-restore")
    assert {row["id"]: row["reached"] for row in restored.trajectories()} == upto
    assert "is written and read" in said(restored, "doctor")
    restored.work_off(restored.worker())
    assert_same(restored, plain)


@pytest.mark.servers
def test_a_worker_from_before_the_restore_writes_nothing(
    build: Callable[..., House],
    servers: Callable[[str], dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It trained under a fence that the backup has not seen, and commits to the database that was put back."""
    document = growing(2, 40)
    plain, house = undisturbed(build, [document]), build(**servers("postgresql, folder"), first_slice_seconds=0.01)
    house.submit(document)
    worker = house.worker()  # by its start the place of snapshots has its mark, which the backup brings
    said(house, "backup", str(tmp_path / "backup"))
    told: list[Any] = []

    def restored_meanwhile(*given: Any) -> Any:
        put_back(tmp_path / "backup", house)
        said(house, "after-restore")
        monkeypatch.undo()
        try:
            return commit(*given)
        except LeaseLost as lost:
            told.append(lost)
            raise

    commit = trajectories.commit_slice
    monkeypatch.setattr(trajectories, "commit_slice", restored_meanwhile)
    advance(worker)
    assert len(told) == 1
    assert [row["reached"] for row in house.rows(sa.select(trajectory))] == [0]
    house.work_off(house.worker(1))
    assert_same(house, plain)
