from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.worker import state

from service.queue.bell import TASK, Bell
from service.settings import Settings
from workers.app import build_app, leave_after_this, listen

POLL_SECONDS = 0.4


@pytest.fixture(autouse=True)
def _fresh_celery_state() -> Iterator[None]:
    state.should_stop = None
    yield
    state.should_stop = None


def embedded(home: Path) -> Settings:
    return Settings(home=home)


def test_a_bell_is_heard_long_before_the_next_look(tmp_path: Path) -> None:
    app = build_app(embedded(tmp_path))
    heard: list[tuple[str, str]] = []

    @app.task(name=TASK, shared=False)
    def advance(trajectory: str) -> None:
        heard.append((trajectory, threading.current_thread().name))
        leave_after_this()

    bell = Bell(embedded(tmp_path))
    assert bell.ring("trj_1")
    assert listen(app, lambda: False, poll_seconds=60.0) == 0
    assert heard == [("trj_1", "MainThread")]
    assert bell.sent == 1


def test_an_idle_worker_looks_by_itself_every_poll_period(tmp_path: Path) -> None:
    app = build_app(embedded(tmp_path))
    looks: list[str] = []

    def look() -> bool:
        looks.append(threading.current_thread().name)
        if len(looks) == 3:
            leave_after_this()
        return False

    assert listen(app, look, POLL_SECONDS) == 0
    assert looks == ["MainThread"] * 3


def test_without_a_broker_the_worker_still_looks(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    app = build_app(Settings(broker_url=f"redis://127.0.0.1:{closed}/0", home=tmp_path))
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            leave_after_this()
        return True

    assert listen(app, look, POLL_SECONDS) == 0
    assert looks == 3


def test_a_torn_message_is_a_lost_bell_and_no_more(tmp_path: Path) -> None:
    app = build_app(embedded(tmp_path))
    torn = tmp_path / "bells" / "waiting" / "1_torn.ontogeny.msg"
    torn.write_text('{"body": "W1')
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        if not torn.exists():
            leave_after_this()
        return False

    assert listen(app, look, POLL_SECONDS) == 0
    assert looks >= 1


def test_only_json_is_accepted_and_nothing_is_acknowledged_late(tmp_path: Path) -> None:
    conf = build_app(embedded(tmp_path)).conf
    assert conf.accept_content == ["json"]
    assert not conf.task_acks_late
    assert not conf.worker_enable_remote_control
    assert conf.result_backend is None
