"""What lives are shown in all, against counts by hand."""

from __future__ import annotations

from typing import Any

import orjson
from build import tiny_schedule

from models.specs.exposure import TILE, distinct, exposure
from models.specs.schedule import ScheduleSpec
from models.specs.worlds import WorldSpec


def read(**changes: Any) -> ScheduleSpec:
    return ScheduleSpec.model_validate_json(orjson.dumps(tiny_schedule(**changes)))


def world(**fields: Any) -> WorldSpec:
    return WorldSpec.model_validate({"source": "digits", **fields})


def test_a_life_of_fixed_stages_is_counted_in_every_measure() -> None:
    deficit = {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "3ba", "duration": "4ba"}
    assert exposure(read(deficits={"cataract": deficit})) == {
        "sp": 400, "ba": 20, "clean": 320, "lb": 200, "items": 200,
    }  # fmt: skip


def test_nothing_is_known_where_a_trigger_decides() -> None:
    stages = tiny_schedule()["stages"]
    stages[1] |= {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}}, "limit": "10ba"}
    assert exposure(read(stages=stages)) is None


def test_subsets_of_one_source_are_nested_and_other_sources_add() -> None:
    worlds = tiny_schedule()["worlds"] | {
        "play": {"source": "digits", "split": "train", "size": 100, "labels": "none"},
        "exam": {"source": "digits", "split": "valid", "size": 60, "labels": "none"},
    }
    stages = tiny_schedule()["stages"]
    stages += [{**stages[1], "name": name, "world": name, "until": {"after": "10ba"}} for name in ("play", "exam")]
    found = exposure(read(worlds=worlds, stages=stages))
    assert found is not None
    assert (found["items"], found["lb"]) == (260, 200)


def test_distinct_items_of_worlds_that_end_and_worlds_that_do_not() -> None:
    assert [distinct(world(size=100), shown) for shown in (60, 100, 1000)] == [60, 100, 100]
    assert distinct(world(), 5000) == 1200
    endless = world(source="moving_shapes", steps=4)
    reuse = endless.source.facts().reuse
    if reuse is None:
        assert distinct(endless, 10_000) == 10_000
    else:
        assert [distinct(endless, shown) for shown in (10, TILE * reuse, TILE * reuse + 10)] == [10, TILE, TILE + 10]
