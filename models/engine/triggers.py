"""When a life's stage ends: pure functions of stage time, age, and stored readings since the stage began.

Conditions on a probe are judged only when it is taken, never at stage time 0, and keep their verdict until the next
reading. Values are compared as they are stored, in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.errors import Refused
from models.specs.base import pointer
from models.specs.regime import Ending, Measured
from models.specs.triggers import Criterion, Plateau, Trigger, leaves, probes_read

Steps = tuple[str | int, ...]
Told = list[tuple[int, np.float32]]
"""Offsets and values of a probe since the stage began."""


@dataclass(frozen=True)
class Standing:
    """Where a life is in its stage."""

    offset: int
    entry: int
    batch: int
    age_sp: int
    readings: Mapping[str, Told]
    higher: Mapping[str, bool]
    """Probe -> whether higher is better."""


@dataclass(frozen=True)
class Verdict:
    """Whether a condition holds (None: not judged yet), since which offset, and the leaf that decides."""

    holds: bool | None
    since: int
    leaf: Steps


def decide(ending: Ending, standing: Standing) -> str | None:
    """Pointer of the leaf by which the life's stage ends now, "limit", or None if it goes on."""
    if standing.offset <= ending.entry:
        return None
    verdict = judge(ending.until, standing, ("until",))
    if verdict.holds:
        return pointer(verdict.leaf)
    return "limit" if standing.offset >= ending.limit else None


def judge(trigger: Trigger, standing: Standing, path: Steps) -> Verdict:
    """The verdict on a trigger whose key stands at `path`."""
    here = (*path, trigger.key)
    if trigger.after is not None:
        return _reached(standing, (standing.offset - standing.entry) * standing.batch - trigger.after.samples, here)
    if trigger.age is not None:
        return _reached(standing, standing.age_sp - trigger.age.samples, here)
    if trigger.criterion is not None:
        return _criterion(trigger.criterion, standing, here)
    if trigger.plateau is not None:
        return _plateau(trigger.plateau, standing, here)
    if trigger.not_ is not None:
        inner = judge(trigger.not_, standing, here)
        return Verdict(None if inner.holds is None else not inner.holds, standing.offset, inner.leaf)
    parts = [judge(part, standing, (*here, index)) for index, part in enumerate(trigger.any or trigger.all or ())]
    return _any(parts) if trigger.any is not None else _all(parts)


def watched(ending: Ending, probes: Mapping[str, Measured]) -> frozenset[str]:
    """Probes an ending reads; Refused if one does not give a single number per life."""
    names = probes_read(ending.until)
    for name in names:
        if getattr(probes[name].probe, "at", "") == "*":
            raise Refused.because("E36", "/until", f"a trigger needs one number, probe {name} gives one per area")
    return names


def instants(ending: Ending, offset: int, ages: Iterator[int], batch: int) -> Iterator[int]:
    """Offsets after this one at which time alone can decide the ending; ages are those of the lives at this offset."""
    yield max(ending.limit, ending.entry + 1)
    times = [leaf for _, leaf in leaves(ending.until) if leaf.after is not None or leaf.age is not None]
    if times:
        yield ending.entry + 1
    for leaf in times:
        if leaf.after is not None:
            yield ending.entry + -(-leaf.after.samples // batch)
    for age_sp in ages:
        for leaf in times:
            if leaf.age is not None:
                yield offset + -(-(leaf.age.samples - age_sp) // batch)


def _reached(standing: Standing, excess_sp: int, leaf: Steps) -> Verdict:
    """A point in time, passed by so many samples."""
    since = max(standing.entry + 1, standing.offset - excess_sp // standing.batch)
    return Verdict(excess_sp >= 0, since, leaf)


def _criterion(spec: Criterion, standing: Standing, leaf: Steps) -> Verdict:
    """The last `hold` readings all satisfy; since the reading that completed the row."""
    told = standing.readings[spec.probe]
    if not _judged(told, standing):
        return Verdict(None, standing.offset, leaf)
    row = 0
    while row < len(told) and _satisfies(told[-1 - row][1], spec.op, np.float32(spec.value)):
        row += 1
    if row < spec.hold:
        return Verdict(False, told[-1][0], leaf)
    return Verdict(True, max(standing.entry + 1, told[len(told) - row + spec.hold - 1][0]), leaf)


def _plateau(spec: Plateau, standing: Standing, leaf: Steps) -> Verdict:
    """The best reading was last improved by `min_delta` at least `patience` before the last reading."""
    told = standing.readings[spec.probe]
    if not _judged(told, standing):
        return Verdict(None, standing.offset, leaf)
    sign = 1.0 if standing.higher[spec.probe] else -1.0
    best, at, since = -np.inf, standing.entry, None
    for offset, value in told:
        gain = sign * float(value) - best
        if gain > 0 and gain >= spec.min_delta:
            best, at, since = sign * float(value), offset, None
        elif since is None and (offset - at) * standing.batch >= spec.patience.samples:
            since = offset
    return Verdict(since is not None, since or told[-1][0], leaf)


def _judged(told: Told, standing: Standing) -> bool:
    return bool(told) and told[-1][0] > standing.entry


def _satisfies(value: np.float32, op: Literal[">=", "<=", ">", "<"], bound: np.float32) -> bool:
    match op:
        case ">=":
            return bool(value >= bound)
        case "<=":
            return bool(value <= bound)
        case ">":
            return bool(value > bound)
        case "<":
            return bool(value < bound)


def _any(parts: list[Verdict]) -> Verdict:
    """Holds as soon as one does; the first to hold decides."""
    holding = [part for part in parts if part.holds]
    if holding:
        return min(holding, key=lambda part: part.since)
    unknown = any(part.holds is None for part in parts)
    return Verdict(None if unknown else False, parts[0].since, parts[0].leaf)


def _all(parts: list[Verdict]) -> Verdict:
    """Holds when the last does, which decides."""
    if all(part.holds for part in parts):
        return max(parts, key=lambda part: part.since)
    failed = any(part.holds is False for part in parts)
    return Verdict(False if failed else None, parts[0].since, parts[0].leaf)
