"""Where a level is not zero: the 0-or-1 shadow of envelopes and of critical periods, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from models.specs.durations import Duration
from models.specs.envelopes import Decay, Factor, Gate, Pulse, Ramp, Scalar, Steps, factors
from models.specs.in_force import bends
from models.specs.overlays import CriticalPeriodSpec

Mark = tuple[int, bool]
"""From this time on (samples), present or not."""


def of_envelopes(scalar: Scalar, batch: int) -> Scalar:
    """A resolved scalar whose envelopes are 1 wherever they are not 0; its numbers stay."""
    parts = [_presence(factor, batch) for factor in factors(scalar)]
    number, shadows = 1.0, list[Factor]()
    for part in parts:
        if isinstance(part, (int, float)):
            number *= part
        else:
            shadows.append(part)
    if not shadows or number == 0.0:
        return number
    whole = (*shadows,) if number == 1.0 else (number, *shadows)
    return whole if len(whole) > 1 else whole[0]


def of_period(period: CriticalPeriodSpec, batch: int) -> Scalar:
    """The level by age of a resolved critical period, 1 wherever it is not 0."""
    if period.level is not None:
        signs = tuple(float(bool(each)) if isinstance(each, (int, float)) else each for each in factors(period.level))
        return of_envelopes(signs, batch)
    corners = bends(period)
    marks: list[Mark] = [(0, bool(period.closed_level))]
    for (age, level), (following, ahead) in zip(corners, [*corners[1:], corners[-1]], strict=True):
        marks.append((age, bool(level)))
        if age + batch < following:
            marks.append((age + batch, bool(level or ahead)))
    return _steps(marks)


def _presence(factor: Factor, batch: int) -> Factor:
    match factor:
        case int() | float():
            return factor
        case Ramp():
            return _of_ramp(factor, batch)
        case Pulse():
            onset = factor.onset.samples
            after = onset + factor.duration.samples
            return _steps([(0, bool(factor.base)), (onset, bool(factor.height)), (after, bool(factor.base))])
        case Steps():
            return _steps((time.samples, bool(level)) for time, level in factor.points)
        case Decay():
            return _of_decay(factor, batch)
        case Gate():
            raise ValueError(f"what probe {factor.probe} will say is not known before the run")
        case _:
            assert_never(factor)


def _of_ramp(ramp: Ramp, batch: int) -> Factor:
    rises = ramp.start.samples + batch
    if not ramp.from_:
        return _steps([(0, False), (min(rises, ramp.end.samples), bool(ramp.to))])
    return _steps([(0, True), (ramp.end.samples, bool(ramp.to))])


def _of_decay(decay: Decay, batch: int) -> Factor:
    if decay.base:
        return 1.0
    restarts = [decay.start.samples, *(each.samples for each in decay.restart_at if each.samples > decay.start.samples)]
    marks: list[Mark] = [(0, False)]
    for restart in sorted(restarts):
        marks += [(restart, False), (restart + batch, bool(decay.floor))]
    return _steps(marks)


def _steps(marks: Iterable[Mark]) -> Factor:
    """Steps through the marks; of marks at one time the last holds; a number if nothing ever changes."""
    at: dict[int, bool] = {}
    for time, present in marks:
        at[time] = present
    points: list[tuple[Duration, float]] = []
    for time in sorted(at):
        if not points or bool(points[-1][1]) != at[time]:
            points.append((Duration.of_samples(time), float(at[time])))
    return points[0][1] if len(points) == 1 else Steps(kind="steps", points=tuple(points))
