"""`ontogeny up`: API, workers and reconcilers of one machine under one command, on 127.0.0.1.

The API runs in this process, the supervisor of the workers is its child and is started again if it dies. One home
belongs to one `up` at a time.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import structlog
import uvicorn

from service.app import create_app
from service.settings import Settings
from service.store.engine import migrate

log = structlog.get_logger(__name__)

STOP_SECONDS = 90.0
RESTART_SECONDS = 1.0


def run(settings: Settings, workers: int) -> int:
    """Serve until a signal; 0 after an orderly stop, 1 if the home is taken."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(settings.home) as alone:
        if not alone:
            sys.stderr.write(f"another `ontogeny up` holds {settings.home}; choose another --home\n")
            return 1
        migrate(settings.database_url)
        with _supervised(settings, workers):
            serve(settings)
    return 0


def serve(settings: Settings) -> None:
    """The API alone, until a signal."""
    listener = _listener(settings)
    sys.stderr.write(f"ontogeny answers at http://{settings.host}:{listener.getsockname()[1]}\n")
    # uvicorn stops in order at a signal and then raises it again: by then it only means that we are done
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    config = uvicorn.Config(create_app(settings), log_config=None, access_log=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])


def _listener(settings: Settings) -> socket.socket:
    """A socket that says it is of TCP: only then does asyncio send small answers at once, not after 40 ms."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    return listener


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


@contextmanager
def _only_one(home: Path) -> Iterator[bool]:
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        lock.write(str(os.getpid()))
        lock.flush()
        yield True


@contextmanager
def _supervised(settings: Settings, workers: int) -> Iterator[None]:
    """The supervisor as a child that is started again when it dies, and stopped with its workers at the end."""
    if workers == 0:
        yield
        return
    keeper = _Keeper([sys.executable, "-m", "workers", "--slots", str(workers), "--parent", str(os.getpid())], settings)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper(threading.Thread):
    """Runs one child, and again whenever it ends before it was told to."""

    def __init__(self, command: list[str], settings: Settings) -> None:
        super().__init__(name="supervisor", daemon=True)
        self.command = command
        self.environment = os.environ | settings.as_environment()
        self.stopping = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while not self.stopping.is_set():
            self.child = subprocess.Popen(self.command, env=self.environment)
            code = self.child.wait()
            if not self.stopping.is_set():
                log.warning("supervisor.died", exit_code=code)
                self.stopping.wait(RESTART_SECONDS)

    def stop(self) -> None:
        """Ask the child to leave, and kill it if it does not."""
        self.stopping.set()
        if self.child is None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
