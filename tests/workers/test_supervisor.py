from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

from workers.supervisor import BACKOFF_SECONDS, Slot, kill_group

PYTHON = sys.executable


def exits_with(status: int) -> tuple[str, ...]:
    return (PYTHON, "-c", f"raise SystemExit({status})")


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    """A zombie whose parent has not asked for it yet is not running."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def live_once(slot: Slot, now: float) -> None:
    slot.start(now)
    assert slot.process is not None
    slot.process.wait()
    slot.bury(now)


def test_a_worker_that_keeps_dying_is_started_ever_later_up_to_half_a_minute() -> None:
    slot = Slot(0, exits_with(1))
    waits = []
    for _ in range(8):
        live_once(slot, now=0.0)
        waits.append(slot.not_before)
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert BACKOFF_SECONDS == (0.5, 30.0)


def test_a_worker_that_leaves_by_itself_is_followed_at_once() -> None:
    slot = Slot(0, exits_with(1))
    live_once(slot, now=0.0)
    slot.command = exits_with(0)
    live_once(slot, now=0.0)
    assert slot.not_before == 0.0


def test_what_a_dead_worker_left_is_killed_with_its_group() -> None:
    program = "import subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
    leader = subprocess.Popen((PYTHON, "-c", program), start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert leader.stdout is not None
    try:
        left = int(leader.stdout.readline())
        leader.wait()
        assert is_running(left)
        slot = Slot(0, (), process=leader)  # type: ignore[arg-type]
        slot.bury(now=0.0)
        assert until(lambda: not is_running(left))
    finally:
        kill_group(leader.pid, signal.SIGKILL)
        leader.stdout.close()


def test_a_worker_leaves_when_its_supervisor_is_killed() -> None:
    child = (
        "import os, time; from workers.supervisor import die_with; die_with(os.getppid());"
        "print('tied', flush=True); time.sleep(60)"
    )
    parent = (
        "import subprocess, sys;"
        f"p = subprocess.Popen([sys.executable, '-c', {child!r}]); print(p.pid, flush=True); p.wait()"
    )
    process = subprocess.Popen((PYTHON, "-c", parent), start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        pid = int(process.stdout.readline())
        assert process.stdout.readline() == "tied\n"
        process.kill()
        process.wait()
        assert until(lambda: not is_running(pid))
    finally:
        kill_group(process.pid, signal.SIGKILL)
        process.stdout.close()


def test_a_worker_whose_supervisor_is_already_gone_does_not_start() -> None:
    program = "import os; from workers.supervisor import die_with; die_with(os.getpid())"  # nobody is its own parent
    assert subprocess.run((PYTHON, "-c", program), check=False, capture_output=True).returncode == 1


def test_the_supervisor_loads_no_torch() -> None:
    program = "import workers.__main__, sys; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run((PYTHON, "-c", program), check=False).returncode == 0
