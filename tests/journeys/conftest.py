"""A whole service as a user starts it: `ontogeny up` with real worker processes, on a home of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import ROOT, Service

from service.client import Client, Unreachable


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """API, two workers and reconcilers, stopped at the end."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "up", "--home", str(home), "--port", str(port)]
    short = {"ONTOGENY_LEASE_SECONDS": "6", "ONTOGENY_BELL_GRACE_SECONDS": "1", "ONTOGENY_POLL_SECONDS": "0.5"}
    with (home / "service.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | short)
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            _wait(client, process, home)
            yield Service(client, home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (home / "service.log").read_text()[-3000:]


def _wait(client: Client, process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            client.get("/health/ready")
        except Unreachable:
            time.sleep(0.2)
        else:
            return
    raise AssertionError((home / "service.log").read_text()[-3000:])
