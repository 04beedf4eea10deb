"""One number per life, read off its history; with how far that number can be trusted.

A life that never met its criterion, or never reached an event, is right-censored: its value is the time for which it
was watched. A diverged life has no value that judges a whole life. Nothing is dropped: every life has an answer.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from models.specs.durations import Duration
from models.specs.outcomes import (
    AucOutcome,
    BestOutcome,
    DistanceMap,
    EventAgeOutcome,
    FinalOutcome,
    LogMap,
    NegateMap,
    OutcomeMap,
    OutcomeSpec,
    SamplesToCriterionOutcome,
    TransferOutcome,
    ValueAtOutcome,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Better = Literal["higher", "lower", "none"]

TIMES = frozenset({"samples_to_criterion", "event_age"})
"""Kinds of outcome that are times until something, and can be censored."""

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Curve:
    """Readings of one probe in one life: ages in samples, not decreasing, and as many values."""

    age_sp: Floats
    value: Floats

    def __post_init__(self) -> None:
        if self.age_sp.shape != self.value.shape or self.age_sp.ndim != 1:
            raise ValueError(f"ages {self.age_sp.shape} and values {self.value.shape}: two equal lengths are wanted")
        if (np.diff(self.age_sp) < 0).any():
            raise ValueError("the ages of a curve must not decrease")

    def within(self, low: float, high: float) -> Curve:
        """Readings at ages low <= age <= high."""
        kept = (self.age_sp >= low) & (self.age_sp <= high)
        return Curve(self.age_sp[kept], self.value[kept])


@dataclass(frozen=True)
class LifeFacts:
    """What is known of a life beside its curves."""

    end_age_sp: float
    """Age at which it ended, or was last seen."""
    status: str = "complete"
    """`complete`, `censored`, `diverged`, or of a life that still goes on."""
    events: Mapping[str, float] = field(default_factory=dict)
    """Ages of the events that happened, by their names in the language; `birth` may be left out."""

    def age_of(self, event: str) -> float | None:
        """Age of an event; None if this life has not reached it."""
        return self.events.get(event, 0.0 if event == "birth" else None)

    @property
    def diverged(self) -> bool:
        """Whether the life left the finite numbers."""
        return self.status == "diverged"


@dataclass(frozen=True)
class Scale:
    """What durations of an outcome mean: samples per batch and per pass of the world."""

    batch: int
    pass_sp: int | None = None

    def samples(self, duration: Duration) -> int:
        """Samples of a duration; Unresolvable if it counts passes and there are none."""
        return duration.updates(self.batch, pass_sp=self.pass_sp) * self.batch


@dataclass(frozen=True)
class LifeOutcome:
    """The outcome of one life; value None: it has none."""

    value: float | None
    censored: bool = False
    """The value is a lower bound (times), or the life was ended by a limit (everything else)."""
    diverged: bool = False


NO_READINGS = Curve(np.empty(0), np.empty(0))


def evaluate(spec: OutcomeSpec, curve: Curve, life: LifeFacts, scale: Scale, better: Better = "higher") -> LifeOutcome:
    """Outcome of a life after its `map`; `curve` is that of the probe it names, `better` the probe's direction."""
    plain = _plain(spec, curve, life, scale, better)
    return plain if spec.map is None or plain.value is None else replace(plain, value=mapped(spec.map, plain.value))


def mapped(how: OutcomeMap, value: float) -> float | None:
    """A mapped value; None where the logarithm has none."""
    match how:
        case DistanceMap():
            return abs(value - how.origin)
        case LogMap():
            return math.log(value) if value > 0.0 else None
        case NegateMap():
            return -value
        case _:
            assert_never(how)


def relative(treated: Mapping[int, LifeOutcome], reference: Mapping[int, LifeOutcome]) -> dict[int, LifeOutcome]:
    """Differences paired by seed; a seed that one side lacks has no value, a mark on either side stays."""
    differences: dict[int, LifeOutcome] = {}
    for seed, one in treated.items():
        other = reference.get(seed, LifeOutcome(None))
        value = None if one.value is None or other.value is None else one.value - other.value
        differences[seed] = LifeOutcome(value, one.censored or other.censored, one.diverged or other.diverged)
    return differences


def _plain(  # noqa: PLR0911 - one case per member
    spec: OutcomeSpec, curve: Curve, life: LifeFacts, scale: Scale, better: Better
) -> LifeOutcome:
    match spec:
        case FinalOutcome():
            return _judged(life, _final(curve, life, scale.samples(spec.window)))
        case BestOutcome():
            return _judged(life, _best(curve, better))
        case ValueAtOutcome():
            return _reached(life, _value_at(curve, life.age_of(spec.event)))
        case AucOutcome():
            return _reached(life, _auc(curve, life.age_of(spec.from_), life.age_of(spec.to)))
        case SamplesToCriterionOutcome():
            return _to_criterion(spec, curve, life, scale)
        case TransferOutcome():
            return _judged(life, _transfer(curve, spec.direction, life.age_of(spec.event)))
        case EventAgeOutcome():
            age = life.age_of(spec.event)
            return LifeOutcome(life.end_age_sp if age is None else age, censored=age is None, diverged=life.diverged)
        case _:
            assert_never(spec)


def _judged(life: LifeFacts, value: float | None) -> LifeOutcome:
    """An outcome of a whole life: a diverged one has none."""
    return _reached(life, None if life.diverged else value)


def _reached(life: LifeFacts, value: float | None) -> LifeOutcome:
    finite = value is not None and math.isfinite(value)
    return LifeOutcome(value if finite else None, life.status == "censored", life.diverged)


def _final(curve: Curve, life: LifeFacts, window_sp: int) -> float | None:
    """Mean over ages in (end - window, end]."""
    inside = (curve.age_sp > life.end_age_sp - window_sp) & (curve.age_sp <= life.end_age_sp)
    return float(curve.value[inside].mean()) if inside.any() else None


def _best(curve: Curve, better: Better) -> float | None:
    finite = curve.value[np.isfinite(curve.value)]
    if not finite.size:
        return None
    if better == "none":
        raise ValueError("of this probe neither higher nor lower is better")
    return float(finite.max() if better == "higher" else finite.min())


def _value_at(curve: Curve, age: float | None) -> float | None:
    if age is None:
        return None
    before = curve.value[curve.age_sp <= age]
    return float(before[-1]) if before.size else None


def _transfer(curve: Curve, direction: str, event: float | None) -> float | None:
    """What came after an event, or what had come before it."""
    there = _value_at(curve, event)
    if there is None:
        return None
    return float(curve.value[-1]) - there if direction == "backward" else there - float(curve.value[0])


def _auc(curve: Curve, low: float | None, high: float | None) -> float | None:
    """Trapezoids over [low, high], over its length; ends between readings are interpolated, never extrapolated."""
    if low is None or high is None or high <= low or not curve.age_sp.size:
        return None
    if low < curve.age_sp[0] or high > curve.age_sp[-1]:
        return None
    inside = curve.within(low, high)
    ends = np.interp([low, high], curve.age_sp, curve.value)
    age = np.concatenate([[low], inside.age_sp, [high]])
    value = np.concatenate([ends[:1], inside.value, ends[1:]])
    return float(np.trapezoid(value, age) / (high - low))


def _to_criterion(spec: SamplesToCriterionOutcome, curve: Curve, life: LifeFacts, scale: Scale) -> LifeOutcome:
    start = life.age_of(spec.from_)
    if start is None:
        return LifeOutcome(None, censored=True, diverged=life.diverged)
    until = life.end_age_sp
    if spec.censor_at is not None:
        until = min(until, start + scale.samples(spec.censor_at))
    watched = curve.within(start, until)
    first = first_run(_OPERATORS[spec.op](watched.value, spec.value), spec.hold)
    age = until if first is None else float(watched.age_sp[first])
    unit = 1 if spec.by == "sp" else scale.batch
    return LifeOutcome((age - start) / unit, censored=first is None, diverged=life.diverged)


def first_run(met: Flags, hold: int) -> int | None:
    """Index of the first of `hold` readings in a row that are met; None if there is no such run."""
    length = 0
    for index, each in enumerate(met):
        length = length + 1 if each else 0
        if length == hold:
            return index - hold + 1
    return None
