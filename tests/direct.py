"""An HTTP client whose wire is the application itself."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI

from service.client import Client


class Direct(httpx.BaseTransport):
    """Hands requests to the application in this process, one event loop for each."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def once() -> httpx.Response:
            answer = await httpx.ASGITransport(self.app).handle_async_request(request)
            sent = b"".join([part async for part in answer.aiter_raw()])
            return httpx.Response(answer.status_code, headers=answer.headers, content=sent)

        return asyncio.run(once())


def client_of(app: FastAPI) -> Client:
    """Our client on that wire."""
    made = Client("http://localhost:8714")
    made._http = httpx.Client(transport=Direct(app), base_url=made.url)
    return made
