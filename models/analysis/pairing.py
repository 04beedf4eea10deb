"""Numbers of lives brought together by seed, ready to be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.analysis.outcomes import LifeOutcome, relative
from models.analysis.statistics import Floats, horizon_of, pseudo_values
from models.analysis.summaries import watched
from models.specs.outcomes import Labels
from models.specs.selectors import Arm, named_arm, reference_of

Outcomes = Mapping[int, Mapping[int, LifeOutcome]]
"""Arm -> seed -> outcome."""

Term = tuple[float, int]
"""A sign and an arm."""


def related(outcomes: Outcomes, arms: Sequence[Arm], relative_to: Labels) -> dict[int, dict[int, LifeOutcome]]:
    """Every arm held against its reference, by seed; an arm that has none has no values."""
    answer: dict[int, dict[int, LifeOutcome]] = {}
    for arm in arms:
        reference = reference_of(arm, arms, relative_to)
        other = {} if reference is None else outcomes.get(reference.index, {})
        answer[arm.index] = relative(outcomes.get(arm.index, {}), other)
    return answer


def partners(
    treat: Sequence[Arm], control: Sequence[Arm], named: Iterable[str], axes: Sequence[str]
) -> list[tuple[Arm, Arm]]:
    """Arms of two selections that agree on every axis neither selector names."""
    shared = [axis for axis in axes if axis not in set(named)]
    return [
        (one, other)
        for one in treat
        for other in control
        if all(one.labels.get(axis) == other.labels.get(axis) for axis in shared)
    ]


def named_axes(selectors: Iterable[Labels], axes: Sequence[str]) -> set[str]:
    """Axes that some selector names; a selector that names an arm leaves nothing to agree on."""
    chosen: set[str] = set()
    for labels in selectors:
        chosen |= set(axes) if named_arm(labels) else set(labels)
    return chosen


@dataclass(frozen=True)
class Lives:
    """One number for each life of the arms a contrast reads."""

    numbers: Mapping[int, Mapping[int, float]]
    seeds: tuple[int, ...]
    """Every seed of any of the arms."""
    censored: int
    diverged: int
    horizon: float | None
    """Times are restricted means up to here; None if nothing was censored."""

    def among(self, seeds_of: Mapping[int, Collection[int]]) -> int:
        """How many of some lives, given by arm and seed, are of these arms."""
        return sum(len(seeds_of.get(arm, ())) for arm in self.numbers)

    def combined(self, combinations: Sequence[Sequence[Term]]) -> Floats:
        """For every seed the mean over combinations of the signed sums; NaN if one of the lives has no number."""
        if not combinations:
            return np.full(len(self.seeds), np.nan)
        sums = np.empty((len(self.seeds), len(combinations)))
        for row, seed in enumerate(self.seeds):
            sums[row] = [sum(sign * self._of(arm, seed) for sign, arm in terms) for terms in combinations]
        return np.asarray(sums.mean(axis=1), dtype=np.float64)

    def ratios(self, pairs: Sequence[tuple[int, int]]) -> Floats:
        """For every seed the mean over pairs of first over second; NaN where one is not known or the second is 0."""
        answer = np.full(len(self.seeds), np.nan)
        for row, seed in enumerate(self.seeds):
            parts = [(self._of(one, seed), self._of(other, seed)) for one, other in pairs]
            if parts and all(other != 0.0 for _, other in parts):
                answer[row] = np.mean([one / other for one, other in parts])
        return answer

    def _of(self, arm: int, seed: int) -> float:
        return self.numbers.get(arm, {}).get(seed, np.nan)


def lives_of(outcomes: Outcomes, arms: Iterable[int], *, timed: bool) -> Lives:
    """The numbers of some arms; times with censored lives as pseudo-values up to one horizon for all the arms."""
    chosen = {arm: outcomes.get(arm, {}) for arm in dict.fromkeys(arms)}
    everyone = [life for lives in chosen.values() for life in lives.values()]
    seeds = tuple(sorted({seed for lives in chosen.values() for seed in lives}))
    groups = [group for lives in chosen.values() if (group := watched(lives))[0].size]
    restricted = timed and any(censored.any() for _, censored in groups)
    horizon = horizon_of(*groups) if restricted else None
    numbers = {arm: _numbers(lives, horizon) for arm, lives in chosen.items()}
    censored = sum(life.censored for life in everyone)
    return Lives(numbers, seeds, censored, sum(life.diverged for life in everyone), horizon)


def _numbers(lives: Mapping[int, LifeOutcome], horizon: float | None) -> dict[int, float]:
    known = {seed: life.value for seed, life in lives.items() if life.value is not None}
    if horizon is None or not known:
        return known
    times, censored = watched(lives)
    return dict(zip(known, map(float, pseudo_values(times, censored, horizon)), strict=True))
