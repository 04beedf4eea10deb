"""A whole service of its own: API processes, worker machines and servers, kept up as an operator would keep them.

What stands between a process and a server is a proxy, so that a connection can fail while both ends are well.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.servers import Postgres, Redis, Server, free_port, until
from service.settings import Settings
from service.store import agreements
from service.store.engine import Database, migrate
from service.store.tables.work import trajectory

ROOT = Path(__file__).parents[2]
SHORT = {
    "lease_seconds": 3.0,
    "first_slice_seconds": 0.3,
    "slice_seconds_min": 0.3,
    "slice_seconds_max": 1.0,
    "poll_seconds": 0.5,
    "reconcile_seconds": 0.5,
    "bell_grace_seconds": 1.0,
    "backoff_seconds": 0.3,
    "hung_seconds": 20.0,
    "crashes_max": 100,
    "database_patience_seconds": 5.0,
    "snapshot_grace_seconds": 30.0,
    "orphan_grace_seconds": 30.0,
}
"""Of a fleet under trial: everything that is waited for comes soon, and to be killed at work is no sign of poison."""
STOP_SECONDS = SHORT["lease_seconds"] + SHORT["bell_grace_seconds"] + SHORT["slice_seconds_max"] + 1.0
"""A worker that is stopped so long finds its trajectory in other hands when it wakes."""
DISK_MIB = 96
S = TypeVar("S", bound=Server)
MACHINE = "ONTOGENY_FLEET_UNDER_TRIAL"


@dataclass
class Kept:
    """One process that is started again whenever it ends, as `restart: unless-stopped` does."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        """Start it, leader of a group of its own."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL, and bury it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def is_up(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Fleet:
    """Everything of one service, and where to lay hands on it."""

    mode: str
    folder: Path
    settings: Settings
    """By which the trial itself reaches database and snapshots, past the proxies."""
    kept: list[Kept]
    ports: list[int]
    """Of the APIs."""
    postgres: Postgres | None = None
    redis: Redis | None = None
    to_database: Proxy | None = None
    to_broker: Proxy | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.database = Database(self.settings.database_url)
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @property
    def urls(self) -> list[str]:
        """Of the APIs."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    @property
    def has_disk(self) -> bool:
        """Whether the snapshots lie on a disk of their own, which can be filled."""
        return os.path.ismount(self.settings.snapshots)

    @property
    def apis(self) -> list[Kept]:
        """Processes that answer HTTP."""
        return [each for each in self.kept if each.name.startswith("api")]

    def start(self) -> None:
        """Start all, and return once every API answers and a worker looks for work."""
        for each in self.kept:
            each.start()
        self._keeper.start()
        until(lambda: all(map(answers, self.urls)) and self.has_begun(), 120, self.logs)

    def has_begun(self) -> bool:
        """Whether some worker has started up, as what it agreed to shows."""
        with self.database.read() as db:
            return any(row["name"] != agreements.SNAPSHOTS for row in agreements.agreed(db))

    def workers(self) -> list[int]:
        """Process ids of workers, by age."""
        return self._pids(b"--slot")

    def at_work(self) -> list[int]:
        """Process ids of workers that hold a lease now; none while the database is away."""
        with suppress(DBAPIError), self.database.read() as db:
            leased = trajectory.c.owner.is_not(None) & (trajectory.c.lease_until > self.database.now(db))
            held = sa.select(trajectory.c.owner).where(leased)
            owners = [str(owner).split(":") for owner in db.execute(held).scalars()]
            return sorted({int(pid) for *_, pid, _ in owners} & set(self.workers()))
        return []

    def supervisors(self) -> list[int]:
        """Process ids of supervisors."""
        return self._pids(b"--slots")

    def logs(self) -> str:
        """What all processes have said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def halt(self) -> None:
        """End every process of the fleet, however it came about; what is stored stays."""
        self.stopping.set()
        self._keeper.join(10)
        for each in self.kept:
            each.kill()
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End everything, the servers too."""
        self.halt()
        self.database.close()
        for server in (self.to_database, self.to_broker, self.postgres, self.redis):
            if server is not None:
                server.close()

    def _keep(self) -> None:
        while not self.stopping.wait(0.2):
            for each in self.kept:
                if not each.is_up():
                    each.start()

    def _pids(self, word: bytes | None = None) -> list[int]:
        """Live processes with our mark in their environment, and the word in their command."""
        mark = f"{MACHINE}={self.folder}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (place / "cmdline").read_bytes().split(b"\0")
                if (word is None or word in words) and mark in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
        return sorted(found)


def answers(url: str) -> bool:
    """Whether an API says that it can work."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def embedded(workers: int = 2, **settings: object) -> Iterator[Fleet]:
    """`ontogeny up` on a home of its own."""
    with _folder() as folder, disk_of_its_own(folder / "snapshots") as place:
        port, chosen_times = free_port(), SHORT | settings
        chosen = Settings(home=folder / "home", port=port, snapshots=place, **chosen_times)  # type: ignore[arg-type]
        command = (sys.executable, "-m", "service.cli", "up", "--workers", str(workers))
        kept = Kept("api", command, _environment(chosen, folder), folder / "up.log")
        migrate(chosen.database_url)
        yield from _running(Fleet("embedded", folder, chosen, [kept], [port]))


@contextmanager
def distributed(machines: int = 2, slots: int = 1, apis: int = 2, **settings: object) -> Iterator[Fleet]:
    """Several APIs and worker machines around a PostgreSQL, a Redis and a folder of snapshots."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        place = stack.enter_context(disk_of_its_own(folder / "snapshots"))
        postgres, redis = stack.enter_context(_started(Postgres())), stack.enter_context(_started(Redis("secret")))
        postgres.run("create database ontogeny")
        to_database, to_broker = Proxy(postgres.port), Proxy(redis.port)
        direct = Settings(
            mode="distributed",
            home=folder / "home",
            database_url=f"postgresql+psycopg://postgres@127.0.0.1:{postgres.port}/ontogeny",
            broker_url=redis.url,
            snapshots=place,
            **(SHORT | settings),  # type: ignore[arg-type]
        )
        through = direct.model_copy(
            update={
                "database_url": direct.database_url.replace(str(postgres.port), str(to_database.port)),
                "broker_url": direct.broker_url.replace(str(redis.port), str(to_broker.port)),
            }
        )
        migrate(direct.database_url)
        ports = [free_port() for _ in range(apis)]
        kept = [_api(through, folder, number, port) for number, port in enumerate(ports)]
        kept += [_machine(through, folder, number, slots) for number in range(machines)]
        yield from _running(Fleet("distributed", folder, direct, kept, ports, postgres, redis, to_database, to_broker))


def _api(settings: Settings, folder: Path, number: int, port: int) -> Kept:
    here = settings.model_copy(update={"home": folder / f"api-{number}"})
    command = (sys.executable, "-m", "service.cli", "api", "--port", str(port))
    return Kept(f"api-{number}", command, _environment(here, folder), folder / f"api-{number}.log")


def _machine(settings: Settings, folder: Path, number: int, slots: int) -> Kept:
    here = settings.model_copy(update={"home": folder / f"machine-{number}"})
    command = (sys.executable, "-m", "workers", "--slots", str(slots))
    return Kept(f"machine-{number}", command, _environment(here, folder), folder / f"machine-{number}.log")


def _environment(settings: Settings, folder: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ONTOGENY_")}
    return ours | settings.as_environment() | {MACHINE: str(folder)}


def _running(fleet: Fleet) -> Iterator[Fleet]:
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.close()


@contextmanager
def _started(server: S) -> Iterator[S]:
    try:
        server.start()
        yield server
    finally:
        server.close()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ontogeny-fleet-"))
    try:
        yield folder
    finally:
        for _ in range(5):  # a process that was just killed may still write
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.2)


@contextmanager
def disk_of_its_own(place: Path) -> Iterator[str]:
    """A folder for snapshots, on a small disk of its own where mounting one is allowed."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=700", "tmpfs", str(place)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield str(place)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)
