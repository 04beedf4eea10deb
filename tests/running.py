"""A running service, or an application in this process, and how to speak to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

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


class Direct(httpx.BaseTransport):
    """Hands requests to the application in this process, one event loop for each."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def once() -> httpx.Response:
            answer = await httpx.ASGITransport(self.app).handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(once())
