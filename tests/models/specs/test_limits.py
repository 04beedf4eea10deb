from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from build import tiny_schedule
from pydantic import TypeAdapter

from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.findings import Finding
from models.specs.limits import Limits, asked
from models.specs.schedule import ScheduleSpec


def only(document: dict[str, Any], base: dict[str, Any] | None = None, **limits: int) -> Finding:
    (found,) = check_document(document, base, Limits(**limits)).errors
    assert found.code == "E17"
    return found


@pytest.mark.parametrize(
    ("limits", "pointer", "message", "hint"),
    [
        ({"lives": 1}, "/seeds/count", "seeds: 2 lives asked of limit 1", "at most 1 seeds"),
        ({"parameters_per_life": 600}, "/organism/areas/V1", "organism: 1,210 parameters per life asked of limit 600",
         "a smaller V1: 0.5 times the parameters fit"),
        ({"updates_per_life": 15}, "/stages/0", "stages: 20 updates per life asked of limit 15",
         "a shorter early, or a batch of 27"),
        ({"activity_values": 900}, "/clock/batch", "clock: 1,800 values of activity asked of limit 900",
         "a batch of 10, or smaller areas"),
        ({"history_values": 100}, "/seeds/count", "seeds: 352 values of history asked of limit 100",
         "0 lives fit, or shorter stages"),
        ({"snapshot_bytes": 40_000}, "/seeds/count", "seeds: 77,440 bytes of snapshots asked of limit 40,000",
         "1 lives fit, or shorter stages"),
    ],
)  # fmt: skip
def test_what_is_asked_beyond_a_limit_is_told_with_both_numbers_and_what_fits(
    limits: dict[str, int], pointer: str, message: str, hint: str
):
    found = only(tiny_schedule(), **limits)
    assert (found.pointer, found.message) == (pointer, message)
    assert found.suggestion is not None
    assert found.suggestion.text == hint


def test_a_tiny_schedule_is_within_the_limits():
    assert check_document(tiny_schedule()).ok


def test_history_counts_series_per_update_and_readings():
    cost = asked(ScheduleSpec.model_validate(tiny_schedule(), strict=False))
    per_update = 2 * 1 + 3 * 2
    norms = 2 * 2 * 2  # in each of two stages one row of two norms of two areas
    assert cost.history_values == 20 * per_update + norms + 2 * (10 // 5 + 2)


def test_a_probe_taken_too_often_is_told_the_cadence_that_fits():
    document = tiny_schedule()
    document["probes"]["acc"]["every"] = "1ba"
    whole = asked(ScheduleSpec.model_validate(document, strict=False)).history_values * 2
    found = only(document, history_values=whole - 21)
    assert (found.pointer, found.suggestion.text) == ("/probes/acc/every", "3ba instead of 1ba")
    assert found.message == f"probes: {whole:,} values of history asked of limit {whole - 21:,}"
    document["probes"]["acc"]["every"] = "3ba"
    assert check_document(document, None, Limits(history_values=whole - 21)).ok
    document["probes"]["acc"]["every"] = "2ba"
    assert not check_document(document, None, Limits(history_values=whole - 21)).ok


def test_series_of_a_trajectory_are_counted_with_every_area_of_a_probe():
    document = tiny_schedule()
    document["probes"]["norm"] = {"kind": "weight_norm", "world": document["probes"]["acc"]["world"], "every": "1ep"}
    schedule = ScheduleSpec.model_validate(document, strict=False)
    assert asked(schedule).series == 2 * 1 + 5 * 2 + 1 + 2
    found = only(document, series_per_trajectory=14)
    assert (found.pointer, found.message) == ("/probes/norm", "probes: 15 series per trajectory asked of limit 14")
    assert "0.93 times the series fit" in found.suggestion.text


def test_activity_counts_the_steps_of_the_longest_clip():
    document = tiny_schedule()
    document["worlds"]["clips"] = {"source": {"kind": "moving_shapes", "frame": 8}, "steps": 7}
    assert asked(ScheduleSpec.model_validate(document, strict=False)).activity_values == 20 * 7 * (64 + 16 + 10)


@pytest.mark.parametrize(
    ("area", "working"),
    [
        ({"kind": "stack_memory", "size": 16, "depth": 9}, lambda seen: 9 * 16),
        ({"kind": "router", "size": 64, "slots": 2, "control": "head"}, lambda seen: 9 * 64),
        ({"kind": "episodic_control", "size": 4, "width": 64, "slots": 7}, lambda seen: 7 + seen),
        ({"kind": "linear", "size": 16}, lambda seen: 0),
    ],
)
def test_activity_counts_what_an_area_works_with(area: dict[str, Any], working: Callable[[int], int]):
    spec: AreaSpec = TypeAdapter(AreaSpec).validate_python(area)
    assert [spec.working(seen) for seen in (1, 50)] == [working(1), working(50)]


def test_a_stack_too_deep_for_its_batch_is_refused():
    document = tiny_schedule()
    within = asked(ScheduleSpec.model_validate(document, strict=False)).activity_values
    document["organism"]["areas"]["V1"] = {"kind": "stack_memory", "size": 16, "depth": 9}
    document["organism"].pop("credit", None)
    assert asked(ScheduleSpec.model_validate(document, strict=False)).activity_values == within + 20 * 9 * 16
    assert only(document, activity_values=within + 1).pointer == "/clock/batch"


def test_arms_are_counted_before_they_are_made():
    axes = [
        {"name": f"a{index}", "path": "/stages/early/costs/naming", "values": [n / 100 for n in range(100)]}
        for index in range(5)
    ]
    study = {"ontogeny": "1", "kind": "study", "name": "s", "base": "tiny", "seeds": {"count": 1}, "axes": axes}
    found = check_document(study, tiny_schedule()).errors
    assert [(each.code, each.pointer) for each in found] == [("E17", "/axes"), ("E17", "/seeds/count")]
    assert found[0].message == "axes: 10,000,000,000 arms asked of limit 2,000"


def test_lives_of_a_study_are_seeds_times_arms():
    axis = {"name": "a", "path": "/stages/early/costs/naming", "values": [0.5, 1.0]}
    study = {"ontogeny": "1", "kind": "study", "name": "s", "base": "tiny", "seeds": {"count": 6}, "axes": [axis]}
    found = only(study, tiny_schedule(), lives=10)
    assert found.message == "seeds: 12 lives asked of limit 10"
    assert found.suggestion is not None
    assert found.suggestion.text == "at most 5 seeds"


def test_what_a_study_asks_is_told_at_its_seeds_or_in_its_base():
    axis = {"name": "a", "path": "/stages/early/costs/naming", "values": [0.5, 1.0]}
    study = {"ontogeny": "1", "kind": "study", "name": "s", "base": "tiny", "seeds": {"count": 6}, "axes": [axis]}
    assert only(study, tiny_schedule(), history_values=100).pointer == "/seeds/count"
    assert only(study, tiny_schedule(), parameters_per_life=600).pointer == "/base/organism/areas/V1"
