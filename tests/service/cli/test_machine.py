"""Commands of the machine: doctor, backup, after-restore, config, worker."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from buckets import bucket_server
from build import tiny_schedule
from s3fs import S3FileSystem
from simulated import Bench, Clock
from typer.testing import CliRunner

from models.specs.document import Parsed
from models.specs.numerics import NumericsSpec
from service.cli import app, config
from service.cli.backups import copy_data
from service.cli.doctor import file_system_of
from service.settings import Settings
from service.store import access, agreements, trajectories
from service.store.blobs import MARK
from service.store.engine import Database, migrate
from service.store.folder import Folder
from service.store.places import open_blobs
from service.store.tables.work import snapshot
from service.submission import About, prepare, submit

RUN = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    monkeypatch.setenv("ONTOGENY_HOME", str(place))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ONTOGENY_URL", raising=False)
    monkeypatch.delenv("ONTOGENY_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    migrate(Settings().database_url)
    return place


@pytest.fixture
def database(home: Path) -> Any:
    opened = Database(Settings().database_url)
    yield opened
    opened.close()


def looked_at(code: int = 0) -> dict[str, tuple[str, str, str]]:
    done = RUN.invoke(app, ["doctor", "-o", "json"])
    assert done.exit_code == code, done.output
    rows = json.loads(done.stdout)
    return {row["check"]: (row["state"], row["told"], row["remedy"]) for row in rows}


def states(found: dict[str, tuple[str, str, str]], *but: str) -> set[str]:
    return {state for name, (state, _, _) in found.items() if name not in but}


def job(database: Database) -> str:
    prepared = prepare(Parsed(tiny_schedule()), None, NumericsSpec())
    return submit(database, Settings(), access.ANYONE_HERE, prepared, About(), None).job


# ---- doctor


def test_a_sound_home_needs_nothing(home: Path) -> None:
    found = looked_at()
    assert found.keys() >= {
        "home", "disk of home", "database", "clocks", "migration", "workers", "leases", "broker", "snapshots",
        "numerics",
    }  # fmt: skip
    assert states(found, "disk of home", "disk of snapshots") == {"ok"}
    assert not list((home / "snapshots").iterdir()), "it leaves nothing behind"


def test_an_open_home_is_told_with_the_remedy(home: Path) -> None:
    home.chmod(0o755)
    state, _, remedy = looked_at()["home"]
    assert (state, remedy) == ("warning", f"chmod 700 {home}")


def test_another_revision_is_an_error(home: Path) -> None:
    with sqlite3.connect(home / "ontogeny.db") as db:
        db.execute("update alembic_version set version_num = '0000'")
    state, told, remedy = looked_at(1)["migration"]
    assert state == "error"
    assert "0000" in told
    assert "ontogeny migrate" in remedy


def test_a_database_that_is_away_is_an_error_and_the_rest_is_looked_at(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTOGENY_DATABASE_URL", "postgresql+psycopg://nobody:hunter2@127.0.0.1:1/none")
    found = looked_at(1)
    assert found["database"][0] == "error"
    assert "hunter2" not in json.dumps(found)
    assert found["snapshots"][0] == "ok"


def test_a_broker_that_is_away_is_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTOGENY_BROKER_URL", "redis://127.0.0.1:1/0")
    assert looked_at()["broker"][0] == "warning"


def test_an_open_address_without_a_key_is_an_error(
    home: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTOGENY_HOST", "0.0.0.0")
    assert "keys create" in looked_at(1)["keys"][2]
    with database.write() as db:
        access.create_key(db, 0.0, access.NewKey("lab", ["read"]))
    assert "keys" not in looked_at()


def test_work_that_nobody_does_and_leases_that_nobody_ends_are_errors(home: Path, database: Database) -> None:
    job(database)
    with sqlite3.connect(home / "ontogeny.db") as db:
        db.execute("update trajectory set created_at = created_at - 300")
    assert looked_at(1)["workers"][0] == "error"
    bench = Bench(database, Clock())
    database._clock = lambda: time.time() - 300
    bench.must_claim()
    found = looked_at(1)
    assert found["leases"][0] == "error"
    assert "reconciler" in found["leases"][2]


def test_a_torch_of_another_version_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTOGENY_NUMERICS", json.dumps({"torch": "1.0.0"}))
    assert looked_at(1)["numerics"][2] == "pip install torch==1.0.0"


def test_a_disk_that_is_full_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.cli.doctor.shutil.disk_usage", lambda place: shutil._ntuple_diskusage(10**9, 10**9, 9))
    assert looked_at(1)["disk of home"][0] == "error"


def test_another_place_for_snapshots_is_an_error(home: Path, database: Database, tmp_path: Path) -> None:
    job(database)
    agreements.require_same_place(database, Folder(home / "snapshots"), "w")
    bench = Bench(database, Clock())
    bench.commit(bench.must_claim(), 4)
    assert looked_at()["snapshots"][0] == "ok"
    (home / "snapshots" / MARK).write_text("another's")
    state, told, remedy = looked_at(1)["snapshots"]
    assert state == "error"
    assert "belongs to another database" in told
    assert "ONTOGENY_SNAPSHOTS" in remedy


def test_a_bucket_is_looked_at_as_a_folder_is(home: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket_server() as place:
        monkeypatch.setenv("ONTOGENY_SNAPSHOTS", f"{place}/lab")
        agreements.require_same_place(database, open_blobs(f"{place}/lab"), "w")
        found = looked_at()
        assert found["snapshots"][:2] == ("ok", f"{place}/lab is written and read")
        assert "disk of snapshots" not in found
        left = [name.rpartition("/")[2] for name in S3FileSystem(skip_instance_cache=True).find(place)]
        assert sorted(left) == [".clock", MARK], "it leaves no snapshot behind"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setattr("service.store.bucket.TRIES", 1)
    found = looked_at(1)
    assert found["snapshots"][0] == "error"
    assert "does not answer" in found["snapshots"][1]
    assert "hunter2" not in json.dumps(found)


def test_the_nearest_mount_decides_the_file_system() -> None:
    mounts = "a / ext4 rw 0 0\nb /srv nfs4 rw 0 0\nc /srv/local ext4 rw 0 0\n"
    assert [file_system_of(Path(each), mounts) for each in ("/home", "/srv/x", "/srv/local/x")] == [
        "ext4", "nfs4", "ext4",
    ]  # fmt: skip


# ---- backup and restore


def test_a_backup_is_whole_and_restored_where_old_workers_write_nothing(
    home: Path, database: Database, tmp_path: Path
) -> None:
    name = job(database)
    bench = Bench(database, Clock())
    lease = bench.must_claim()
    blobs, result = Folder(Path(Settings().snapshots)), bench.simulation.train(lease, 4)
    for row in result.snapshots:
        file = blobs.path(row.uri)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"weights")
        row.__dict__["sha256"] = hashlib.sha256(b"weights").hexdigest()
    trajectories.commit_slice(database, lease, result)
    zombie = bench.must_claim()
    target = tmp_path / "backup"
    assert RUN.invoke(app, ["backup", str(target)]).exit_code == 0
    assert (target / "ontogeny.db").stat().st_mode & 0o077 == 0
    copied = [str(file.relative_to(target / "snapshots")) for file in (target / "snapshots").glob("*/*")]
    assert copied == [row["uri"] for row in bench.rows(snapshot)]
    assert "0 new snapshot files" in RUN.invoke(app, ["backup", str(target)]).output
    database.close()
    shutil.copy(target / "ontogeny.db", home / "ontogeny.db")
    for rest in home.glob("ontogeny.db-*"):
        rest.unlink()
    restored = Database(Settings().database_url, bench.clock)
    assert RUN.invoke(app, ["after-restore"]).exit_code == 0
    again = Bench(restored, bench.clock)
    again.simulation = bench.simulation
    with pytest.raises(trajectories.LeaseLost):
        trajectories.commit_slice(restored, zombie, bench.simulation.train(zombie, 4))
    fresh = again.must_claim()
    assert fresh.fence > zombie.fence + 999_999
    again.commit(fresh)
    again.run()
    assert again.status(name) == "succeeded"
    again.check()
    restored.close()


def test_data_sets_are_backed_up_and_again_only_where_they_are_others(tmp_path: Path) -> None:
    source, target = tmp_path / "data", tmp_path / "backup"
    assert copy_data(source, target) == 0
    source.mkdir()
    (source / "aa.npz").write_bytes(b"numbers")
    (source / "mnist.json").write_text("aa")
    assert (copy_data(source, target), copy_data(source, target)) == (2, 0)
    (source / "mnist.json").write_text("bb")
    assert copy_data(source, target) == 1
    assert {file.name: file.read_bytes() for file in target.iterdir()} == {"aa.npz": b"numbers", "mnist.json": b"bb"}


# ---- config


def test_settings_are_kept_for_the_user_or_the_folder(home: Path, tmp_path: Path) -> None:
    assert RUN.invoke(app, ["config", "set", "url", "http://lab:8714"]).exit_code == 0
    assert RUN.invoke(app, ["config", "set", "key", "ont_abcdefabcdef_secret_se-cret"]).exit_code == 0
    assert config.user_file().stat().st_mode & 0o077 == 0
    rows = json.loads(RUN.invoke(app, ["config", "get", "-o", "json"]).stdout)
    assert [(row["name"], row["value"]) for row in rows] == [
        ("url", "http://lab:8714"), ("key", "ont_abcdefabcdef_..."),
    ]  # fmt: skip
    assert config.resolved("key") == ("ont_abcdefabcdef_secret_se-cret", str(config.user_file()))
    RUN.invoke(app, ["config", "set", "url", "http://elsewhere:1", "--here"])
    assert config.resolved("url") == ("http://elsewhere:1", "ontogeny.toml")
    assert config.resolved("key") is None, "a folder cannot send the user's key to an address of its own"


def test_an_unreadable_file_and_an_unknown_name_are_told(home: Path) -> None:
    assert RUN.invoke(app, ["config", "set", "port", "1"]).exit_code == 2
    assert RUN.invoke(app, ["config", "set", "url", "lab:8714"]).exit_code == 2
    assert not config.user_file().exists()
    Path("ontogeny.toml").write_text("url = [")
    with pytest.raises(ValueError, match=r"ontogeny\.toml"):
        config.resolved("url")


def test_the_command_line_uses_what_is_configured(home: Path) -> None:
    RUN.invoke(app, ["config", "set", "url", "http://127.0.0.1:1"])
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "list"], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert done.returncode == 6
    assert "http://127.0.0.1:1" in done.stderr
