"""Checks of a study: that its arms can be made and each is a valid schedule, and that its questions can be answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.specs.advice import decays, probe_items, restarts
from models.specs.arms import ArmDocument, arm_count, expand
from models.specs.base import pointer
from models.specs.check_names import repeated, unknown_event
from models.specs.check_worlds import unfit_as_number
from models.specs.costs import target_of
from models.specs.costs.target import LabelTarget, TemplateTarget, teacher_of
from models.specs.durations import Duration
from models.specs.exposure import IN_WORDS, Measure, exposure
from models.specs.findings import Finding, by_name, finding, from_reason
from models.specs.limits import Limits, check_lives
from models.specs.outcomes import Labels, MatchedControl, OutcomeSpec, PairContrast, RecoveryContrast
from models.specs.patches import PatchError
from models.specs.schedule import ScheduleSpec, SeedsSpec
from models.specs.selectors import select, unknown_references
from models.specs.study import StudySpec
from models.specs.timeline import common_pass
from models.specs.triggers import probes_read

FEW_SEEDS = 5
_Sign = tuple[str, str, str]
CheckArm = Callable[[dict[str, Any]], tuple[ScheduleSpec | None, Sequence[Finding]]]
"""Reads and checks the schedule of one arm."""


@dataclass
class Arms:
    """What has become of the arms of a study."""

    documents: Sequence[ArmDocument] = ()
    schedules: Sequence[ScheduleSpec | None] = ()
    """None: not even a schedule in form."""


def check_study(
    study: StudySpec, base: Mapping[str, Any] | None, check_arm: CheckArm, limits: Limits
) -> tuple[Arms, list[Finding]]:
    """The arms, and everything that is wrong with them and with the study; `base` is needed unless it is inline."""
    found = [*_names(study), *_seeds(study), *check_lives(len(study.numbers), arm_count(study), limits)]
    start = study.base if isinstance(study.base, dict) else base
    if start is None:
        message = f"base: schedule '{study.base}' is not here"
        found.append(finding("E16", ("base",), message, "send it along, or write it inline"))
    if found or start is None:
        return Arms(), found
    try:
        documents = expand(study, start)
    except PatchError as error:
        return Arms(), [from_reason(reason) for reason in error.findings]
    arms, found = _each(documents, check_arm)
    probes = frozenset(name for document in documents for name in document.document.get("probes", {}))
    found += map(from_reason, unknown_references(study, documents, probes))
    schedules = [schedule for schedule in arms.schedules if schedule is not None]
    if schedules:
        found += _outcomes(study, schedules)
    return arms, found


def _names(study: StudySpec) -> Iterator[Finding]:
    yield from repeated(("axes",), "axis", [axis.name for axis in study.axes])
    yield from repeated(("contrasts",), "contrast", [contrast.name for contrast in study.contrasts])


def _seeds(study: StudySpec) -> Iterator[Finding]:
    """E30 if a seed is both looked at and kept for claims."""
    twice = sorted(set(study.seeds.numbers) & set(study.confirmatory))
    if twice:
        message = f"confirm: seed {twice[0]} is among `seeds` already, which were looked at before"
        free = study.seeds.start + study.seeds.count
        yield finding("E30", ("confirm", "start"), message, f"start: {free} or later")


def _each(documents: Sequence[ArmDocument], check_arm: CheckArm) -> tuple[Arms, list[Finding]]:
    """Every distinct document once; what holds for all arms is said of the base, else of the first arm it holds for."""
    read: dict[bytes, tuple[ScheduleSpec | None, Sequence[Finding]]] = {}
    schedules: list[ScheduleSpec | None] = []
    first: dict[_Sign, tuple[ArmDocument, Finding]] = {}
    counts = Counter[_Sign]()
    for arm in documents:
        key = orjson.dumps(arm.document, option=orjson.OPT_SORT_KEYS)
        if key not in read:
            read[key] = check_arm(arm.document)
        schedule, findings = read[key]
        schedules.append(schedule)
        signs = {_sign(each): each for each in findings}
        counts.update(signs.keys())
        for sign, each in signs.items():
            first.setdefault(sign, (arm, each))
    found = [_of_arm(arm, each, counts[sign], len(documents)) for sign, (arm, each) in first.items()]
    return Arms(documents, schedules), found


def _sign(found: Finding) -> _Sign:
    """What makes findings of several arms one; warnings of one kind at one place are, whatever their numbers."""
    return found.code, found.pointer, found.message if found.severity == "error" else ""


def _of_arm(arm: ArmDocument, each: Finding, count: int, arms: int) -> Finding:
    whose = f"arm {arm.name}" if count < arms else "base"
    others = f" (and in {count - 1} more)" if 1 < count < arms else ""
    edit = each.suggestion and each.suggestion.model_copy(update={"edit": None})
    return each.model_copy(
        update={
            "pointer": "/base" + each.pointer,
            "path": "/base" + by_name(arm.document, each.pointer),
            "message": f"{whose}: {each.message}{others}",
            "suggestion": edit,
        }
    )


# ---- the questions


def _outcomes(study: StudySpec, schedules: Sequence[ScheduleSpec]) -> Iterator[Finding]:
    for name, outcome in study.outcomes.items():
        for field in ("event", "from_", "to"):
            event = getattr(outcome, field, None)
            steps = ("outcomes", name, field.rstrip("_"))
            if event is not None:
                problems = [list(unknown_event(schedule, event, steps, f"outcome {name}")) for schedule in schedules]
                yield from problems[0] if all(problems) else ()
        yield from _readings(name, outcome, schedules)
        for field in ("window", "censor_at"):
            duration = getattr(outcome, field, None)
            if duration is not None:
                yield from _by_age(duration, ("outcomes", name, field), f"outcome {name}", schedules)


def _readings(name: str, outcome: OutcomeSpec, schedules: Sequence[ScheduleSpec]) -> Iterator[Finding]:
    """E36 if a life has no one number to give: a probe of every area, or the best of what has no best."""
    probe = getattr(outcome, "probe", None)
    measured = [schedule.probes[probe] for schedule in schedules if probe in schedule.probes]
    problems = {unfit_as_number(each, ranked=outcome.kind == "best") for each in measured} - {None}
    for problem in problems:
        yield finding("E36", ("outcomes", name, "probe"), f"outcome {name}: probe {probe} {problem}", "another probe")


def _by_age(
    duration: Duration, steps: tuple[str | int, ...], place: str, schedules: Sequence[ScheduleSpec]
) -> Iterator[Finding]:
    if duration.unit == "st":
        yield finding("E19", steps, f"{place}: '{duration}': st is a share of a stage", "unit one of sp ba ep")
    elif duration.unit == "ep" and any(common_pass(schedule) is None for schedule in schedules):
        message = f"{place}: '{duration}' is by age, but the passes of the stages' worlds differ"
        yield finding("E20", steps, message, "give it in sp")


# ---- warnings


def advise_study(study: StudySpec, arms: Arms) -> Iterator[Finding]:
    """Warnings about a study that has no errors."""
    schedules = [schedule for schedule in arms.schedules if schedule is not None]
    for name in ("seeds", "confirm"):
        seeds: SeedsSpec | None = getattr(study, name)
        if seeds is not None and seeds.count < FEW_SEEDS:
            message = f"{name}: {seeds.count} are too few to tell arms apart"
            yield finding("W06", (name, "count"), message, f"{FEW_SEEDS} or more")
    yield from _unequal_arms(study, arms)
    yield from _controls(study, schedules)
    yield from _double_use(study, schedules)


def without_restarted_decay(found: Sequence[Finding], schedules: Sequence[ScheduleSpec]) -> list[Finding]:
    """W01 asks for an arm whose decay restarts; the findings without it if there is one."""
    has_one = any(restarts(factor) for schedule in schedules for _, factor in decays(schedule))
    return [each for each in found if each.code != "W01" or not has_one]


def _unequal_arms(study: StudySpec, arms: Arms) -> Iterator[Finding]:
    """W02 for contrasts between arms that are shown unequal amounts, if the study has no matched control."""
    if any(isinstance(control, MatchedControl) for control in study.controls):
        return
    for index, contrast in enumerate(study.contrasts):
        if not isinstance(contrast, (PairContrast, RecoveryContrast)):
            continue
        treated, controls = (_amounts(arms, labels, index) for labels in (contrast.treat, contrast.control))
        differing = [
            f"{_span(treated[each])} {words} in treated arms, {_span(controls[each])} in controls"
            for each, words in IN_WORDS.items()
            if each in treated and each in controls and treated[each] != controls[each]
        ]
        if differing:
            message = f"contrast {contrast.name}: {'; '.join(differing)}"
            yield finding("W02", ("contrasts", index), message, "a control of kind matched")


def _amounts(arms: Arms, labels: Labels, index: int) -> dict[Measure, set[int]]:
    """What the chosen arms are shown, by measure; nothing if a trigger decides it in one of them."""
    chosen = select(arms.documents, labels, pointer(["contrasts", index]))
    shown = [exposure(schedule) for arm in chosen if (schedule := arms.schedules[arm.index]) is not None]
    if any(each is None for each in shown):
        return {}
    return {measure: {each[measure] for each in shown if each is not None} for measure in IN_WORDS}


def _span(amounts: set[int]) -> str:
    low, high = min(amounts), max(amounts)
    return str(low) if low == high else f"{low} to {high}"


def _controls(study: StudySpec, schedules: Sequence[ScheduleSpec]) -> Iterator[Finding]:
    kinds = {control.kind for control in study.controls}
    read = [each for each in schedules if any(isinstance(target_of(cost), LabelTarget) for cost in each.costs.values())]
    rules = {circuit.rule.kind for schedule in read for circuit in schedule.organism.credit}
    other = rules - {"backprop", "frozen"}
    if other and "readout_only" not in kinds:
        message = f"controls: {', '.join(sorted(other))} is not held against fixed random areas"
        yield finding("W12", ("controls",), message, "add {kind: readout_only, name: readout-only}")
    taught = {
        name
        for schedule in schedules
        for name, cost in schedule.costs.items()
        # A template is one for all items: to deal it out anew changes nothing.
        if teacher_of(target_of(cost)) is not None and not isinstance(target_of(cost), TemplateTarget)
    }
    if taught and not kinds & {"shuffled", "oracle"}:
        message = f"controls: the target of {', '.join(sorted(taught))} is an area, with no control of what it teaches"
        yield finding("W17", ("controls",), message, "add a control of kind shuffled or oracle")


def _double_use(study: StudySpec, schedules: Sequence[ScheduleSpec]) -> Iterator[Finding]:
    triggering = {probe for schedule in schedules for stage in schedule.stages for probe in probes_read(stage.until)}
    tested = {
        name
        for schedule in schedules
        for name, probe in schedule.probes.items()
        if schedule.worlds[probe.world].split == "test"
    }
    for name, outcome in study.outcomes.items():
        probe = getattr(outcome, "probe", None)
        if probe in triggering & tested:
            n = probe_items(schedules[0], probe) if probe in schedules[0].probes else 0
            message = f"outcome {name}: probe {probe} ({n} items of a test split) also decides when a stage ends"
            yield finding("W13", ("outcomes", name, "probe"), message, "trigger on a probe of the valid split")
