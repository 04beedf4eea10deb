"""Shapes of a study's answers: outcomes life by life and arm by arm, and contrasts between arms."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

SeedRole = Literal["exploratory", "confirmatory", "all"]
LifeStatus = Literal["waiting", "developing", "complete", "censored", "diverged", "failed"]


class _Answer(BaseModel):
    """Members that a later service adds are kept."""

    model_config = ConfigDict(extra="allow")


class Band(_Answer):
    """Bounds of a mean over lives; None where there are too few."""

    kind: Literal["t"]
    level: float
    lo: float | None
    hi: float | None
    few: bool
    """Whether it rests on fewer than five lives."""


class Seeds(_Answer):
    """The seeds that figures rest on."""

    role: SeedRole
    numbers: list[int]


class LifeOutcome(_Answer):
    """The outcome of one life."""

    seed: int
    status: LifeStatus
    """How the life stands; of one that goes on, the value is that of its past."""
    value: float | None
    """After `map` and `relative_to`; None if the life, or what it is held against, has none."""
    censored: bool
    """Of times: a lower bound. Otherwise: the life, or what it is held against, was ended by a limit."""
    diverged: bool


class ArmOutcome(_Answer):
    """One outcome over the lives of one arm."""

    arm: int
    name: str
    labels: dict[str, str]
    origin: Literal["grid", "arm", "control"]
    """Of the axes' product; or an arm or a control beside it, which has the labels of the arm that it changes."""
    n_lives: int
    n: int
    """Lives with a value."""
    n_missing: int
    n_censored: int
    n_diverged: int
    mean: float | None
    """Over lives with a value; of a time with censored lives a lower bound, see `restricted_mean`."""
    sd: float | None
    median: float | None
    band: Band
    restricted_mean: float | None
    """Of times: the mean up to `horizon`, censored lives counted (Kaplan-Meier)."""
    horizon: float | None
    median_time: float | None
    """Of times: the Kaplan-Meier median; None if fewer than half ever met it."""
    complete: bool
    """Whether every life of the arm is over."""
    lives: list[LifeOutcome]


class Outcome(_Answer):
    """One outcome of the study in all its arms."""

    name: str
    kind: str
    unit: str
    time: bool
    """Whether it is a time, which censored lives bound from below."""
    definition: dict[str, Any]
    """As declared in the study, with defaults."""
    arms: list[ArmOutcome]


class Outcomes(_Answer):
    """The answer of `/outcomes`."""

    job: str
    complete: bool
    """False while lives of the study can still change, or will never be finished."""
    lives: dict[str, int]
    """How many lives of all arms are in which state."""
    seeds: Seeds
    outcomes: list[Outcome]


class Interval(_Answer):
    """An estimate between its bounds; None where the lives allow none."""

    value: float | None
    lo: float | None
    hi: float | None


class Contrast(_Answer):
    """One comparison of arms, paired by seed."""

    name: str
    kind: str
    outcome: str
    unit: str
    method: str
    """The test."""
    estimate: Interval
    p: float | None
    p_corrected: float | None
    effect: Interval | None
    """Standardised mean of the paired differences."""
    n: int
    """Seeds with a value on every side."""
    n_missing: int
    n_censored: int
    """Lives of the arms compared."""
    n_diverged: int
    n_growing: int
    """Lives of the arms compared that are not over: left out until they are."""
    explored: Interval | None
    """Of an answer on confirmatory seeds: the estimate on the exploratory ones."""
    warnings: list[str]
    detail: dict[str, Any]
    """What a kind of contrast says beside its estimate: of a trend labels, curve, peak, height and width."""
    definition: dict[str, Any]


class Expectation(_Answer):
    """What a contrast was expected to show, and the verdict of the paired bootstrap on it."""

    contrast: str
    relation: Literal["above", "below", "within"]
    margin: float
    estimate: Interval
    p: float | None
    """Two-sided, against the margin."""
    p_corrected: float | None
    verdict: Literal["reproduced", "contradicted", "inconclusive"]
    reason: str


class Doubt(_Answer):
    """A warning of the check that bears on what the study may claim."""

    code: str
    message: str


class Contrasts(_Answer):
    """The answer of `/contrasts`."""

    job: str
    complete: bool
    lives: dict[str, int]
    seeds: Seeds
    analysis: dict[str, Any]
    """Test, resamples, level, centre and correction, as the study declares them."""
    contrasts: list[Contrast]
    expectations: list[Expectation]
    doubts: list[Doubt]
