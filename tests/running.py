"""A running service and how to speak to it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from service.client import Client

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Service:
    """A running service and how to speak to it."""

    client: Client
    home: Path
    process: subprocess.Popen[bytes]

    def run(self, *words: str, ok: int = 0) -> str:
        """`ontogeny` with these words; its stdout, after its exit code was checked."""
        command = [sys.executable, "-m", "service.cli", "--url", self.client.url, *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == ok, f"{words} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout
