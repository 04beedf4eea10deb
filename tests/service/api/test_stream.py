from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from service.api import stream
from service.api.stream import Head, Subscription, Tail, one


class Memory:
    """A store of events of one job, in memory, behind the door the stream reads through."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.status = "running"
        self.deleted = False
        self.reads: list[int] = []
        self.views = 0

    def add(self, *types: str) -> None:
        for type_ in types:
            self.stored.append({"seq": len(self.stored) + 1, "type": type_, "message": type_})

    def heads(self, jobs: Sequence[str]) -> dict[str, Head]:
        head = Head(len(self.stored), len(self.stored), self.status)
        return {} if self.deleted else {job: head for job in jobs if job == "job_1"}

    def events(self, job: str, after: int, limit: int) -> list[dict[str, Any]]:
        self.reads.append(after)
        return self.stored[after : after + limit]

    def view(self, job: str) -> dict[str, Any]:
        self.views += 1
        return {"id": job, "status": self.status, "progress": {}, "version": len(self.stored)}


def frames_of(content: bytes) -> list[tuple[str, str | None, Any]]:
    frames = []
    for text in content.decode().strip().split("\n\n"):
        if text.startswith(":"):
            frames.append(("ping", None, None))
            continue
        fields = dict(line.split(": ", 1) for line in text.split("\n"))
        frames.append((fields["event"], fields.get("id"), orjson.loads(fields["data"])))
    return frames


async def collect(tail: Tail, after: int = 0) -> list[tuple[str, str | None, Any]]:
    return frames_of(b"".join([part async for part in one(tail, "job_1", after)]))


def stored(frames: list[tuple[str, str | None, Any]]) -> list[int]:
    return [int(number) for _, number, _ in frames if number]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.01)


def test_a_finished_job_is_told_whole_then_ends() -> None:
    memory = Memory()
    memory.add("job.created", "stage.entered", "job.status")
    memory.status = "succeeded"
    frames = asyncio.run(collect(Tail(memory)))
    assert [kind for kind, _, _ in frames] == ["job", "job.created", "stage.entered", "job.status", "end"]
    assert stored(frames) == [1, 2, 3]
    assert frames[0][2]["id"] == "job_1"


def test_a_reader_that_comes_back_gets_only_what_it_missed() -> None:
    memory = Memory()
    memory.add(*["stage.entered"] * 5)
    memory.status = "succeeded"
    assert stored(asyncio.run(collect(Tail(memory), after=3))) == [4, 5]


def test_live_events_arrive_once_and_in_order_for_every_reader() -> None:
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[list[tuple[str, str | None, Any]]]:
        tail = Tail(memory)
        readers = [asyncio.create_task(collect(tail))]
        for round_ in range(20):
            memory.add("stage.entered", "stage.ended")
            if round_ == 10:
                readers.append(asyncio.create_task(collect(tail, after=4)))
            await asyncio.sleep(0.007)
        memory.add("job.status")
        memory.status = "succeeded"
        answers = await asyncio.gather(*readers)
        assert not tail.readers
        assert tail.task is None
        return answers

    first, second = asyncio.run(scene())
    assert stored(first) == list(range(1, 43))
    assert stored(second) == list(range(5, 43))
    assert first[-1][0] == second[-1][0] == "end"


def test_one_event_between_the_first_look_and_the_tail_is_not_lost() -> None:
    memory = Memory()
    memory.add("job.created")
    original = memory.view

    def view_while_another_commits(job: str) -> dict[str, Any]:
        answer = original(job)
        if len(memory.stored) == 1:
            memory.add("stage.entered")
        return answer

    memory.view = view_while_another_commits  # type: ignore[method-assign]

    async def scene() -> list[tuple[str, str | None, Any]]:
        reading = asyncio.create_task(collect(Tail(memory)))
        await asyncio.sleep(0.1)
        memory.add("job.status")
        memory.status = "succeeded"
        return await reading

    assert stored(asyncio.run(scene())) == [1, 2, 3]


def test_history_notices_are_thinned_to_the_last_and_carry_no_id() -> None:
    memory = Memory()
    memory.add(*["history"] * 50, "job.status")
    memory.status = "succeeded"
    frames = asyncio.run(collect(Tail(memory)))
    notices = [frame for frame in frames if frame[0] == "history"]
    assert [(number, data["seq"]) for _, number, data in notices] == [(None, 50)]


def test_progress_frames_come_at_most_twice_a_second_and_without_id() -> None:
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[tuple[str, str | None, Any]]:
        reading = asyncio.create_task(collect(Tail(memory)))
        for _ in range(30):
            memory.add("stage.entered")
            await asyncio.sleep(0.02)
        memory.status = "succeeded"
        return await reading

    progress = [frame for frame in asyncio.run(scene()) if frame[0] == "progress"]
    assert 1 <= len(progress) <= 3
    assert all(number is None for _, number, _ in progress)


def test_readers_of_one_job_share_what_is_looked_up_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PROGRESS_SECONDS", 0.0)
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[list[tuple[str, str | None, Any]]]:
        tail = Tail(memory)
        readers = [asyncio.create_task(collect(tail)) for _ in range(20)]
        await asyncio.sleep(0.1)
        for _ in range(5):
            memory.add("stage.entered")
            await asyncio.sleep(0.05)
        memory.status = "succeeded"
        return list(await asyncio.gather(*readers))

    everybody = asyncio.run(scene())
    for frames in everybody:
        told = [data for kind, _, data in frames if kind == "progress"]
        assert list(dict.fromkeys(each["version"] for each in told)) == [1, 2, 3, 4, 5, 6]
    # Each reads the job when it comes, and all together once whenever something has happened.
    assert memory.views == 20 + 6


def test_a_look_that_failed_is_tried_again() -> None:
    class Once(Memory):
        def view(self, job: str) -> dict[str, Any]:
            seen = super().view(job)
            if self.views == 1:
                raise OSError("away")
            return seen

    async def scene() -> dict[str, Any]:
        tail, head = Tail(Once()), Head(1, 1, "running")
        with pytest.raises(OSError, match="away"):
            await tail.progress("job_1", head)
        return (await tail.progress("job_1", head)).data

    assert asyncio.run(scene())["status"] == "running"


def test_a_seq_that_never_was_is_answered_with_reset_and_everything() -> None:
    memory = Memory()
    memory.add("job.created", "job.status")
    memory.status = "cancelled"
    frames = asyncio.run(collect(Tail(memory), after=99))
    assert frames[0][0] == "reset"
    assert stored(frames) == [1, 2]


def test_a_reader_slower_than_its_queue_is_told_and_sent_away() -> None:
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[bytes]:
        tail = Tail(memory)
        reading = one(tail, "job_1", 0)
        parts = [await anext(reading)]
        for _ in range(stream.QUEUE_DEPTH + 10):
            for reader in tail.readers["job_1"]:
                reader.offer(Head(1, 1, "running"), [])
        parts += [part async for part in reading]
        return parts

    frames = frames_of(b"".join(asyncio.run(scene())))
    assert frames[-1][0] == "reset"


def test_a_queue_keeps_its_bound() -> None:
    reader = Subscription()
    for _ in range(stream.QUEUE_DEPTH * 2):
        reader.offer(Head(1, 1, "running"), [])
    assert reader.lost
    assert reader.queue.qsize() == 1


def test_silence_is_filled_with_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.02)
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[tuple[str, str | None, Any]]:
        reading = asyncio.create_task(collect(Tail(memory)))
        await asyncio.sleep(0.2)
        memory.status = "failed"
        return await reading

    assert ("ping", None, None) in asyncio.run(scene())


def test_a_job_deleted_while_watched_ends_the_stream() -> None:
    memory = Memory()
    memory.add("job.created")

    async def scene() -> list[tuple[str, str | None, Any]]:
        reading = asyncio.create_task(collect(Tail(memory)))
        await asyncio.sleep(0.05)
        memory.deleted = True
        return await reading

    assert asyncio.run(scene())[-1] == ("end", None, {"status": "deleted"})


# ---- several jobs on one connection


class Two(Memory):
    """Two jobs with the same past."""

    def heads(self, jobs: Sequence[str]) -> dict[str, Head]:
        return {job: Head(len(self.stored), len(self.stored), self.status) for job in jobs}


def test_several_jobs_are_told_on_one_connection_with_one_place_for_each() -> None:
    memory = Two()
    memory.add("job.created", "stage.entered")
    memory.status = "succeeded"

    async def scene() -> list[tuple[str, str | None, Any]]:
        return frames_of(b"".join([part async for part in stream.several(Tail(memory), {"job_1": 0, "job_2": 1})]))

    frames = asyncio.run(scene())
    told = [(data["job"], kind) for kind, _, data in frames]
    assert [kind for job, kind in told if job == "job_1"] == ["job", "job.created", "stage.entered", "end"]
    assert [kind for job, kind in told if job == "job_2"] == ["job", "stage.entered", "end"]
    last = [number for _, number, _ in frames if number][-1]
    assert stream.read_places(last, ["job_1", "job_2"]) == {"job_1": 2, "job_2": 2}


@pytest.mark.parametrize("id_", [None, "", "3", "1.2.3", "a.b", "-1.2", "1.2.", "9" * 30 + ".1"])
def test_an_id_of_another_question_begins_anew(id_: str | None) -> None:
    assert stream.read_places(id_, ["job_1", "job_2"]) == {"job_1": 0, "job_2": 0}


def test_a_stream_ends_after_its_time_and_leaves_no_reader() -> None:
    memory, tail = Memory(), None
    memory.add("job.created")

    async def scene() -> int:
        nonlocal tail
        tail = Tail(memory)
        frames = [part async for part in stream.limited(one(tail, "job_1", 0), 0.1)]
        return len(frames)

    assert asyncio.run(scene()) >= 2
    assert tail is not None
    assert tail.readers == {}
