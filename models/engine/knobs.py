"""What the schedule turns, as numbers per life: cost weights, plasticity, rates, strengths of deficits.

Evaluated on the host in float64 by the functions that also draw plans, and only when something can have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from models.specs.envelopes import Told, is_timeless, value
from models.specs.in_force import modulator_factor, window_level
from models.specs.regime import DeficitInForce, RegimeSpec

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Knobs:
    """Everything that is turned, at one offset; the same object as long as nothing changes."""

    weight_CN: Numbers
    plasticity_AN: Numbers
    """Stage plasticity x critical periods x modulators."""
    rate_AN: Numbers
    """lr x lr_scale x plasticity."""
    strength_DN: Numbers
    level_MN: Numbers
    """Of modulators that follow a probe."""


class KnobBoard:
    """The knobs of a regime by offset; rows follow the regime's costs, areas, deficits and modulators."""

    def __init__(self, regime: RegimeSpec) -> None:
        self.regime = regime
        organism = regime.organism
        self._lr = [organism.optimizer_of(area).lr * spec.lr_scale for area, spec in organism.areas.items()]
        self._still = not _varies(regime)
        self._following = [regime.modulators[name] for name in regime.following]
        self._last: Knobs | None = None
        self._told_N: Sequence[Told] = ()

    def at(self, offset: int, age_N: npt.NDArray[np.int64], told_N: Sequence[Told] = ()) -> Knobs:
        """Knobs before the update that leaves this offset, for lives whose gates have read so much."""
        same = self._still and told_N is self._told_N
        if self._last is not None and same and self._last.weight_CN.shape[1] == len(age_N):
            return self._last
        self._told_N = told_N
        stage_sp = self.regime.stage_origin_sp + offset * self.regime.batch
        ages: list[int] = age_N.tolist()
        lives = [(age, tuple(told.items())) for age, told in zip(ages, told_N or [{}] * len(ages), strict=True)]
        by_life = {(age, told): self._column(stage_sp, age, dict(told)) for age, told in set(lives)}
        columns = [by_life[life] for life in lives]
        weight, plasticity, strength, level = (
            np.array([column[row] for column in columns], dtype=np.float64).reshape(len(columns), -1).T
            for row in range(4)
        )
        found = Knobs(weight, plasticity, np.array(self._lr)[:, None] * plasticity, strength, level)
        self._last = self._last if self._last is not None and _same(self._last, found) else found
        return self._last

    def _column(self, stage_sp: int, age_sp: int, told: Told) -> tuple[list[float], ...]:
        """Weights, plasticities, strengths and levels of one life."""
        regime = self.regime
        weights = [
            value(each.weight, stage_sp, told) * self._modulated("costs", name, age_sp, told)
            for name, each in regime.costs.items()
        ]
        plasticities = [
            value(regime.plasticity[area], stage_sp, told)
            * prod(window_level(period, age_sp, told) for period in regime.critical_periods if area in period.areas)
            * self._modulated("plasticity", area, age_sp, told)
            for area in regime.organism.areas
        ]
        strengths = [_strength(each, age_sp, told) for each in regime.deficits.values()]
        return weights, plasticities, strengths, [value(each.level, age_sp, told) for each in self._following]

    def _modulated(self, what: str, name: str, age_sp: int, told: Told) -> float:
        gains = ((each, getattr(each, what).get(name)) for each in self.regime.modulators.values())
        return prod(modulator_factor(each, gain, age_sp, told) for each, gain in gains if gain is not None)


def _strength(deficit: DeficitInForce, age_sp: int, told: Told) -> float:
    live = age_sp >= deficit.onset_sp and (deficit.end_sp is None or age_sp < deficit.end_sp)
    return value(deficit.strength, age_sp, told) if live else 0.0


def _varies(regime: RegimeSpec) -> bool:
    scalars = [each.weight for each in regime.costs.values()] + list(regime.plasticity.values())
    scalars += [each.strength for each in regime.deficits.values()]
    windows = any(each.onset_sp or each.end_sp is not None for each in regime.deficits.values())
    scalars += [each.level for each in regime.modulators.values()]
    scalars += [each.level for each in regime.critical_periods if each.level is not None]
    bent = any(each.level is None for each in regime.critical_periods)
    return windows or bent or not all(map(is_timeless, scalars))


def _same(last: Knobs, found: Knobs) -> bool:
    """Whether nothing was turned; rates follow plasticities."""
    turned = ("weight_CN", "plasticity_AN", "strength_DN", "level_MN")
    return all(np.array_equal(getattr(last, each), getattr(found, each)) for each in turned)
