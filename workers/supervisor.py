"""Keeps one worker process per slot alive, and runs a reconciler; loads no torch, so that nothing here can hang on it.

Each worker leads a process group of its own: killing a process alone has left a child that went on writing. A worker
whose supervisor dies is told to leave by the kernel.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

BACKOFF_SECONDS = (0.5, 30.0)
STEADY_SECONDS = 30.0
"""A worker that lived so long did not die of its start: the next back-off begins anew."""
REFUSED_STATUS = 78
"""Of a worker that cannot be one here, by its settings or its machine: no quick restart will mend it."""
GRACE_SECONDS = 90.0
"""To finish the update, snapshot and commit."""
LOOK_SECONDS = 0.1
_PR_SET_PDEATHSIG = 1


@dataclass
class Slot:
    """One place for a worker, and what happened in it."""

    index: int
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    backoff_seconds: float = 0.0

    def start(self, now: float) -> None:
        """A fresh worker, leader of its own session and group."""
        self.process = subprocess.Popen(self.command, start_new_session=True)
        self.started_at = now
        log.info("worker.started", slot=self.index, pid=self.process.pid)

    def bury(self, now: float) -> None:
        """If the worker is gone, kill what it left and decide when the next one may start."""
        if self.process is None or (status := self.process.poll()) is None:
            return
        kill_group(self.process.pid, signal.SIGKILL)
        self.backoff_seconds = self._backoff(status, now - self.started_at)
        log.info("worker.left", slot=self.index, status=status, again_in_seconds=self.backoff_seconds)
        self.not_before = now + self.backoff_seconds
        self.process = None

    def _backoff(self, status: int, lived_seconds: float) -> float:
        """Seconds until the next start: longer and longer for workers that end themselves soon after theirs."""
        lower, upper = BACKOFF_SECONDS
        if status == 0:
            return 0.0
        if status == REFUSED_STATUS:
            return upper
        if status == -signal.SIGKILL or lived_seconds >= STEADY_SECONDS:  # killed by others: the next need not die
            return lower
        return min(max(lower, 2 * self.backoff_seconds), upper)


def supervise(slots: int, reconcile: Callable[[threading.Event], None]) -> int:
    """Keep the slots filled until SIGTERM or SIGINT; 0 if all workers left by themselves, 1 if some were killed."""
    leaving = Leaving()
    reconciling = start_reconciler(reconcile, leaving.event)
    kept = [Slot(index, worker_command(index)) for index in range(slots)]
    while not leaving.event.wait(LOOK_SECONDS):
        now = time.monotonic()
        if not reconciling.is_alive():
            log.error("reconciler.died")
            leaving.event.wait(BACKOFF_SECONDS[0])
            reconciling = start_reconciler(reconcile, leaving.event)
        for slot in kept:
            slot.bury(now)
            if slot.process is None and now >= slot.not_before:
                slot.start(now)
    status = stop_all(kept, leaving)
    reconciling.join(LOOK_SECONDS * 20)
    return status


def start_reconciler(reconcile: Callable[[threading.Event], None], stop: threading.Event) -> threading.Thread:
    """A reconciler beside the supervision; if it ends by an error of ours, another is started."""
    thread = threading.Thread(target=reconcile, args=(stop,), name="reconciler", daemon=True)
    thread.start()
    return thread


def worker_command(slot: int) -> tuple[str, ...]:
    """How a worker of this supervisor is started."""
    return (sys.executable, "-m", "workers", "--slot", str(slot), "--parent", str(os.getpid()))


class Leaving:
    """What the signals said: the first asks for an orderly stop, the second for an end at once."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.at_once = False
        signal.signal(signal.SIGTERM, self._heard)
        signal.signal(signal.SIGINT, self._heard)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.at_once = self.event.is_set()
        self.event.set()


def stop_all(slots: list[Slot], leaving: Leaving) -> int:
    """Ask every worker to leave, wait, and kill the groups that did not."""
    processes = [slot.process for slot in slots if slot.process is not None]
    for process in processes:
        kill_group(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(process.poll() is None for process in processes):
        if leaving.at_once or time.monotonic() > deadline:
            break
        time.sleep(LOOK_SECONDS)
    late = [process for process in processes if process.poll() is None]
    for process in processes:
        kill_group(process.pid, signal.SIGKILL)
    for process in late:
        process.wait()
    return 1 if late else 0


def kill_group(leader: int, number: signal.Signals) -> None:
    """Signal a whole process group; one that is gone needs none."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent process dies; leave now if it has died already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the supervisor is gone")
