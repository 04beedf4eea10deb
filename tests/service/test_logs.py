"""Logs: one JSON object a line, with what a line is about, and never a secret; written by processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import tiny_schedule

from service.settings import Settings
from service.store import access
from service.store.engine import Database, migrate

SECRETS = [
    "ont_0123456789ab_" + "s" * 43,
    "postgresql+psycopg://lab:hunter2@db/ontogeny",
    "redis://:hunter2@redis:6379/0",
]
PROGRAM = """
import logging, sys, structlog
from service import logs
from service.settings import Settings
logs.configure(Settings(log_level="info"))
log, secret = structlog.get_logger("test"), sys.argv[1]
log.info("plain", url=secret, nested={"deep": [secret, {"er": secret}]}, pair=(secret,))
log.warning(f"in the message {secret}")
logging.getLogger("library").warning("from a library: %s", secret)
try:
    raise ValueError(f"in an error {secret}")
except ValueError as error:
    log.error("failed", exc_info=error)
    logging.getLogger("library").exception("failed")
log.info("user", text='one\\n{"event": "forged"}')
"""


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_line_tells_a_secret_wherever_it_stands_and_text_begins_no_line(secret: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, secret], capture_output=True, text=True, check=True)
    told = lines(done.stderr)
    assert len(told) == 6
    text = json.dumps(told)
    assert "hunter2" not in text
    assert "s" * 43 not in text
    assert text.count("[redacted]") >= 8
    assert told[-1]["text"].startswith("one")


@pytest.fixture
def log(tmp_path: Path) -> tuple[str, str]:
    """All logs of a run in which a key was used rightly and wrongly, and the key."""
    settings = Settings(home=tmp_path / "home")
    migrate(settings.database_url)
    database = Database(settings.database_url)
    with database.write() as db:
        _, key = access.create_key(db, database.now(db), access.NewKey("lab", access.SCOPES))
    database.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["up", "--home", str(settings.home), "--port", str(port), "--workers", "1"]
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "service.cli", *words]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"ONTOGENY_LOG_LEVEL": "debug"})
    try:
        _use(f"http://127.0.0.1:{port}", key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    return (tmp_path / "log").read_text(), key


def _use(url: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                client.get("/health")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        client.get("/v1/me", params={"key": key})
        client.get(f"/v1/jobs/{key}")
        client.get("/v1/me", headers={"Authorization": f"Bearer {key}x"})
        client.post("/v1/jobs", content=f"not: [yaml {key}".encode(), headers={"Content-Type": "application/yaml"})
        job = client.post("/v1/jobs", json={"document": tiny_schedule(), "notes": key}).json()["id"]
        for _ in range(20):
            if client.get(f"/v1/jobs/{job}", headers={"Prefer": "wait=10"}).json()["status"] == "succeeded":
                return
    raise AssertionError("the job did not end")


@pytest.mark.slow
@pytest.mark.processes
def test_all_logs_of_a_run_tell_what_they_are_about_and_no_secret(log: tuple[str, str]) -> None:
    text, key = log
    assert key.split("_", 2)[2] not in text
    told = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    slices = [line for line in told if line["event"] == "slice"]
    assert slices
    for line in slices:
        assert line.keys() >= {"job", "trajectory", "fence", "worker", "train_seconds", "commit_seconds"}
        assert line["job"].startswith("job_")
    asked = [line for line in told if line["event"] == "request"]
    assert {"/v1/jobs/{job}", "/v1/me"} <= {line["route"] for line in asked}
    assert all(line["request_id"] for line in asked)
