"""Envelopes: a number as a function of time; stage time in stages, age in overlays.

`value(envelope, t)` is a pure function in float64 of resolved envelopes (every duration in samples); the engine, the
plan and the figures all read it. Outside its span an envelope is constant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal, assert_never

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Name, Spec
from models.specs.durations import ZERO, Duration


class Ramp(Spec):
    """From one value to another over a span.

    u = (t - start)/(end - start), clipped to [0, 1]; linear: u; cosine: (1 - cos pi u)/2; exp: from (to/from)^u, both
    above 0; logistic: the logistic of 12 (u - 1/2), scaled to hit both ends.
    """

    kind: Literal["ramp"]
    start: Duration = ZERO
    end: Duration
    from_: float = Field(alias="from")
    to: float
    shape: Literal["linear", "cosine", "exp", "logistic"] = "linear"


class Pulse(Spec):
    """`height` in [onset, onset + duration), `base` elsewhere."""

    kind: Literal["pulse"]
    onset: Duration
    duration: Duration
    height: float = 1.0
    base: float = 0.0


class Steps(Spec):
    """The last point whose time is at or before t; the first point stands at 0sp."""

    kind: Literal["steps"]
    points: Annotated[
        Many[Annotated[tuple[Duration, float], Field(strict=False)]], Field(min_length=1, max_length=10000)
    ]


class Decay(Spec):
    """floor + (base - floor) 2^(-(t - t0)/half_life), t0 the latest of start and restarts; `base` before start."""

    kind: Literal["decay"]
    start: Duration = ZERO
    half_life: Duration
    base: float = 1.0
    floor: float = 0.0
    restart_at: Many[Duration] = ()


class Gate(Spec):
    """From one value to another as a probe goes from `low` to `high`, life by life; held from reading to reading.

    m is the mean of the last `smooth` readings, `initial` stands while there is none; u = (m - low)/(high - low),
    clipped to [0, 1]; linear: from + (to - from) u; step: `to` from u = 1/2 on. Only readings at stage time 0 and at
    multiples of the probe's cadence count, as long as a gate has watched it.
    """

    kind: Literal["gate"]
    probe: Name
    low: float
    high: float
    from_: float = Field(default=0.0, alias="from")
    to: float = 1.0
    shape: Literal["linear", "step"] = "linear"
    initial: float | None = None
    """`from` if left out."""
    smooth: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _opens(self) -> Gate:
        if self.low >= self.high:
            raise PydanticCustomError("bound", "a gate opens from low up to high: low is below high")
        return self


class Index(Spec):
    """base + step i in the i-th turn of a repeat, counted from 0; it stands nowhere else."""

    kind: Literal["index"]
    base: float = 0.0
    step: float = 1.0


Written = Annotated[Ramp | Pulse | Steps | Decay | Gate | Index, Field(discriminator="kind")]
"""Every envelope that a document may have; when it is read, turns of repeats have become numbers."""

Envelope = Annotated[Ramp | Pulse | Steps | Decay | Gate, Field(discriminator="kind")]
Factor = float | Ramp | Pulse | Steps | Decay | Gate
Told = Mapping[str, Sequence[float]]
"""Probe -> what a life's gates have read of it, the last reading last."""


def _form(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "product"
    return "envelope" if isinstance(value, (dict, Spec)) else "number"


def _factor_form(value: Any) -> str:
    return "envelope" if isinstance(value, (dict, Spec)) else "number"


_Factor = Annotated[Annotated[float, Tag("number")] | Annotated[Envelope, Tag("envelope")], Discriminator(_factor_form)]
Scalar = Annotated[
    Annotated[float, Tag("number")]
    | Annotated[Envelope, Tag("envelope")]
    | Annotated[Annotated[Many[_Factor], Field(min_length=1, max_length=16)], Tag("product")],
    Discriminator(_form),
]
"""A number, an envelope, or a list of these which is their product."""


def factors(scalar: Scalar) -> tuple[Factor, ...]:
    """The factors whose product the scalar is."""
    return scalar if isinstance(scalar, tuple) else (scalar,)


def value(scalar: Scalar, t: float, told: Told = MappingProxyType({})) -> float:
    """Value at time t (samples) of a resolved scalar, for a life with these readings."""
    product = 1.0
    for factor in factors(scalar):
        if isinstance(factor, (int, float)):
            product *= factor
        else:
            product *= _opened(factor, told) if isinstance(factor, Gate) else _at(factor, t)
    return product


def gates(scalar: Scalar) -> tuple[Gate, ...]:
    """The gates among its factors."""
    return tuple(factor for factor in factors(scalar) if isinstance(factor, Gate))


def is_timeless(scalar: Scalar) -> bool:
    """Whether time alone does not change it."""
    return all(isinstance(factor, (int, float, Gate)) for factor in factors(scalar))


def is_constant(scalar: Scalar) -> bool:
    """Whether the scalar has no envelope in it."""
    return all(isinstance(factor, (int, float)) for factor in factors(scalar))


def is_zero(scalar: Scalar) -> bool:
    """Whether the scalar is 0 at every time: one factor is the number 0, or an envelope that never leaves 0."""
    return any(low == high == 0.0 for low, high in map(span, factors(scalar)))


def span(factor: Factor) -> tuple[float, float]:
    """Smallest and largest value the factor takes at any time."""
    match factor:
        case int() | float():
            return float(factor), float(factor)
        case Ramp():
            ends = (factor.from_, factor.to)
        case Pulse():
            ends = (factor.height, factor.base) if factor.duration.amount > 0 else (factor.base, factor.base)
        case Steps():
            levels = [level for _, level in factor.points]
            ends = (min(levels), max(levels))
        case Decay():
            ends = (factor.base, factor.floor)
        case Gate():
            levels = _ends(factor)
            ends = (min(levels), max(levels))
        case _:
            assert_never(factor)
    return min(ends), max(ends)


def _ends(gate: Gate) -> list[float]:
    """Values of a gate that is shut, open, or has read nothing yet."""
    return [gate.from_, gate.to, gate.from_ if gate.initial is None else gate.initial]


def is_switch(scalar: Scalar) -> bool:
    """Whether the scalar is 0 or 1 at every time."""
    return all(_levels(factor) <= {0.0, 1.0} for factor in factors(scalar))


def _levels(factor: Factor) -> set[float]:
    """Every value the factor takes; of one that slides between two, a value between them as well."""
    low, high = span(factor)
    if isinstance(factor, Steps):
        return {level for _, level in factor.points}
    if isinstance(factor, Gate) and factor.shape == "step":
        return set(_ends(factor))
    slides = isinstance(factor, Ramp | Decay | Gate)
    return {low, high, (low + high) / 2.0} if slides else {low, high}


def _at(envelope: Ramp | Pulse | Steps | Decay, t: float) -> float:
    match envelope:
        case Ramp():
            return _ramp(envelope, t)
        case Pulse():
            onset = envelope.onset.samples
            inside = onset <= t < onset + envelope.duration.samples
            return envelope.height if inside else envelope.base
        case Steps():
            reached = [level for time, level in envelope.points if time.samples <= t]
            return reached[-1] if reached else envelope.points[0][1]
        case Decay():
            return _decay(envelope, t)
        case _:
            assert_never(envelope)


def _opened(gate: Gate, told: Told) -> float:
    readings = told.get(gate.probe, ())[-gate.smooth :]
    if not readings:
        return gate.from_ if gate.initial is None else gate.initial
    u = min(1.0, max(0.0, (sum(readings) / len(readings) - gate.low) / (gate.high - gate.low)))
    if gate.shape == "step":
        u = float(u >= 0.5)
    return gate.from_ + (gate.to - gate.from_) * u


def _ramp(ramp: Ramp, t: float) -> float:
    start, end = ramp.start.samples, ramp.end.samples
    u = min(1.0, max(0.0, (t - start) / (end - start)))
    if u in (0.0, 1.0):
        return ramp.to if u == 1.0 else ramp.from_
    match ramp.shape:
        case "linear":
            pass
        case "cosine":
            u = (1.0 - math.cos(math.pi * u)) / 2.0
        case "exp":
            return float(ramp.from_ * (ramp.to / ramp.from_) ** u)
        case "logistic":
            low, high = _logistic(-6.0), _logistic(6.0)
            u = (_logistic(12.0 * (u - 0.5)) - low) / (high - low)
        case _:
            assert_never(ramp.shape)
    return ramp.from_ + (ramp.to - ramp.from_) * u


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def _decay(decay: Decay, t: float) -> float:
    start = decay.start.samples
    if t < start:
        return decay.base
    latest = max([start, *(time.samples for time in decay.restart_at if time.samples <= t)])
    return decay.floor + (decay.base - decay.floor) * math.exp2(-(t - latest) / decay.half_life.samples)
