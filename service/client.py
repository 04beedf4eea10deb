"""What a notebook imports: `Client(url).submit("schedule.yaml")`, then `job.wait()`, `job.history("probe.acc")`.

Every POST carries an idempotency key, so retries after lost answers submit once. Waiting and following never cancel.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import numpy as np
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from service.wire.jobs import TERMINAL
from service.wire.outcomes import Contrasts, Outcomes

DEFAULT_URL = "http://127.0.0.1:8714"
YAML_TYPE = "application/yaml"
_AGAIN = frozenset({429, 502, 503, 504})
_MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".csv": "text/csv",
    ".json": "application/json",
}


class ApiError(Exception):
    """The service answered with a problem; `problem` is the whole of it (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict(problem)
        self.status = int(problem.get("status", 0))
        self.code = str(problem.get("code", ""))
        lines = [str(problem.get("detail") or problem.get("title") or self.code)]
        for fault in problem.get("errors", []):
            suggestion = (fault.get("suggestion") or {}).get("text")
            hint = f" ({suggestion})" if suggestion else ""
            lines.append(f"  {fault['code']} at {fault['pointer'] or '/'}: {fault['message']}{hint}")
        super().__init__("\n".join(lines))


class Unreachable(Exception):
    """Nothing answers at the service's address."""


@dataclass(frozen=True)
class Trace:
    """One curve: a life's series, or a statistic over lives with its band."""

    series: str
    unit: str
    arm: int
    labels: dict[str, str]
    seed: int | None
    stat: str | None
    x: np.ndarray[Any, np.dtype[np.float64]]
    y: np.ndarray[Any, np.dtype[np.float64]]
    band: dict[str, Any] | None = None
    n: list[int] | None = None


@dataclass(frozen=True)
class History:
    """The answer to a history query; `thinning` says what was left out, if anything."""

    traces: list[Trace]
    thinning: dict[str, Any]
    stages: list[dict[str, Any]]
    complete: bool
    next_after: str | None
    answer: dict[str, Any] = field(repr=False)

    def to_pandas(self) -> Any:
        """A long data frame: series, arm, seed, stat, x, y; needs pandas, which is not installed with the client."""
        import pandas as pd  # type: ignore[import-untyped] # noqa: PLC0415 - wanted by few, heavy for all

        frames = [
            pd.DataFrame({"series": t.series, "arm": t.arm, "seed": t.seed, "stat": t.stat, "x": t.x, "y": t.y})
            for t in self.traces
        ]
        return pd.concat(frames, ignore_index=True)


class Client:
    """A connection to a service; settings fall back to ONTOGENY_URL and ONTOGENY_KEY."""

    def __init__(self, url: str | None = None, key: str | None = None, *, timeout_seconds: float = 75.0) -> None:
        self.url = (url or os.environ.get("ONTOGENY_URL") or DEFAULT_URL).rstrip("/")
        key = key or os.environ.get("ONTOGENY_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_seconds)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # ---- documents

    def check(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Findings of a document, errors first; nothing is stored."""
        return dict(self._document("/v1/schedules/check", document))

    def plan(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Arms, trajectories, samples with and without sharing; nothing is stored."""
        return dict(self._document("/v1/schedules/plan", document))

    def submit(
        self,
        document: str | Path | Mapping[str, Any],
        *,
        name: str | None = None,
        notes: str | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int = 0,
    ) -> Job:
        """Store a document as a job and start it; a problem raises ApiError with every finding."""
        about = {"name": name, "notes": notes, "labels": dict(labels or {}), "priority": priority}
        given = {key: value for key, value in about.items() if value}
        return Job(self, self._document("/v1/jobs", document, **given))

    # ---- jobs

    def job(self, job: str) -> Job:
        """A job by id."""
        return Job(self, self.get(f"/v1/jobs/{job}"))

    def jobs(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All jobs that pass the filters, newest first, page by page."""
        return self.pages("/v1/jobs", **filters)

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of a paged answer."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    # ---- requests

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
            except httpx.TransportError as error:
                retries += 1
                if retries > 20:
                    raise Unreachable(f"the stream of {job} broke and {self.url} does not answer: {error}") from error

    def _document(self, path: str, document: str | Path | Mapping[str, Any], **about: Any) -> Any:
        """POST a document: a file with its base, a mapping, or the text itself."""
        body = {"document": read_document(document), **about}
        base = base_of(document, body["document"])
        if base is not None:
            body["base"] = base
        return self.post(path, orjson.dumps(body))


@dataclass
class Job:
    """A job as last seen; `refresh` looks again."""

    client: Client
    state: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.state["id"])

    @property
    def status(self) -> str:
        """Its status as last seen."""
        return str(self.state["status"])

    @property
    def finished(self) -> bool:
        """Whether the status is one that never changes."""
        return self.status in TERMINAL

    def refresh(self, wait_seconds: int = 0) -> Job:
        """Look again; with `wait_seconds` the service answers only when something changed, or then."""
        headers = {"Prefer": f"wait={wait_seconds}"} if wait_seconds else {}
        response = self.client.request("GET", f"/v1/jobs/{self.id}", headers=headers)
        self.state = orjson.loads(response.content)
        return self

    def wait(self) -> Job:
        """Block until the job has ended; interrupting it cancels nothing."""
        while not self.finished:
            self.refresh(wait_seconds=30)
        return self

    def follow(self, after: int = 0) -> Iterator[httpx_sse.ServerSentEvent]:
        """Events as they happen, until the job ends."""
        return self.client.events(self.id, after)

    def cancel(self, reason: str | None = None) -> Job:
        """End it at the next slice boundary; what is committed stays."""
        return self._verb("cancel", reason)

    def pause(self, reason: str | None = None) -> Job:
        """Hold it at the next slice boundary."""
        return self._verb("pause", reason)

    def resume(self, reason: str | None = None) -> Job:
        """Let a paused job go on."""
        return self._verb("resume", reason)

    def retry(self) -> Job:
        """A new job that goes on from the last snapshots of a failed or cancelled one."""
        return Job(self.client, self.client.post(f"/v1/jobs/{self.id}/retry", b"{}"))

    def history(self, *series: str, **query: Any) -> History:
        """Stored series; names may be globs; `over="seed"` gives mean and band, see the API for all parameters."""
        answer = self.client.get(f"/v1/jobs/{self.id}/history", series=list(series) or None, **query)
        return History(
            [_trace(trace) for trace in answer["traces"]],
            answer["thinning"],
            answer["stages"],
            answer["complete"],
            answer["next_after"],
            answer,
        )

    def series(self) -> list[dict[str, Any]]:
        """Names, units and extremes of all recorded series."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/series"))

    def transitions(self) -> list[dict[str, Any]]:
        """Stage ends with the stored values that decided them."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/transitions", limit=1000))

    def lives(self) -> list[dict[str, Any]]:
        """Every arm x seed with its stage, age and status."""
        return list(self.client.pages(f"/v1/jobs/{self.id}/lives", limit=1000))

    def outcomes(self) -> Outcomes:
        """A study's outcomes, life by life and arm by arm; `complete` says whether they are final."""
        return Outcomes.model_validate(self.client.get(f"/v1/jobs/{self.id}/outcomes"))

    def contrasts(self) -> Contrasts:
        """A study's contrasts: estimates with intervals, tests corrected for their number, warnings."""
        return Contrasts.model_validate(self.client.get(f"/v1/jobs/{self.id}/contrasts"))

    def export(self, path: str | Path) -> Path:
        """Write every recorded value to .parquet, .arrow, .csv or .json, unthinned."""
        target = Path(path)
        media = _MEDIA.get(target.suffix)
        if media is None:
            raise ValueError(f"cannot tell the format from {target.name!r}; end it in one of {' '.join(_MEDIA)}")
        response = self.client.request(
            "GET", f"/v1/jobs/{self.id}/history", params={"points": "all", "series": "*"}, headers={"Accept": media}
        )
        target.write_bytes(response.content)
        return target

    def _verb(self, verb: str, reason: str | None) -> Job:
        body = orjson.dumps({"reason": reason} if reason else {})
        self.state = self.client.post(f"/v1/jobs/{self.id}/{verb}", body)
        return self


def read_document(document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A document from a file, or as it is; models.errors.Malformed if the file cannot be read as one."""
    if isinstance(document, Mapping):
        return dict(document)
    from models.specs.document import read  # noqa: PLC0415 - keeps yaml out of clients that send mappings

    return dict(read(Path(document).read_bytes()).data)


def base_of(document: str | Path | Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schedule that a study file names as its base: the file of that name beside it, if there is one."""
    name = data.get("base")
    if isinstance(document, Mapping) or data.get("kind") != "study" or not isinstance(name, str):
        return None
    sibling = Path(document).parent / f"{name}.yaml"
    return read_document(sibling) if sibling.is_file() else None


def _trace(trace: Mapping[str, Any]) -> Trace:
    """JSON columns as arrays; positions that were not finite are put back."""
    y = np.array([np.nan if value is None else value for value in trace["y"]], dtype=np.float64)
    for index, what in trace.get("nonfinite", []):
        y[index] = float(what)
    return Trace(
        trace["series"],
        trace["unit"],
        trace["arm"],
        trace["labels"],
        trace["seed"],
        trace.get("stat"),
        np.array(trace["x"], dtype=np.float64),
        y,
        trace.get("band"),
        trace.get("n"),
    )


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
