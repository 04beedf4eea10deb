"""The bell: one message that names a trajectory. Nothing is lost when it is, so it carries nothing else.

The database says what there is to do; the bell only spares a worker the wait for its next look. It is rung after the
commit, by one task name with JSON arguments, and never imports the worker that hears it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import ChannelError, KombuError
from redis.exceptions import RedisError

from service.settings import Settings

log = structlog.get_logger(__name__)

TASK = "ontogeny.advance"
QUEUE = "ontogeny"

REDIS_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 3600,  # never used for recovery; short ones double messages (celery #5935)
    "socket_timeout": 5,  # kombu's default is none: a half-open connection would block for ever
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
}


class Bell:
    """Rings for the API, the workers and the reconcilers; a broker that is away is counted, never an error."""

    def __init__(self, settings: Settings) -> None:
        self._celery = Celery("bell", broker=broker_url(settings), set_as_current=False)
        self._celery.conf.update(
            task_ignore_result=True,
            task_serializer="json",
            task_default_queue=QUEUE,
            task_publish_retry=False,  # the reconciler is the retry
            broker_connection_timeout=3,
            # without a limit, opening the channel retries for seconds, whatever task_publish_retry says
            broker_transport_options={**transport_options(settings), "max_retries": 0},
        )
        self._count = threading.Lock()
        self.sent = 0
        self.failures = 0
        self._told = (0, 0)

    def ring(self, trajectory: str) -> bool:
        """Say that there may be something to do; False if nobody could be told."""
        try:
            self._celery.send_task(TASK, args=[trajectory], ignore_result=True)
        except (KombuError, ChannelError, OSError) as error:
            with self._count:
                self.failures += 1
            log.warning("bell.failed", trajectory=trajectory, error=str(error))
            return False
        with self._count:
            self.sent += 1
        return True

    def ring_all(self, trajectories: Iterable[str]) -> int:
        """Ring for each; at the first failure the rest is left to the reconciler. How many were told."""
        told = 0
        for trajectory in trajectories:
            if not self.ring(trajectory):
                break
            told += 1
        return told

    def untold(self) -> dict[str, float]:
        """How often it was rung, and in vain, since this was last asked."""
        with self._count:
            (sent, failures), self._told = self._told, (self.sent, self.failures)
            return {"bells_sent": self.sent - sent, "bell_failures": self.failures - failures}

    def close(self) -> None:
        """Let go of the broker."""
        self._celery.close()


def broker_url(settings: Settings) -> str:
    """The broker's address; the filesystem has none, but kombu warns at every connection that says so."""
    return "filesystem://localhost/" if _in_files(settings) else settings.broker_url


def transport_options(settings: Settings) -> dict[str, Any]:
    """How bells travel; makes the folder of the filesystem transport, which is for one machine without NFS."""
    if not _in_files(settings):
        return dict(REDIS_OPTIONS)
    bells = folder(settings)
    waiting, heard, control = (bells / name for name in ("waiting", "heard", "control"))
    for each in (bells, waiting, heard, control):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
        each.chmod(0o700)  # mkdir leaves a folder that exists, and parents, as they are
    _bind(control)
    return {
        "data_folder_in": str(waiting),  # in = out: the one who sends and the one who hears meet in one folder
        "data_folder_out": str(waiting),
        "processed_folder": str(heard),
        "control_folder": str(control),
        "store_processed": True,  # else messages pass through the system's temp folder (kombu #425)
        "polling_interval": 0.1,  # 42 ms median from ring to hearing; 941 ms with the default
    }


def folder(settings: Settings) -> Path:
    """Where the filesystem transport keeps its bells."""
    return settings.home / "bells"


def forget_heard(settings: Settings, older_than_seconds: float, now: float) -> int:
    """Delete bells that were heard so long ago; `now` in seconds of the file system's clock. How many."""
    deleted = 0
    for message in (folder(settings) / "heard").glob("*.msg"):
        try:
            if message.stat().st_mtime < now - older_than_seconds:
                message.unlink()
                deleted += 1
        except FileNotFoundError:  # another reconciler was first
            continue
    return deleted


def _in_files(settings: Settings) -> bool:
    return settings.broker_url.startswith("filesystem:")


def _bind(control: Path) -> None:
    """Write the binding of the queue whole, before kombu would: it truncates first, and a reader dies of the gap."""
    binding = control / f"{QUEUE}.exchange"
    if binding.exists():
        return
    whole = control / f"{QUEUE}.{threading.get_native_id()}.tmp"
    whole.write_text(json.dumps([[QUEUE, "", QUEUE]]))
    whole.replace(binding)


def unreachable(settings: Settings, seconds: float = 1.0) -> str | None:
    """Why the broker cannot be reached; None if it can."""
    if _in_files(settings):
        place = folder(settings)
        return None if os.access(place if place.exists() else settings.home, os.W_OK) else f"{place} cannot be written"
    broker: Any = Connection(settings.broker_url, connect_timeout=seconds)  # type: ignore[no-untyped-call]
    try:
        broker.ensure_connection(max_retries=1, interval_start=0.0, interval_max=0.0, timeout=seconds)
    except (KombuError, ChannelError, OSError, RedisError) as error:
        return str(error) or type(error).__name__
    finally:
        broker.release()
    return None
