"""Stage lengths, worked out by hand: batch 20, a pass of 200 samples."""

from __future__ import annotations

from typing import Any

import orjson
from build import tiny_schedule

from models.specs.schedule import ScheduleSpec
from models.specs.timeline import event_age, stage_lengths, timeline


def schedule(*untils: dict[str, Any], **changes: Any) -> ScheduleSpec:
    stages = [
        {"name": f"s{i}", "world": "school", "costs": {"naming": 1.0}, "limit": "99ba", "until": until}
        for i, until in enumerate(untils)
    ]
    document = tiny_schedule(**{"stages": stages, **changes})
    return ScheduleSpec.model_validate_json(orjson.dumps(document))


DEFICIT = {"cataract": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "1ep", "duration": "130sp"}}
WINDOW = {"early": {"areas": ["V1"], "opens": "30sp", "closes": "2ep"}}
NEVER = {"criterion": {"probe": "acc", "op": ">=", "value": 2.0}}


def test_after_counts_from_entry_and_rounds_up_to_whole_batches() -> None:
    assert timeline(schedule({"after": "10ba"}, {"after": "1ep"}, {"after": "21sp"})) == [
        ("s0", 0, 200),
        ("s1", 200, 400),
        ("s2", 400, 440),
    ]


def test_age_counts_from_birth() -> None:
    assert timeline(schedule({"after": "100sp"}, {"age": "300sp"})) == [("s0", 0, 100), ("s1", 100, 300)]


def test_an_age_already_reached_still_lasts_one_batch() -> None:
    assert timeline(schedule({"after": "100sp"}, {"age": "60sp"}))[1] == ("s1", 100, 120)


def test_since_the_end_of_a_deficit() -> None:
    plan = schedule({"since": {"event": "deficits.cataract.end", "time": "100sp"}}, deficits=DEFICIT)
    assert timeline(plan) == [("s0", 0, 200 + 140 + 100)]


def test_since_the_closing_of_a_critical_period() -> None:
    plan = schedule({"since": {"event": "critical_periods.early.closes", "time": "1ba"}}, critical_periods=WINDOW)
    assert timeline(plan) == [("s0", 0, 420)]
    assert event_age(plan, [], "critical_periods.early.opens") == 40


def test_since_the_start_of_an_earlier_stage() -> None:
    plan = schedule({"after": "100sp"}, {"after": "60sp"}, {"since": {"event": "stages.s1.start", "time": "200sp"}})
    assert timeline(plan)[2] == ("s2", 160, 300)


def test_any_takes_the_first_and_all_the_last() -> None:
    both = [{"after": "100sp"}, {"age": "60sp"}]
    assert timeline(schedule({"any": both}))[0] == ("s0", 0, 60)
    assert timeline(schedule({"all": both}))[0] == ("s0", 0, 100)


def test_a_trigger_hides_what_follows_and_its_limit_bounds_it() -> None:
    plan = schedule({"after": "2ba"}, NEVER, {"after": "1ba"})
    assert timeline(plan) == [("s0", 0, 40), ("s1", 40, None), ("s2", None, None)]
    triggered, following = stage_lengths(plan)[1:]
    assert (triggered.fixed, triggered.aligned, triggered.longest_sp) == (False, True, 99 * 20)
    assert (following.aligned, following.youngest_sp, following.oldest_sp) == (False, 60, 40 + 99 * 20)


def test_any_with_a_bound_is_bounded_by_it() -> None:
    plan = schedule({"any": [NEVER, {"after": "5ba"}]})
    assert stage_lengths(plan)[0].longest_sp == 100


def test_an_event_after_a_triggered_stage_has_no_age_of_its_own() -> None:
    plan = schedule(NEVER, {"after": "1ba"})
    assert event_age(plan, stage_lengths(plan), "stages.s0.start") == 0
    assert event_age(plan, stage_lengths(plan), "stages.s1.start") is None
