"""How a page asks /v1: in process, in the name of whoever asks for the page. A page knows nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
import orjson
from fastapi import Depends, Request

PASSED_ON = ("authorization", "cookie", "host", "x-request-id")


class PageRefused(Exception):
    """What a page is made of was refused; `problem` says why."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail", ""))
        self.problem = problem
        self.status = int(problem["status"])


class Asker:
    """GET requests to our own API, with the headers by which the asker is known."""

    def __init__(self, request: Request) -> None:
        headers = {name: value for name in PASSED_ON if (value := request.headers.get(name)) is not None}
        self._origin = f"http://{request.headers.get('host', 'localhost')}"
        transport = httpx.ASGITransport(request.app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer; PageRefused if it is a problem."""
        return orjson.loads((await self._answer(path, {}, query)).content)

    async def look(self, path: str) -> Any:
        """The JSON of an answer whatever its status."""
        return orjson.loads((await self._http.get(path)).content)

    async def text(self, path: str, accept: str, **query: Any) -> str:
        """The text of an answer of another type."""
        return (await self._answer(path, {"Accept": accept}, query)).text

    async def together(self, paths: Sequence[str]) -> list[Any]:
        """Several answers, asked for at once."""
        return list(await asyncio.gather(*map(self.get, paths)))

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of an answer to a question that needs a body."""
        headers = {"Content-Type": "application/json", "Origin": self._origin}
        answer = await self._http.post(path, content=orjson.dumps(body), headers=headers)
        return orjson.loads(_fine(answer).content)

    async def all(self, path: str, most: int, **query: Any) -> tuple[list[Any], bool]:
        """The items of a paged answer, at most so many; and whether there are more."""
        items: list[Any] = []
        cursor: str | None = None
        while len(items) < most:
            page = await self.get(path, limit=min(1000, most), **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items, False
        return items[:most], True

    async def _answer(self, path: str, headers: dict[str, str], query: dict[str, Any]) -> httpx.Response:
        given = {name: value for name, value in query.items() if value not in (None, "", [])}
        # an empty mapping would take away the query that stands in the path
        return _fine(await self._http.get(path, params=given or None, headers=headers))


def _fine(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise PageRefused(orjson.loads(answer.content))
    return answer


Api = Annotated[Asker, Depends(Asker)]
