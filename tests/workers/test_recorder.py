from __future__ import annotations

import numpy as np
import pytest

from models.engine.record import Flush, Group, LifeEvent
from service.store.blocks import OpenBlock
from service.store.clock import continued, seconds_at, shown
from workers.recorder import Recorder

SEEDS = [3, 5, 8]
LIVES = 3


def recorder_from(start: int) -> Recorder:
    return Recorder(start, SEEDS, SEEDS)


def updates(start: int, end: int, seconds: float) -> Flush:
    """One series whose value is the offset, in every life."""
    offsets = np.arange(start + 1, end + 1)
    values = np.broadcast_to(offsets.astype(np.float32)[None, :, None], (1, len(offsets), LIVES)).copy()
    return Flush(start, end, [Group(["cost.naming"], offsets, values, None)], [], seconds, end - start)


def test_flushes_that_follow_one_another_become_one_block() -> None:
    recorder = recorder_from(10)
    recorder.add(updates(10, 14, 2.0))
    recorder.add(updates(14, 16, 1.0))
    (block,) = recorder.blocks()
    assert (block.start, block.end) == (10, 16)
    opened = OpenBlock(block.start, block.end, block.data)
    (columns,) = opened.columns()
    assert columns.offsets.tolist() == [11, 12, 13, 14, 15, 16]
    assert columns.values[1].tolist() == [11, 12, 13, 14, 15, 16]
    assert (recorder.updates, recorder.train_seconds) == (6, 3.0)


def test_training_seconds_are_told_evenly_over_each_flush() -> None:
    recorder = recorder_from(0)
    recorder.add(updates(0, 4, 2.0))
    recorder.add(updates(4, 6, 1.0))
    (block,) = recorder.blocks()
    clock = OpenBlock(block.start, block.end, block.data).clock()
    assert clock.offsets.tolist() == [4, 6]
    assert seconds_at(continued([], [clock]), np.arange(1, 7)).tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def test_every_flush_tells_speed_and_memory() -> None:
    recorder = recorder_from(10)
    recorder.add(updates(10, 14, 2.0))
    recorder.add(updates(14, 17, 0.5))
    (block,) = recorder.blocks()
    clock = OpenBlock(block.start, block.end, block.data).clock()
    assert shown(clock, "machine.speed").values.tolist() == [[2.0, 6.0]]
    memory_mib = shown(clock, "machine.memory").values[0]
    assert ((memory_mib > 20) & (memory_mib < 20_000)).all()


def test_how_a_slice_was_flushed_does_not_change_its_values() -> None:
    whole, parts = recorder_from(0), recorder_from(0)
    whole.add(updates(0, 6, 3.0))
    for start in range(0, 6, 2):
        parts.add(updates(start, start + 2, 1.5))
    stored = [OpenBlock(b.start, b.end, b.data).values_part for r in (whole, parts) for b in r.blocks()]
    assert stored[0] == stored[1]


def test_a_flush_that_leaves_a_gap_is_refused() -> None:
    recorder = recorder_from(0)
    recorder.add(updates(0, 4, 1.0))
    with pytest.raises(ValueError, match="cannot follow offset 4"):
        recorder.add(updates(5, 6, 1.0))


def test_what_became_of_lives_is_kept_as_the_store_takes_it() -> None:
    recorder = recorder_from(0)
    event = LifeEvent("e1", 7, 4, 80, "/until/criterion", "advanced", [{"probe": "p", "offset": 4, "value": 0.9}])
    recorder.add(Flush(0, 4, [], [event], 1.0, 4))
    assert recorder.transitions == [
        {
            "demand": "e1",
            "seed": 7,
            "offset": 4,
            "age_sp": 80,
            "fired": "/until/criterion",
            "status": "advanced",
            "values": [{"probe": "p", "offset": 4, "value": 0.9}],
        }
    ]


def test_a_slice_that_did_not_move_has_no_block() -> None:
    assert recorder_from(5).blocks() == []


def test_a_life_that_did_not_come_along_has_a_blank_column() -> None:
    recorder = Recorder(0, SEEDS, [3, 8])
    values = np.array([[[1.0, 2.0]], [[3.0, 4.0]]], np.float32)
    recorder.add(Flush(0, 1, [Group(["cost.a", "cost.b"], np.array([1]), values, None)], [], 1.0, 1))
    (block,) = recorder.blocks()
    a, b = OpenBlock(block.start, block.end, block.data).columns()
    assert a.valid[:, 0].tolist() == b.valid[:, 0].tolist() == [True, False, True]
    assert (a.values[:, 0].tolist(), b.values[:, 0].tolist()) == ([1.0, 0.0, 2.0], [3.0, 0.0, 4.0])


def test_the_bytes_of_a_slice_are_counted_before_compression() -> None:
    recorder = recorder_from(0)
    recorder.add(updates(0, 100, 1.0))
    assert recorder.bytes == 100 * LIVES * 4
