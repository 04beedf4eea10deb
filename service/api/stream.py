"""Server-sent events of a job: what is stored, then what comes, exactly once and in order.

One task per process asks the database every 300 ms for the heads of all watched jobs and hands what is new to bounded
queues. A subscriber registers before it reads the head of its job, reads what is stored up to that head by itself, and
drops from its queue what it has already sent: so nothing falls between the two. A reader that is too slow for its
queue is told so (`reset`) and sent away; it comes back with `Last-Event-ID`, and the database has what it missed.
What all readers are told is written out once, and what a reader is told at one time goes as one piece.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import orjson
import structlog
from anyio.to_thread import run_sync
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from sqlalchemy.exc import OperationalError

from service.wire.jobs import TERMINAL

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.3
PING_SECONDS = 15.0
PROGRESS_SECONDS = 0.5
NOTICE_SECONDS = 1.0
RETRY_MILLISECONDS = 2000
QUEUE_DEPTH = 512
BACKLOG_PAGE = 500

PROGRESS = ("status", "reason", "progress", "lives", "now", "version")
"""What of the whole job is told again and again."""

Data = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """Where a job stands: its last event, its version, its status."""

    last_event: int
    version: int
    status: str


GONE = Head(0, 0, "deleted")
OVER = TERMINAL | {GONE.status}


class Source(Protocol):
    """What the stream reads; every call is one short look at the database."""

    def heads(self, jobs: Sequence[str]) -> dict[str, Head]:
        """Heads of those of the jobs that exist."""
        ...

    def events(self, job: str, after: int, limit: int) -> list[Data]:
        """Stored events with `seq > after`, ascending."""
        ...

    def view(self, job: str) -> Data:
        """The whole job."""
        ...


@dataclass(frozen=True)
class Frame:
    """One frame; those of stored events carry their `seq`, by which a reader comes back."""

    event: str
    data: Data
    seq: int | None = None

    @cached_property
    def content(self) -> bytes:
        """As it goes over the wire, to every reader alike."""
        return self.encoded(None if self.seq is None else str(self.seq))

    def encoded(self, id_: str | None) -> bytes:
        """As it goes over the wire under an id."""
        text = orjson.dumps(self.data, option=orjson.OPT_SERIALIZE_NUMPY).decode()
        retry = None if id_ is None else RETRY_MILLISECONDS
        return format_sse_event(data_str=text, event=self.event, id=id_, retry=retry)


def stored(event: Data) -> Frame:
    """The frame of a stored event; history notices carry no id, for not each of them is sent."""
    return Frame(event["type"], event, None if event["type"] == "history" else event["seq"])


@dataclass
class Subscription:
    """The queue of one reader; `lost` once something did not fit."""

    queue: asyncio.Queue[tuple[Head, list[Frame]]] = field(default_factory=lambda: asyncio.Queue(QUEUE_DEPTH))
    lost: bool = False

    def offer(self, head: Head, events: list[Frame]) -> None:
        """Add news; a full queue is emptied and marked lost."""
        if self.lost:
            return
        try:
            self.queue.put_nowait((head, events))
        except asyncio.QueueFull:
            self.lost = True
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait((head, []))


class Tail:
    """The one task that follows the database; it runs while anybody listens."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.readers: dict[str, list[Subscription]] = {}
        self.seen: dict[str, Head] = {}
        self.standing: dict[str, tuple[Head, asyncio.Future[Frame]]] = {}
        self.task: asyncio.Task[None] | None = None

    @contextmanager
    def subscribe(self, job: str) -> Iterator[Subscription]:
        """A queue that receives everything that is stored about the job from now on."""
        reader = Subscription()
        self.readers.setdefault(job, []).append(reader)
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._follow())
        try:
            yield reader
        finally:
            self.readers[job].remove(reader)
            if not self.readers[job]:
                del self.readers[job]
                self.seen.pop(job, None)
                self.standing.pop(job, None)
            if not self.readers:
                self.task.cancel()
                self.task = None

    async def progress(self, job: str, head: Head) -> Frame:
        """How the job stands at a head, looked up once for all who follow it."""
        known = self.standing.get(job)
        if known is None or known[0] != head or (known[1].done() and known[1].exception() is not None):
            known = self.standing[job] = (head, asyncio.ensure_future(run_sync(self._progress, job)))
        return await asyncio.shield(known[1])  # who leaves takes it from nobody

    def _progress(self, job: str) -> Frame:
        view = self.source.view(job)
        return Frame("progress", {name: view[name] for name in PROGRESS if name in view})

    async def _follow(self) -> None:
        while True:
            try:
                news = await run_sync(self._news, list(self.readers), dict(self.seen))
            except OperationalError as error:
                log.warning("stream.database", error=str(error.orig))
                news = []
            for job, head, events in news:
                self.seen[job] = head
                for reader in self.readers.get(job, ()):
                    reader.offer(head, events)
            await asyncio.sleep(POLL_SECONDS)

    def _news(self, watched: list[str], seen: dict[str, Head]) -> list[tuple[str, Head, list[Frame]]]:
        """What has changed; of a job that is new here only the head is told, readers find its past by themselves."""
        heads = self.source.heads(watched)
        changed = {job: head for job in watched if (head := heads.get(job, GONE)) != seen.get(job)}
        return [
            (job, head, self._between(job, seen[job].last_event, head.last_event) if job in seen else [])
            for job, head in changed.items()
        ]

    def _between(self, job: str, after: int, upto: int) -> list[Frame]:
        frames: list[Frame] = []
        while after < upto and (page := self.source.events(job, after, BACKLOG_PAGE)):
            frames += map(stored, page)
            after = page[-1]["seq"]
        return frames


class Frames:
    """The frames of one reader, with the rates that notices keep."""

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.notice: Frame | None = None
        self.noticed_at = -NOTICE_SECONDS
        self.progress_at = -PROGRESS_SECONDS

    def fresh(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Those of stored events that were not sent yet; of history notices only the last is kept, for `due`."""
        for frame in frames:
            if frame.data["seq"] <= self.sent:
                continue
            self.sent = frame.data["seq"]
            if frame.seq is None:
                self.notice = frame
            else:
                yield frame

    def due(self, *, now: bool = False) -> Iterator[Frame]:
        """The waiting history notice, at most once a second."""
        if self.notice and (now or time.monotonic() - self.noticed_at >= NOTICE_SECONDS):
            yield self.notice
            self.notice, self.noticed_at = None, time.monotonic()

    def progress_due(self) -> bool:
        """Whether a progress frame may be sent; says yes at most twice a second."""
        now = time.monotonic()
        if now - self.progress_at < PROGRESS_SECONDS:
            return False
        self.progress_at = now
        return True


async def limited(frames: AsyncGenerator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Frames for so long; a reader that wants more comes back with the last id."""
    end = time.monotonic() + seconds
    async with contextlib.aclosing(frames):
        while (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    part = await anext(frames)
            except (StopAsyncIteration, TimeoutError):
                return
            yield part


async def one(tail: Tail, job: str, after: int) -> AsyncGenerator[bytes]:
    """The stream of one job, as bytes."""
    async for frames in follow(tail, job, after):
        yield b"".join(frame.content for frame in frames) or KEEPALIVE_COMMENT


async def several(tail: Tail, places: Mapping[str, int]) -> AsyncGenerator[bytes]:
    """The streams of several jobs as one; every frame names its job, an id tells where each of them stands."""
    place, going = dict(places), list(places)
    queue: asyncio.Queue[tuple[str, list[Frame] | None]] = asyncio.Queue(QUEUE_DEPTH)

    async def read(job: str) -> None:
        async for frames in follow(tail, job, places[job]):
            await queue.put((job, frames))
        await queue.put((job, None))

    tasks = [asyncio.create_task(read(job)) for job in places]
    try:
        while going:
            job, frames = await queue.get()
            if frames is None:
                going.remove(job)
            elif not frames and job == going[0]:  # one ping speaks for all
                yield KEEPALIVE_COMMENT
            for frame in frames or ():
                place[job] = place[job] if frame.seq is None else frame.seq
                id_ = None if frame.seq is None else write_places(place.values())
                yield Frame(frame.event, {"job": job, **frame.data}).encoded(id_)
    finally:
        for task in tasks:
            task.cancel()


def write_places(places: Iterable[int]) -> str:
    """The id of a frame of several jobs: the last `seq` of each, in the order in which they were asked for."""
    return ".".join(map(str, places))


def read_places(id_: str | None, jobs: Sequence[str]) -> dict[str, int]:
    """Where to go on with each job; from its start if there is no such id."""
    parts = (id_ or "").split(".")
    known = len(parts) == len(jobs) and all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts)
    return dict(zip(jobs, map(int, parts), strict=True)) if known else dict.fromkeys(jobs, 0)


async def follow(tail: Tail, job: str, after: int) -> AsyncIterator[list[Frame]]:
    """All frames for a reader that has the events up to `after`, until the job is over; none: it is time for a ping."""
    source = tail.source
    with tail.subscribe(job) as reader:
        view = await run_sync(source.view, job)
        head = (await run_sync(source.heads, [job])).get(job, GONE)
        frames = Frames(after)
        if after > head.last_event:
            frames.sent = 0
            yield [Frame("reset", {"last_event": head.last_event})]
        yield [Frame("job", view)]
        async for part in _caught_up(tail, job, frames, head, []):
            yield part
        while not _is_over(head, frames):
            news = await _next(reader, frames)
            if reader.lost:
                yield [Frame("reset", {"last_event": frames.sent})]
                return
            if news is None:
                yield []
                continue
            head, events = news or (head, [])
            async for part in _caught_up(tail, job, frames, head, events):
                yield part
        yield [*frames.due(now=True), Frame("end", {"status": head.status})]


async def _caught_up(
    tail: Tail, job: str, frames: Frames, head: Head, events: list[Frame]
) -> AsyncIterator[list[Frame]]:
    """Frames of everything up to the head; what the queue did not bring is read from the database, page by page."""
    found: list[Frame] = []
    if events and events[0].data["seq"] <= frames.sent + 1:
        found += frames.fresh(events)
    while frames.sent < head.last_event and (
        page := await run_sync(tail.source.events, job, frames.sent, BACKLOG_PAGE)
    ):
        if found:
            yield found
        found = list(frames.fresh(map(stored, page)))
    if head.status not in OVER and frames.progress_due():
        found.append(await tail.progress(job, head))
    if found := [*found, *frames.due()]:
        yield found


async def _next(reader: Subscription, frames: Frames) -> tuple[Head, list[Frame]] | tuple[()] | None:
    """What the tail brings next; nothing when a notice is due before that; None when it is time for a ping."""
    waits_for_notice = frames.notice is not None
    try:
        async with asyncio.timeout(NOTICE_SECONDS if waits_for_notice else PING_SECONDS):
            return await reader.queue.get()
    except TimeoutError:
        return () if waits_for_notice else None


def _is_over(head: Head, frames: Frames) -> bool:
    return head is GONE or (head.status in TERMINAL and frames.sent >= head.last_event)
