"""The Celery application of a worker: every delivery setting with its reason, and how the worker listens.

Celery delivers bells here and nothing more: what it may lose, double, delay or invent is settled by the database.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.worker import state
from celery.worker.consumer import Consumer
from celery.worker.worker import WorkController

from service.queue import bell
from service.settings import Settings

log = structlog.get_logger(__name__)

HEAR_SECONDS = 0.5
"""Longest wait for a bell; a signal to leave is obeyed as soon."""

Look = Callable[[], bool]
"""Asks the database for work and does it; True if there was some."""


def build_app(settings: Settings) -> Celery:
    """The application, without its task."""
    app = Celery("workers", broker=bell.broker_url(settings))
    app.conf.update(
        task_default_queue=bell.QUEUE,
        task_ignore_result=True,  # status lives in the database; chains and chords die with the broker (celery #4207)
        task_acks_late=False,  # late acks never come back on filesystem, after an hour on Redis; poison loops (#9082)
        worker_prefetch_multiplier=1,  # a bell behind a busy worker is only late: a claim takes any runnable
        worker_concurrency=1,
        worker_pool="solo",  # fork after OpenMP hangs, CUDA cannot start again after fork, threads share RNG state
        task_serializer="json",
        accept_content=["json"],  # no pickle: the broker is untrusted input
        worker_enable_remote_control=False,  # no pidbox queues or files; revoke is lost on restart, so never used
        worker_send_task_events=False,  # the event buffer grows (celery #4843)
        worker_hijack_root_logger=False,
        task_publish_retry=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # the default gives up after 100 tries
        broker_connection_timeout=3,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # a slice needs no broker to finish
        worker_enable_prefetch_count_reduction=False,  # nothing to restore: one bell at a time
        broker_transport_options=bell.transport_options(settings),
        worker_proc_alive_timeout=3,
    )
    return app


class Listener(Consumer):  # type: ignore[misc] # celery has no types
    """A consumer that also looks for work by itself: between bells, and while the broker is away.

    One loop serves every transport. The task of the solo pool runs inside `drain_events`, a look of its own between two
    calls of it, so the two never overlap. `loop` and `ensure_connected` are where Celery would wait.
    """

    def __init__(self, *args: Any, worker_options: dict[str, Any], **kwargs: Any) -> None:
        self.look: Look = worker_options["look"]
        self.poll_seconds: float = worker_options["poll_seconds"]
        self.next_look = time.monotonic()
        super().__init__(*args, worker_options=worker_options, **kwargs)

    @staticmethod
    def loop(listener: Listener, connection: Any, consumer: Any, blueprint: Any, *rest: Any) -> None:
        """Wait for bells for at most a poll period, look, and again; until the worker is told to stop."""
        consumer.on_message = listener.create_task_handler()
        consumer.consume()
        listener.on_ready()
        while blueprint.state == bootsteps.RUN and listener.connection:
            state.maybe_shutdown()
            listener.perform_pending_operations()
            listener.hear(connection)
            listener.look_if_due()

    def hear(self, connection: Any) -> None:
        """Take a bell, or wait for one until the next look is due."""
        try:
            connection.drain_events(timeout=max(0.0, min(self.next_look - time.monotonic(), HEAR_SECONDS)))
        except TimeoutError:
            return
        except ValueError as error:  # a message that was read half-written: the same as one that was lost
            log.warning("bell.torn", error=str(error))

    def look_if_due(self) -> None:
        """Ask for any work once per poll period, and again at once as long as there is some."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic()
        if not self.look():
            self.next_look = time.monotonic() + self.poll_seconds

    def ensure_connected(self, connection: Any) -> Any:
        """Connect, however long it takes; without a broker the worker still looks for work."""

        def away(error: Exception, interval: float) -> None:
            log.warning("broker.away", error=str(error), again_in_seconds=interval)

        def meanwhile() -> None:
            state.maybe_shutdown()
            self.look_if_due()

        connected = connection.ensure_connection(away, None, interval_max=5, callback=meanwhile)
        self.first_connection_attempt = False
        return connected


def listen(app: Celery, look: Look, poll_seconds: float) -> int:
    """Hear bells and look for work until told to stop; the exit status."""
    controller = WorkController(
        app=app,
        consumer_cls=Listener,
        use_eventloop=False,
        without_gossip=True,  # these three: connected but hears nothing after a Redis restart (celery #8030, #10205)
        without_mingle=True,
        without_heartbeat=True,
        look=look,
        poll_seconds=poll_seconds,
    )
    controller.start()
    return int(controller.exitcode or 0)


def leave_after_this() -> None:
    """Stop hearing bells once the present slice is over."""
    state.should_stop = 0


def on_termination(stop: Callable[[], None]) -> None:
    """SIGTERM and SIGINT: ask for a boundary, then leave; a second one leaves at once."""
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise SystemExit(128 + number)
        asked = True
        stop()
        leave_after_this()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
