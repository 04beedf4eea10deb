"""The connection to a service: requests that are tried again, pages, streams."""

from __future__ import annotations

import os
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx
import httpx_sse
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from service.client.documents import with_base
from service.client.errors import ApiError, Unreachable

DEFAULT_URL = "http://127.0.0.1:8714"
STREAM_TRIES, STREAM_PAUSE_SECONDS = 25, 5.0
"""A stream that broke is taken up again for a minute and more: so long a service may be restarted."""
_AGAIN = frozenset({429, 502, 503, 504})


class Connection:
    """Requests to one service; address and key fall back to ONTOGENY_URL and ONTOGENY_KEY."""

    def __init__(self, url: str | None = None, key: str | None = None, *, timeout_seconds: float = 75.0) -> None:
        self.url = (url or os.environ.get("ONTOGENY_URL") or DEFAULT_URL).rstrip("/")
        key = key or os.environ.get("ONTOGENY_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of a paged answer."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a GET."""
        given = {key: value for key, value in query.items() if value is not None}
        return orjson.loads(self.request("GET", path, params=given).content)

    def post(self, path: str, content: bytes, content_type: str = "application/json") -> Any:
        """JSON of a POST under a fresh idempotency key."""
        headers = {"Content-Type": content_type, "Idempotency-Key": secrets.token_hex(16)}
        return orjson.loads(self.request("POST", path, content=content, headers=headers).content)

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """A request that is tried again, with jitter, while the service is away or busy."""
        try:
            for attempt in Retrying(
                retry=retry_if_exception(_worth_another_try),
                wait=_wait,
                stop=stop_after_attempt(6),
                reraise=True,
            ):
                with attempt:
                    response = self._http.request(method, path, **how)
                    _raise_for_problem(response)
        except httpx.TransportError as error:
            raise Unreachable(f"no service answers at {self.url}: {error}; start one with `ontogeny up`") from error
        return response

    def download(self, path: str, target: Path, **how: Any) -> Path:
        """Write an answer to a file as it comes; the file is there when all of it is."""
        part = target.with_name(f"{target.name}.part")
        try:
            with self._http.stream("GET", path, **how) as response:
                if response.is_error:
                    response.read()
                _raise_for_problem(response)
                with part.open("wb") as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
            part.replace(target)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} broke off: {error}; nothing was written") from error
        finally:
            part.unlink(missing_ok=True)
        return target

    def events(self, job: str, after: int = 0) -> Iterator[httpx_sse.ServerSentEvent]:
        """The event stream of a job from a sequence number on, until it ends; broken connections are taken up again."""
        last, retries = after, 0
        while True:
            headers = {"Last-Event-ID": str(last)} if last else {}
            try:
                with httpx_sse.connect_sse(
                    self._http, "GET", f"/v1/jobs/{job}/events/stream", headers=headers, timeout=60.0
                ) as source:
                    if source.response.status_code == 204:
                        return
                    if source.response.is_error:
                        source.response.read()
                    _raise_for_problem(source.response)
                    for event in source.iter_sse():
                        retries = 0
                        last = int(event.id) if event.id else last
                        yield event
                        if event.event == "end":
                            return
            except (httpx.TransportError, ApiError) as error:
                retries += 1
                self._rest(job, retries, error)

    def _rest(self, job: str, retries: int, error: httpx.TransportError | ApiError) -> None:
        """Wait before a stream is taken up again; raises what is no use to try again, or was tried often enough."""
        if not _worth_another_try(error):
            raise error
        if retries > STREAM_TRIES:
            raise Unreachable(f"the stream of {job} broke and {self.url} does not answer: {error}") from error
        time.sleep(min(0.1 * 2**retries, STREAM_PAUSE_SECONDS) * random.uniform(0.5, 1.0))

    def document(self, path: str, document: str | Path | Mapping[str, Any], **about: Any) -> Any:
        """POST a document: a file with its base, a mapping, or the text itself."""
        body = with_base(document) | about
        return self.post(path, orjson.dumps(body))


def _raise_for_problem(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        problem = {"status": response.status_code, "detail": response.text[:500] or response.reason_phrase}
    problem.setdefault("status", response.status_code)
    error = ApiError(problem)
    error.problem["retry_after"] = response.headers.get("Retry-After")
    raise error


def _worth_another_try(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.status in _AGAIN
    return isinstance(error, httpx.TransportError)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.problem.get("retry_after") if isinstance(error, ApiError) else None
    if isinstance(asked, str) and asked.isdigit():
        return float(asked)
    return wait_random_exponential(multiplier=0.2, max=5.0)(state)
