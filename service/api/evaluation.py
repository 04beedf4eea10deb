"""A study's outcomes from its stored readings, life by life: what its contrasts are asked of.

Loads scipy, so routes import it when they are asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
import orjson

from models.analysis import outcomes
from models.analysis.contrasts import Question
from models.analysis.matching import Shown
from models.analysis.outcomes import NO_READINGS, Curve, LifeFacts, LifeOutcome, Scale
from models.analysis.pairing import Outcomes, related
from models.specs.exposure import Measure, exposure
from models.specs.outcomes import MatchedControl, OutcomeSpec
from models.specs.probes import MEASURES
from models.specs.schedule import ScheduleSpec
from models.specs.selectors import Arm
from models.specs.study import StudySpec
from models.specs.timeline import common_pass
from service.api.arm_paths import arm_paths
from service.api.life_facts import life_facts
from service.store.path import read_arms
from service.store.series_rows import Executor

Row = Mapping[str, Any]
GROWING = frozenset({"waiting", "developing"})
"""Of lives that are not over."""
Curves = Mapping[tuple[int, str], Mapping[int, Curve]]
"""(arm, probe) -> seed -> readings, in the type in which they are stored."""


@dataclass(frozen=True)
class Subject:
    """A job that is a study, with its rows."""

    job: Row
    study: StudySpec
    arms: Sequence[Row]
    steps: Sequence[Row]
    ended: Sequence[Row]


@dataclass(frozen=True)
class Grown:
    """What has become of a study: its arms with their schedules, the facts and the readings of their lives."""

    subject: Subject
    arms: tuple[Arm, ...]
    schedules: Mapping[int, ScheduleSpec]
    facts: Mapping[int, Mapping[int, LifeFacts]]
    curves: Curves

    def scale(self, arm: int) -> Scale:
        """What durations of outcomes mean in an arm."""
        schedule = self.schedules[arm]
        return Scale(schedule.clock.batch, common_pass(schedule))


def grown(db: Executor, subject: Subject, names: Collection[str]) -> Grown:
    """Everything that the named outcomes are evaluated from; shared trajectories are read once."""
    schedules = {row["idx"]: _schedule(row) for row in subject.arms}
    steps, ended = _by_arm(subject.steps), _by_arm(subject.ended)
    facts = {index: life_facts(each, steps[index], ended.get(index, [])) for index, each in schedules.items()}
    probes = {probe for name in names if (probe := probe_of(subject.study.outcomes[name])) is not None}
    return Grown(subject, tuple(_arms(subject)), schedules, facts, _curves(db, subject, probes))


def contrasted(study: StudySpec) -> set[str]:
    """Names of the outcomes that contrasts are of."""
    return {contrast.outcome for contrast in study.contrasts}


# ---- what is read


def _schedule(row: Row) -> ScheduleSpec:
    return ScheduleSpec.model_validate_json(orjson.dumps(row["document"]))


def _by_arm(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["arm"], []).append(row)
    return found


def _arms(subject: Subject) -> list[Arm]:
    """Arms stand in the order in which they are made: the grid, the extra arms, the controls."""
    study = subject.study
    grid = prod(len(axis.values) + len(axis.patches) for axis in study.axes)

    def origin(index: int) -> Literal["grid", "arm", "control"]:
        return "grid" if index < grid else "arm" if index < grid + len(study.arms) else "control"

    return [Arm(row["idx"], row["name"], row["labels"], origin(row["idx"])) for row in subject.arms]


def probe_of(spec: OutcomeSpec) -> str | None:
    """The probe that an outcome reads, if it reads one."""
    return getattr(spec, "probe", None)


def _curves(db: Executor, subject: Subject, probes: Collection[str]) -> Curves:
    """Every reading of the probes; a probe of one area is stored under the area's name."""
    paths = arm_paths(subject.arms, subject.steps, subject.ended)
    stored = read_arms(db, paths, lambda name: _measured(name) in probes, "age") if probes else []
    return {
        (each.path.arm, _measured(each.name)): {
            curve.seed: Curve(np.asarray(curve.x, np.float64), curve.y) for curve in each.curves
        }
        for each in stored
    }


def _measured(series: str) -> str:
    """Name of the probe whose series it is; empty if it is another's."""
    family, _, rest = series.partition(".")
    return rest.partition(".")[0] if family == "probe" else ""


# ---- life by life


def question(found: Grown, names: Collection[str], seeds: Collection[int], *, final: bool) -> Question:
    """Values of some seeds after `map` and `relative_to`, with what contrasts need; `final`: of lives that are over."""
    study = found.subject.study
    values: dict[str, Outcomes] = {}
    growing = {arm: {seed for seed in lives if seed in seeds} for arm, lives in growing_of(found).items()}
    left_out = growing if final else {}
    for name in names:
        spec = study.outcomes[name]
        own = {arm.index: of_arm(found, spec, arm.index, seeds, left_out.get(arm.index, ())) for arm in found.arms}
        values[name] = own if spec.relative_to is None else related(own, found.arms, spec.relative_to)
    return Question(
        arms=found.arms,
        axes=[axis.name for axis in study.axes],
        outcomes=study.outcomes,
        values=values,
        analysis=study.analysis,
        digest=found.subject.job["document_hash"],
        shown=shown_in(found),
        growing=growing,
        scale=found.scale(found.arms[0].index),
    )


def growing_of(found: Grown) -> dict[int, list[int]]:
    """Arm -> seeds of lives that are not over."""
    return {arm: [seed for seed, life in lives.items() if life.status in GROWING] for arm, lives in found.facts.items()}


def of_arm(
    found: Grown, spec: OutcomeSpec, arm: int, seeds: Collection[int], left_out: Collection[int] = ()
) -> dict[int, LifeOutcome]:
    """The outcome of every life of some seeds in an arm, before `relative_to`; None of those left out."""
    probe = probe_of(spec)
    curves = found.curves.get((arm, probe), {}) if probe is not None else {}
    scale, better = found.scale(arm), _better(found, probe)
    lives = found.facts[arm]

    def value(seed: int) -> LifeOutcome:
        if seed in left_out:
            return LifeOutcome(None)
        curve = seen(spec, curves.get(seed, NO_READINGS), lives[seed])
        return outcomes.evaluate(spec, curve, lives[seed], scale, better)

    return {seed: value(seed) for seed in sorted(lives) if seed in seeds}


def seen(spec: OutcomeSpec, curve: Curve, life: LifeFacts) -> Curve:
    """The readings an outcome looks at, with what they are reckoned in.

    At the age at which one stage ends and the next begins there may be two readings, before and after the acts at its
    entry: the end of a stage sees the first, the start of one only the second. A criterion is judged in the type in
    which readings are stored, as triggers judge it; all else is reckoned in float64.
    """
    kept = np.ones(curve.age_sp.shape, np.bool_)
    start, end = getattr(spec, "from_", ""), getattr(spec, "event", "")
    if start.startswith("stages.") and start.endswith(".start"):
        here = np.flatnonzero(curve.age_sp == life.age_of(start))
        kept[here[:-1]] = False
    if end.startswith("stages.") and end.endswith(".end"):
        here = np.flatnonzero(curve.age_sp == life.age_of(end))
        kept[here[1:]] = False
    value = curve.value[kept]
    return Curve(curve.age_sp[kept], value if spec.kind == "samples_to_criterion" else value.astype(np.float64))


def _better(found: Grown, probe: str | None) -> outcomes.Better:
    measure = kind_of(found, probe)
    return MEASURES[measure].better if measure else "none"


def kind_of(found: Grown, probe: str | None) -> str | None:
    """Kind of a probe in the first arm that has it."""
    specs = (schedule.probes[probe] for schedule in found.schedules.values() if probe in schedule.probes)
    return next((spec.kind for spec in specs), None)


def shown_in(found: Grown) -> Shown:
    """What arms show in all: as their documents say, or, if triggers decide, the mean over whole lives."""
    amounts: dict[int, Mapping[Measure, float]] = {}
    for index, schedule in found.schedules.items():
        fixed = exposure(schedule)
        whole = [life.end_age_sp for life in found.facts[index].values() if life.status == "complete"]
        if fixed is not None:
            amounts[index] = {measure: float(amount) for measure, amount in fixed.items()}
        elif whole:
            mean = float(np.mean(whole))
            amounts[index] = {"sp": mean, "ba": mean / schedule.clock.batch}
    matched: dict[Measure, list[str]] = {}
    for control in found.subject.study.controls:
        if isinstance(control, MatchedControl):
            matched.setdefault(control.by, []).append(control.name)
    return Shown(amounts, matched)
