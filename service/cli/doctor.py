"""`ontogeny doctor`: looks at everything that a service needs, and says what is wrong and what to do.

It runs where the service runs, reads the same settings, and changes nothing but files of its own making.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import DBAPIError

from service.cli.output import Form, Output, err, show_rows
from service.settings import Settings
from service.store import access, agreements, tallies, trajectories, upkeep
from service.store.blobs import BlobLost, Blobs
from service.store.engine import Database, SchemaOutdated, require_revision
from service.store.folder import Folder
from service.store.places import open_blobs

State = Literal["ok", "warning", "error"]

LEAST_BYTES = 200 * 2**20
FEW_BYTES = 2 * 2**30
SKEW_SECONDS = 2.0
WAITED_SECONDS = 60.0
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "ceph", "glusterfs")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do about it."""

    check: str
    state: State
    told: str
    remedy: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def doctor(
    home: Annotated[Path | None, typer.Option(help="Folder of the service; that of the settings if left out.")] = None,
    output: Output = Form.TABLE,
) -> None:
    """Look at home, disk, database, broker, snapshots, numerics and clocks; exits with 1 if something must be done."""
    found = list(examine(Settings() if home is None else Settings(home=home)))
    rows = [{"id": each.check, **vars(each)} for each in found]
    show_rows(rows, ("state", "check", "told", "remedy"), output)
    worst = {each.state for each in found}
    err.print("something must be done" if "error" in worst else "all that is needed is there", markup=False)
    raise typer.Exit(1 if "error" in worst else 0)


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that was found; a check that breaks is a finding itself."""
    for check in CHECKS:
        try:
            yield from check(settings)
        except (OSError, DBAPIError, BlobLost) as error:
            name = check.__name__.strip("_").replace("_", " ")
            yield Finding(name, "error", str(error).splitlines()[0], "mend this first, and look again")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if not home.exists():
        yield Finding("home", "warning", f"{home} is not there yet", "`ontogeny up` makes it")
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield Finding("home", "error", f"{home} cannot be written", f"chown it to the user of the service: {home}")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        yield Finding("home", "warning", f"{home} is open to other users ({mode:04o})", f"chmod 700 {home}")
    else:
        yield Finding("home", "ok", f"{home}, for its owner only")
    kind = file_system_of(home)
    if settings.mode == "embedded" and kind.startswith(_NETWORK):
        told = f"{home} lies on {kind}, where SQLite and its locks are not safe"
        yield Finding("home", "error", told, "choose a --home on a local disk, or PostgreSQL")


def file_system_of(place: Path, mounts: str | None = None) -> str:
    """Kind of the file system that a path lies on."""
    table = Path("/proc/mounts").read_text() if mounts is None else mounts
    points = [line.split()[1:3] for line in table.splitlines() if len(line.split()) > 2]
    within = [(point, kind) for point, kind in points if place.resolve().is_relative_to(point.replace("\\040", " "))]
    return max(within, key=lambda each: len(each[0]), default=("", "unknown"))[1]


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = {"disk of home": settings.home}
    if not settings.snapshots.startswith("s3://"):
        folders["disk of snapshots"] = Path(settings.snapshots)
    for name, folder in folders.items():
        there = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
        free = shutil.disk_usage(there).free
        told = f"{free / 2**30:.1f} GiB free at {there}"
        if free < LEAST_BYTES:
            yield Finding(name, "error", told, "make room: `ontogeny rm` jobs, or move the folder")
        elif free < FEW_BYTES:
            yield Finding(name, "warning", told, "make room soon: training stops when the disk is full")
        else:
            yield Finding(name, "ok", told)


def _database(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.database_url)
    try:
        before = time.time()
        with database.read() as db:
            now, keys = database.now(db), access.any_key(db) if _has_tables(database) else True
        yield Finding("database", "ok", f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} answers")
        yield from _clocks(now - (before + time.time()) / 2)
        if not settings.binds_loopback and not keys:
            told = f"{settings.host} can be reached from outside, and no key exists: the API will not start"
            yield Finding("keys", "error", told, "`ontogeny keys create NAME`")
        yield from _schema(database)
    finally:
        database.close()


def _clocks(ahead: float) -> Iterator[Finding]:
    if abs(ahead) > SKEW_SECONDS:
        told = f"the database's clock is {ahead:+.1f} s off this machine's"
        yield Finding("clocks", "warning", told, "synchronise both by NTP; leases go by the database's clock alone")
    else:
        yield Finding("clocks", "ok", "database and machine agree")


def _has_tables(database: Database) -> bool:
    try:
        require_revision(database)
    except SchemaOutdated:
        return False
    return True


def _schema(database: Database) -> Iterator[Finding]:
    try:
        require_revision(database)
    except SchemaOutdated as error:
        yield Finding("migration", "error", str(error), "`ontogeny backup DIR`, then `ontogeny migrate`")
        return
    yield Finding("migration", "ok", "the schema is the one this code knows")
    yield from _work(database)


def _work(database: Database) -> Iterator[Finding]:
    with database.read() as db:
        now = database.now(db)
        count, oldest = trajectories.waiting(db, now)
        leased = tallies.trajectories_by_state(db, now)["leased"]
        stuck = upkeep.silent(db, now - WAITED_SECONDS)
        jobs = tallies.jobs_by_status(db)
    waited = 0.0 if oldest is None else now - oldest
    if waited > WAITED_SECONDS and leased == 0:
        told = f"{count} trajectories can run, the oldest for {waited:.0f} s, and no worker is at work"
        yield Finding("workers", "error", told, "`ontogeny worker`, or look at the logs of those that run")
    else:
        yield Finding("workers", "ok", f"{leased} at work, {count} trajectories wait")
    if stuck:
        told = f"{len(stuck)} leases ran out over {WAITED_SECONDS:.0f} s ago and nobody took note: {stuck[0]}"
        yield Finding("leases", "error", told, "no reconciler runs: start `ontogeny api` or `ontogeny worker`")
    else:
        yield Finding("leases", "ok", "none is stuck")
    going = ", ".join(f"{number} {status}" for status, number in jobs.items() if number) or "none"
    yield Finding("jobs", "ok", going)


def _broker(settings: Settings) -> Iterator[Finding]:
    from service.queue.bell import unreachable  # noqa: PLC0415 - slow to load

    trouble = unreachable(settings, seconds=3.0)
    kind = settings.broker_url.partition(":")[0]
    if trouble is None:
        yield Finding("broker", "ok", f"{kind} answers")
    else:
        told = f"{kind}: {trouble}; training goes on, but starts later"
        yield Finding("broker", "warning", told, "start it, or mend ONTOGENY_BROKER_URL")


def _snapshots(settings: Settings) -> Iterator[Finding]:
    """Written, read and deleted as a worker does."""
    blobs = open_blobs(settings.snapshots)
    if isinstance(blobs, Folder) and not blobs.folder.exists() and not settings.home.exists():
        return
    blobs.try_out()
    if blobs.marked() is not None:  # else no worker has been here
        stored = blobs.put("doctor", "0", 0, os.urandom(1024))
        try:
            blobs.get(stored.uri, stored.sha256)
        finally:
            blobs.delete(stored.uri)
            if isinstance(blobs, Folder):
                (blobs.folder / "doctor").rmdir()
    elsewhere = _elsewhere(settings, blobs)
    if elsewhere is None:
        yield Finding("snapshots", "ok", f"{blobs.place} is written and read")
    else:
        yield Finding("snapshots", "error", elsewhere, "mount it, or mend ONTOGENY_SNAPSHOTS: workers will not start")


def _elsewhere(settings: Settings, blobs: Blobs) -> str | None:
    """Why this is not the place of the snapshots that the database names; None if it is, or nobody can tell."""
    database = Database(settings.database_url)
    try:
        return agreements.other_place(database, blobs) if _has_tables(database) else None
    except DBAPIError:
        return None  # said by the look at the database
    finally:
        database.close()


def _numerics(settings: Settings) -> Iterator[Finding]:
    """Whether a worker on this machine would honour the class that is declared."""
    declared = settings.numerics
    try:
        torch = version("torch").partition("+")[0]
    except PackageNotFoundError:
        yield Finding("numerics", "ok", "no torch here: this machine serves the API, not workers")
        return
    if torch != declared.torch:
        told = f"torch {torch} is installed, {declared.torch} declared: workers here will not start"
        yield Finding("numerics", "error", told, f"pip install torch=={declared.torch}")
    elif declared.capability == "avx2" and " avx2 " not in Path("/proc/cpuinfo").read_text().replace("\n", " "):
        yield Finding("numerics", "error", "this processor has no AVX2: workers here will not start", "another machine")
    else:
        yield Finding("numerics", "ok", f"torch {torch}, {declared.capability}, {declared.device}")


CHECKS: tuple[Check, ...] = (_home, _disk, _database, _broker, _snapshots, _numerics)
COMMANDS = (doctor,)
