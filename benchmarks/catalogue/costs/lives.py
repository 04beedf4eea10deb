"""Whole lives of small organisms, and what can be seen of them at the end."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import torch
from torch import Tensor

from benchmarks.catalogue.table import Figure
from models.engine import stage
from models.engine.cohort import Cohort, birth
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.protocols import Moment
from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.worlds import WorldSpec

LIVES = 5
_T_95 = 2.776
"""Half width of a 95 % interval of a mean of five, in standard errors."""


@dataclass(frozen=True)
class Grown:
    """A cohort at the end of its schedule."""

    schedule: ScheduleSpec
    worlds: Mapping[str, WorldSpec]
    """Also those that the schedule does not use."""
    cohort: Cohort
    last: Mapping[str, list[float]]
    """Last reading of every probe, `NAME` or `NAME.AREA`, by life."""
    readings: Mapping[str, list[tuple[int, int, list[float]]]]
    """All readings of every probe: number of the stage, updates since it began, values by life."""

    def items(self, world: str, n: int | None) -> Items:
        """The first items of a world, as probes see them."""
        organism = Organism(self.schedule.organism)
        stream = Stream(self.worlds[world], self.schedule.organism.senses, {}, self.schedule.clock.sweeps)
        return Items(stream, n, portion_of(self.cohort, range(len(self.cohort.seeds))), organism)

    def seen(self, world: str, n: int | None = 1000) -> Moment:
        """What all areas make of items of a world."""
        return self.items(world, n).moment()

    def cost(self, name: str, world: str, n: int | None = 1000) -> list[float]:
        """Value of a cost on items of a world, by life."""
        value: list[float] = Exam(self.items(world, n), {name: self.schedule.costs[name]}).cost(name).tolist()
        return value

    def weight(self, address: str) -> Tensor:
        """A parameter of an area or cost (N, ...)."""
        return (self.cohort.params | self.cohort.learned | self.cohort.own)[address].detach()


def grown(document: Mapping[str, Any], lives: int = LIVES, unread: int = 0) -> Grown:
    """The lives of a schedule whose stages have fixed lengths; warnings are borne, errors are not.

    In the first `unread` stages no probe is taken.
    """
    given = {"ontogeny": "1", "kind": "schedule", "name": "proof"} | dict(document)
    check_document(given).refuse()
    written = ScheduleSpec.model_validate_json(orjson.dumps(given))
    schedule = canonical(written)
    arm = plan_arm(schedule)
    cohort = birth(arm.steps[0].regime, range(lives))
    readings: dict[str, list[tuple[int, int, list[float]]]] = {}
    names = {probe: name for name, probe in arm.probe_names.items()}
    for step in arm.steps:
        if step.ordinal:
            stage.enter(cohort, step.regime)
        goal = step.demand.offset
        orders = stage.Orders(step.regime, arm.probes, step.readings if step.ordinal >= unread else {}, [goal])
        for flush in stage.run(cohort, orders, 0, goal):
            for group in flush.groups:
                for path, values in zip(group.paths, group.values, strict=True):
                    probe, *area = path.split(".")
                    if probe in names:
                        told = zip(group.offsets.tolist(), values.tolist(), strict=True)
                        several = readings.setdefault(".".join([names[probe], *area]), [])
                        several += [(step.ordinal, offset, value) for offset, value in told]
    last = {name: told[-1][2] for name, told in readings.items()}
    return Grown(schedule, written.worlds, cohort, last, readings)


def figures(
    name: str, values: Sequence[float], unit: str, required: str | None = None, peer: str | None = None
) -> Iterator[Figure]:
    """A mean over lives under its requirement, and half the width of its interval."""
    yield Figure(name, statistics.fmean(values), unit, required, peer)
    if len(values) == LIVES:
        yield Figure(f"{name}.half_width", _T_95 * statistics.stdev(values) / LIVES**0.5, unit, None, "95 %, 5 lives")


def layers(*sizes: int, sense: Mapping[str, Any], act: str = "tanh", head: str = "none", **last: Any) -> dict[str, Any]:
    """A chain of linear areas a1, a2, ..., the last with its own activation, above one sense."""
    names = [f"a{k}" for k in range(1, len(sizes) + 1)]
    areas = {name: {"kind": "linear", "size": size, "act": act} for name, size in zip(names, sizes, strict=True)}
    areas[names[-1]] |= {"act": head} | last
    (retina,) = sense
    order = [retina, *names]
    return {
        "senses": dict(sense),
        "areas": areas,
        "pathways": [{"from": below, "to": above} for below, above in zip(order, names, strict=False)],
    }


DIGIT = {"retina": {"shape": [1, 8, 8]}}


def correlation(x: Tensor, y: Tensor) -> float:
    """Pearson's r of all numbers of two tensors."""
    return float(torch.corrcoef(torch.stack([x.flatten().double(), y.flatten().double()]))[0, 1])
