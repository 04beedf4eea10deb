"""What is recorded of a life beside its probes: families of series, what they mean, how often they are written.

A series is named `family.name`; where the family is one per area, the name is the area's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NORMS_EVERY = 10
"""Updates between two records of the norms of gradients and weights; the first update has one."""


@dataclass(frozen=True)
class SeriesFamily:
    """What the numbers of a family mean."""

    unit: str
    meaning: str
    by_area: bool = False
    every: int | None = 1
    """Updates between two rows; None: as it comes."""


SERIES: Mapping[str, SeriesFamily] = {
    "cost": SeriesFamily("1", "value of the cost on the batch of the update, before its weight"),
    "weight": SeriesFamily("1", "weight of the cost in force at the update, modulators included"),
    "plasticity": SeriesFamily("1", "multiplier of the area's rate: stage, critical periods, modulators", by_area=True),
    "rate": SeriesFamily("1", "rate of the area's parameters: lr x lr_scale x plasticity", by_area=True),
    "update_norm": SeriesFamily(
        "1", "Euclidean norm of the change of the area's parameters by the update", by_area=True
    ),
    "gradient_norm": SeriesFamily(
        "1",
        "Euclidean norm of what the area's rule gave for its parameters, before clipping and the optimizer",
        by_area=True,
        every=NORMS_EVERY,
    ),
    "weight_norm": SeriesFamily(
        "1", "Euclidean norm of the area's weights after the update, biases left out", by_area=True, every=NORMS_EVERY
    ),
    "residual": SeriesFamily(
        "1",
        "most that a rate of the area would still change in one more step of the free phase",
        by_area=True,
        every=NORMS_EVERY,
    ),
    "deficit": SeriesFamily("1", "strength of the deficit in force, 0 to 1"),
    "modulator": SeriesFamily("1", "level of the modulator at the age of the life"),
}

MACHINE: Mapping[str, SeriesFamily] = {
    "machine.speed": SeriesFamily("updates/s", "updates of the whole cohort per second of training", every=None),
    "machine.memory": SeriesFamily("MiB", "resident memory of the process that trained the cohort", every=None),
}
"""Series of the process that trained, the same for all lives of a cohort; no two runs agree in them."""


def about(path: str) -> SeriesFamily | None:
    """What a series means, by its path; None for probes, whose kind says it."""
    return MACHINE.get(path) or SERIES.get(path.partition(".")[0])
