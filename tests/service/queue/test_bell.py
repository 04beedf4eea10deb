from __future__ import annotations

import base64
import json
import socket
import stat
import time
from pathlib import Path
from typing import Any

from service.queue.bell import TASK, Bell, folder, forget_heard, transport_options
from service.settings import Settings


def embedded(home: Path) -> Settings:
    return Settings(home=home)


def messages(home: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((home / "bells" / "waiting").glob("*.msg"))]


def test_a_bell_carries_one_task_name_and_a_trajectory_id(tmp_path: Path) -> None:
    bell = Bell(embedded(tmp_path))
    assert bell.ring("trj_1")
    (message,) = messages(tmp_path)
    assert message["headers"]["task"] == TASK
    assert message["content-type"] == "application/json"
    assert json.loads(base64.b64decode(message["body"]))[0] == ["trj_1"]


def test_nobody_else_can_read_the_bells(tmp_path: Path) -> None:
    Bell(embedded(tmp_path)).ring("trj_1")
    for each in [folder(embedded(tmp_path)), *folder(embedded(tmp_path)).iterdir()]:
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_the_queue_is_bound_before_anybody_reads_the_binding(tmp_path: Path) -> None:
    control = Path(transport_options(embedded(tmp_path))["control_folder"])
    binding = control / "ontogeny.exchange"
    before = binding.read_text(), binding.stat().st_mtime_ns
    Bell(embedded(tmp_path)).ring("trj_1")
    assert (binding.read_text(), binding.stat().st_mtime_ns) == before


def test_a_broker_that_is_away_is_counted_and_costs_no_time(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    bell = Bell(Settings(broker_url=f"redis://127.0.0.1:{closed}/0", home=tmp_path))
    began = time.monotonic()
    assert not bell.ring("trj_1")
    assert bell.ring_all(["trj_1", "trj_2"]) == 0
    assert time.monotonic() - began < 2.0
    assert (bell.sent, bell.failures) == (0, 2)


def test_bells_heard_long_ago_are_forgotten(tmp_path: Path) -> None:
    transport_options(embedded(tmp_path))
    heard = tmp_path / "bells" / "heard" / "1_x.ontogeny.msg"
    heard.write_text("{}")
    now = heard.stat().st_mtime
    assert forget_heard(embedded(tmp_path), older_than_seconds=60.0, now=now + 30.0) == 0
    assert forget_heard(embedded(tmp_path), older_than_seconds=60.0, now=now + 90.0) == 1
    assert not heard.exists()
