"""Backups: the database as it stood at one moment, then every snapshot file that it names, and the data sets."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from service.cli.output import complain, say
from service.settings import Settings
from service.store import upkeep
from service.store.blobs import MARK, BlobLost, Blobs
from service.store.engine import Database, require_revision
from service.store.places import open_blobs


def backup(
    folder: Annotated[Path, typer.Argument(help="Where to write; one that holds a backup is brought up to date.")],
) -> None:
    """Copy the database, the snapshots that it names and the registered data sets, while the service runs.

    Snapshot files never change and are kept for a day after nothing needs them (ONTOGENY_SNAPSHOT_GRACE_SECONDS), so a
    database that is copied first finds all of its files.
    """
    settings = Settings()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    try:
        require_revision(database)
        written = _copy_sqlite(settings, folder) if database.is_sqlite else _dump_postgresql(settings, folder)
        copied, missing = copy_snapshots(upkeep.files_to_keep(database), open_blobs(settings.snapshots), folder)
    finally:
        database.close()
    sets = copy_data(settings.data_folder, folder / "data")
    say(f"{written.name}, {copied} new snapshot files and {sets} new files of data sets are in {folder}")
    if missing:
        say(f"{missing} snapshots are missing or damaged; they are trained again when they are needed")
    say("to restore: put all of it back, then `ontogeny after-restore` before anything starts")


def after_restore() -> None:
    """Make a restored database safe: workers from before it was set back can write nothing any more."""
    database = Database(Settings().database_url)
    try:
        require_revision(database)
        count = upkeep.after_restore(database)
    finally:
        database.close()
    say(f"{count} trajectories are free; start the service")


def _copy_sqlite(settings: Settings, folder: Path) -> Path:
    """SQLite's own copy of a database that is in use."""
    source, target = make_url(settings.database_url).database, folder / "ontogeny.db"
    assert source is not None
    draft = target.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    here, there = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(draft)
    try:
        here.backup(there)
        (state,) = there.execute("pragma integrity_check").fetchone()
    finally:
        there.close()
        here.close()
    if state != "ok":
        complain(f"the copy of {source} is damaged: {state}")
        raise typer.Exit(1)
    draft.chmod(0o600)
    draft.replace(target)
    return target


def _dump_postgresql(settings: Settings, folder: Path) -> Path:
    """pg_dump of the machine; the password goes by the environment, where no list of processes shows it."""
    program = shutil.which("pg_dump")
    if program is None:
        complain("pg_dump is not on this machine; install PostgreSQL's client, or run this where the server is")
        raise typer.Exit(1)
    url, target = make_url(settings.database_url), folder / "ontogeny.dump"
    named = {"--host": url.host, "--port": url.port, "--username": url.username, "--dbname": url.database}
    words = [word for name, value in named.items() if value is not None for word in (name, str(value))]
    secret = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    draft = target.with_suffix(".tmp")
    command = [program, "--format=custom", "--file", str(draft), *words]
    done = subprocess.run(command, env=os.environ | secret, check=False)
    if done.returncode:
        raise typer.Exit(1)
    draft.chmod(0o600)
    draft.replace(target)
    return target


def copy_snapshots(wanted: Mapping[str, str], blobs: Blobs, folder: Path) -> tuple[int, int]:
    """Copy files that are not there yet; how many were copied, and how many are missing or damaged."""
    copied = missing = 0
    for uri, sha256 in sorted(wanted.items()):
        target = folder / "snapshots" / uri
        if target.exists():
            continue
        try:
            data = blobs.get(uri, sha256)
        except BlobLost:
            missing += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_suffix(".tmp")
        draft.write_bytes(data)
        draft.replace(target)
        copied += 1
    (folder / "snapshots").mkdir(exist_ok=True, mode=0o700)
    mark = blobs.marked()
    if mark is not None:  # by it the restored database knows the restored files
        (folder / "snapshots" / MARK).write_text(mark)
    return copied, missing


def copy_data(source: Path, target: Path) -> int:
    """Copy what registered data sets hold, then what their names stand for; how many files were new or others."""
    copied = 0
    for file in sorted(source.glob("*.npz")) + sorted(source.glob("*.json")):
        kept = target / file.name
        if kept.exists() and (file.suffix == ".npz" or kept.read_bytes() == file.read_bytes()):
            continue  # content lies under its own digest and never changes
        target.mkdir(exist_ok=True, mode=0o700)
        draft = kept.with_suffix(".tmp")
        shutil.copyfile(file, draft)
        draft.replace(kept)
        copied += 1
    return copied


backup.__name__, after_restore.__name__ = "backup", "after-restore"
COMMANDS = (backup, after_restore)
