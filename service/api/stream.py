"""Server-sent events of a job: what is stored, then what comes, exactly once and in order.

One task per process asks the database every 300 ms for the heads of all watched jobs and hands what is new to bounded
queues. A subscriber registers before it reads the head of its job, reads what is stored up to that head by itself, and
drops from its queue what it has already sent: so nothing falls between the two. A reader that is too slow for its
queue is told so (`reset`) and sent away; it comes back with `Last-Event-ID`, and the database has what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Subscription:
    """The queue of one reader; `lost` once something did not fit."""

    queue: asyncio.Queue[tuple[Head, list[Data]]] = field(default_factory=lambda: asyncio.Queue(QUEUE_DEPTH))
    lost: bool = False

    def offer(self, head: Head, events: list[Data]) -> None:
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
        self.views: dict[str, tuple[Head, asyncio.Future[Data]]] = {}
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
                self.views.pop(job, None)
            if not self.readers:
                self.task.cancel()
                self.task = None

    async def view(self, job: str, head: Head) -> Data:
        """The job as it stands at a head, looked up once for all who follow it."""
        known = self.views.get(job)
        if known is None or known[0] != head or (known[1].done() and known[1].exception() is not None):
            known = self.views[job] = (head, asyncio.ensure_future(run_sync(self.source.view, job)))
        return await asyncio.shield(known[1])  # who leaves takes it from nobody

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

    def _news(self, watched: list[str], seen: dict[str, Head]) -> list[tuple[str, Head, list[Data]]]:
        """What has changed; of a job that is new here only the head is told, readers find its past by themselves."""
        heads = self.source.heads(watched)
        changed = {job: head for job in watched if (head := heads.get(job, GONE)) != seen.get(job)}
        return [
            (job, head, self._between(job, seen[job].last_event, head.last_event) if job in seen else [])
            for job, head in changed.items()
        ]

    def _between(self, job: str, after: int, upto: int) -> list[Data]:
        events: list[Data] = []
        while after < upto and (page := self.source.events(job, after, BACKLOG_PAGE)):
            events += page
            after = page[-1]["seq"]
        return events


@dataclass(frozen=True)
class Frame:
    """One frame; those of stored events carry their `seq`, by which a reader comes back."""

    event: str
    data: Data
    seq: int | None = None


Ping = None
"""Instead of a frame: nothing happened for a while."""


class Frames:
    """The frames of one reader, with the rates that notices keep."""

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.notice: Data | None = None
        self.noticed_at = -NOTICE_SECONDS
        self.progress_at = -PROGRESS_SECONDS

    def stored(self, events: Sequence[Data]) -> Iterator[Frame]:
        """Frames of stored events that were not sent yet; of history notices only the last is kept, for `due`."""
        for event in events:
            if event["seq"] <= self.sent:
                continue
            self.sent = event["seq"]
            if event["type"] == "history":
                self.notice = event
            else:
                yield Frame(event["type"], event, event["seq"])

    def due(self, *, now: bool = False) -> Iterator[Frame]:
        """The waiting history notice, at most once a second."""
        if self.notice and (now or time.monotonic() - self.noticed_at >= NOTICE_SECONDS):
            yield Frame("history", self.notice)
            self.notice, self.noticed_at = None, time.monotonic()

    def progress_due(self) -> bool:
        """Whether a progress frame may be sent; says yes at most twice a second."""
        now = time.monotonic()
        if now - self.progress_at < PROGRESS_SECONDS:
            return False
        self.progress_at = now
        return True


def encoded(frame: Frame | None, id_: str | None = None) -> bytes:
    """A frame, or a ping, as it goes over the wire; `id_` stands for the `seq` where that is not enough."""
    if frame is None:
        return KEEPALIVE_COMMENT
    text = orjson.dumps(frame.data, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    number = id_ if frame.seq is None or id_ else str(frame.seq)
    return format_sse_event(data_str=text, event=frame.event, id=number, retry=RETRY_MILLISECONDS if number else None)


async def limited(frames: AsyncGenerator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Frames for so long; a reader that wants more comes back with the last id."""
    end = time.monotonic() + seconds
    async with contextlib.aclosing(frames):
        while (left := end - time.monotonic()) > 0:
            try:
                yield await asyncio.wait_for(anext(frames), left)
            except (StopAsyncIteration, TimeoutError):
                return


async def one(tail: Tail, job: str, after: int) -> AsyncGenerator[bytes]:
    """The stream of one job, as bytes."""
    async for each in follow(tail, job, after):
        yield encoded(each)


async def several(tail: Tail, places: Mapping[str, int]) -> AsyncGenerator[bytes]:
    """The streams of several jobs as one; every frame names its job, an id tells where each of them stands."""
    place, going = dict(places), list(places)
    queue: asyncio.Queue[tuple[str, Frame | None, bool]] = asyncio.Queue(QUEUE_DEPTH)

    async def read(job: str) -> None:
        async for each in follow(tail, job, places[job]):
            await queue.put((job, each, False))
        await queue.put((job, Ping, True))

    tasks = [asyncio.create_task(read(job)) for job in places]
    try:
        while going:
            job, frame, over = await queue.get()
            if over:
                going.remove(job)
            elif frame is None:
                if job == going[0]:  # one ping speaks for all
                    yield encoded(Ping)
            else:
                place[job] = place[job] if frame.seq is None else frame.seq
                id_ = None if frame.seq is None else write_places(place.values())
                yield encoded(Frame(frame.event, {"job": job, **frame.data}, frame.seq), id_)
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


async def follow(tail: Tail, job: str, after: int) -> AsyncIterator[Frame | None]:
    """All frames for a reader that has the events up to `after`, until the job is over."""
    source = tail.source
    with tail.subscribe(job) as reader:
        view = await run_sync(source.view, job)
        head = (await run_sync(source.heads, [job])).get(job, GONE)
        frames = Frames(after)
        if after > head.last_event:
            frames.sent = 0
            yield Frame("reset", {"last_event": head.last_event})
        yield Frame("job", view)
        async for part in _caught_up(tail, job, frames, head, []):
            yield part
        while not _is_over(head, frames):
            news = await _next(reader, frames)
            if reader.lost:
                yield Frame("reset", {"last_event": frames.sent})
                return
            if news is None:
                yield Ping
            else:
                head, events = news or (head, [])
                async for part in _caught_up(tail, job, frames, head, events):
                    yield part
        for part in frames.due(now=True):
            yield part
        yield Frame("end", {"status": head.status})


async def _caught_up(tail: Tail, job: str, frames: Frames, head: Head, events: list[Data]) -> AsyncIterator[Frame]:
    """Frames of everything up to the head; what the queue did not bring is read from the database."""
    if events and events[0]["seq"] <= frames.sent + 1:
        for part in frames.stored(events):
            yield part
    while frames.sent < head.last_event and (
        page := await run_sync(tail.source.events, job, frames.sent, BACKLOG_PAGE)
    ):
        for part in frames.stored(page):
            yield part
    if head.status not in OVER and frames.progress_due():
        yield Frame("progress", _progress(await tail.view(job, head)))
    for part in frames.due():
        yield part


async def _next(reader: Subscription, frames: Frames) -> tuple[Head, list[Data]] | tuple[()] | None:
    """What the tail brings next; nothing when a notice is due before that; None when it is time for a ping."""
    waits_for_notice = frames.notice is not None
    try:
        return await asyncio.wait_for(reader.queue.get(), NOTICE_SECONDS if waits_for_notice else PING_SECONDS)
    except TimeoutError:
        return () if waits_for_notice else None


def _is_over(head: Head, frames: Frames) -> bool:
    return head is GONE or (head.status in TERMINAL and frames.sent >= head.last_event)


def _progress(view: Data) -> Data:
    return {name: view[name] for name in ("status", "reason", "progress", "lives", "now", "version") if name in view}
