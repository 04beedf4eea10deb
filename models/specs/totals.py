"""How much a life is shown in all: samples, updates, clean samples; and the lengths that make totals equal."""

from __future__ import annotations

from typing import Literal

from models.specs.durations import Duration
from models.specs.overlays import DeficitSpec
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import common_pass, stage_lengths
from models.specs.triggers import Trigger

By = Literal["sp", "ba", "clean"]


def total(schedule: ScheduleSpec, by: By) -> int | None:
    """Samples (`sp`), updates (`ba`) or clean samples of a whole life; None if a trigger decides its length.

    A sample is clean if no deficit that touches its world is on; a deficit of strength 0 counts as one.
    """
    lengths = stage_lengths(schedule)
    if not all(each.fixed for each in lengths):
        return None
    if by == "clean":
        stages = zip(schedule.stages, lengths, strict=True)
        return sum(_clean(schedule, stage.world, each.youngest_sp, each.longest_sp) for stage, each in stages)
    samples = sum(each.longest_sp for each in lengths)
    return samples if by == "sp" else samples // schedule.clock.batch


def length_that_matches(schedule: ScheduleSpec, stage: str, reference: ScheduleSpec, by: By) -> int | str:
    """Samples the stage must last for the totals to agree to within one batch; or why no length does."""
    wanted = total(reference, by)
    if wanted is None:
        return "a trigger decides how long the arm lasts that it is matched to"
    batch = schedule.clock.batch
    low, high = 1, max(1, _most(schedule, reference) // batch)
    if total(_with_length(schedule, stage, batch), by) is None:
        return f"a trigger decides how long a stage other than {stage} lasts"
    while low < high:
        middle = (low + high) // 2
        reached = total(_with_length(schedule, stage, middle * batch), by)
        assert reached is not None
        low, high = (middle + 1, high) if reached < wanted else (low, middle)
    reached = total(_with_length(schedule, stage, low * batch), by)
    assert reached is not None
    if not 0 <= reached - wanted < (1 if by == "ba" else batch):
        unit = {"sp": "samples", "ba": "updates", "clean": "clean samples"}[by]
        return f"no length of stage {stage} makes {unit} equal: {wanted} are wanted, {reached} come nearest"
    return low * batch


def _most(schedule: ScheduleSpec, reference: ScheduleSpec) -> int:
    """No length that matches is greater: all that either life can last, in its own batches, and every deficit."""
    spans = [_window(schedule, deficit) for deficit in schedule.deficits.values()]
    samples, updates = total(reference, "sp"), total(reference, "ba")
    assert samples is not None
    assert updates is not None
    return samples + updates * schedule.clock.batch + sum(end - onset for onset, end in spans) + schedule.clock.batch


def _with_length(schedule: ScheduleSpec, name: str, samples: int) -> ScheduleSpec:
    until = Trigger(after=Duration.of_samples(samples))
    stages = tuple(
        stage.model_copy(update={"until": until, "limit": None}) if stage.name == name else stage
        for stage in schedule.stages
    )
    return schedule.model_copy(update={"stages": stages})


def _clean(schedule: ScheduleSpec, world: str, start: int, length: int) -> int:
    """Samples of a stage that lie in no window of a deficit on its world."""
    end = start + length
    windows = sorted(
        _window(schedule, deficit)
        for deficit in schedule.deficits.values()
        if "*" in deficit.worlds or world in deficit.worlds
    )
    clean, covered = 0, start
    for onset, stop in windows:
        clean += max(0, min(onset, end) - covered)
        covered = max(covered, min(stop, end))
    return clean + max(0, end - covered)


def _window(schedule: ScheduleSpec, deficit: DeficitSpec) -> tuple[int, int]:
    batch, one_pass = schedule.clock.batch, common_pass(schedule)
    onset = deficit.onset.updates(batch, pass_sp=one_pass) * batch
    return onset, onset + deficit.duration.updates(batch, pass_sp=one_pass) * batch
