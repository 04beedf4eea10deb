"""N lives as one stack of tensors: parameters, state of rules and costs, moments, counters; born, split, joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.costs import build_cost
from models.draw import Draw
from models.engine.organism import Organism
from models.protocols import Params
from models.specs.costs import CostSpec
from models.specs.regime import RegimeSpec
from models.specs.worlds import AnySource
from models.specs.worlds.sources import facts

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SIZE = "size/"

TENSORS = ("params", "learned", "own", "moments")
COUNTS = ("steps", "shown")
ROWS = ("age_N", "offset_N", "alive_N", "diverged_N")


@dataclass
class Readings:
    """What a probe said since the trajectory began, for triggers that look back."""

    offsets: list[int] = field(default_factory=list)
    values: list[npt.NDArray[np.float32]] = field(default_factory=list)
    """Per reading (N,); NaN where a life had none."""

    def take(self, lives: Sequence[int]) -> Readings:
        """Those of some lives."""
        return Readings(list(self.offsets), [value[list(lives)] for value in self.values])


@dataclass(frozen=True)
class Frozen:
    """A life that left a triggered stage, as it was then."""

    cohort: Cohort
    status: str
    """advanced, censored or failed."""
    offset: int


@dataclass
class Cohort:
    """Lives of one regime. Every tensor leads with N; counters are kept on the host.

    A life whose `offset_N` is behind `offset` has stopped in this trajectory; a diverged one has no state but NaN.
    """

    seeds: list[int]
    params: Params
    """Parameters of areas, by address `area/...`."""
    learned: Params
    """Decoders and heads of costs, by address `cost/...`; state of rules that learns, by `rule/area/...`."""
    own: Params
    """Unlearned state of rules and costs."""
    moments: Params
    """The optimizers' memory, by `slot/address`."""
    steps: dict[str, Counts]
    """Updates that each parameter of each life has had since its moments were empty, by address."""
    age_N: Counts
    """Samples presented since birth."""
    offset_N: Counts
    """Updates since the trajectory's start."""
    shown: dict[str, Counts]
    """Samples presented of each world, by its digest."""
    alive_N: Flags
    """Lives that have something left to do."""
    diverged_N: Flags
    offset: int = 0
    """Updates since the trajectory's start, of the lives that go on."""
    entered: bool = False
    """Whether acts and first readings of the trajectory are done."""
    readings: dict[str, Readings] = field(default_factory=dict)
    frozen: dict[str, dict[int, Frozen]] = field(default_factory=dict)
    """By digest of the ending, by seed."""

    @property
    def seeds_N(self) -> Tensor:  # noqa: N802 - the shape suffix of tensors
        """The seeds as draws take them."""
        return torch.tensor(self.seeds, dtype=torch.int64)

    def take(self, lives: Sequence[int]) -> Cohort:
        """A copy of some lives, in that order; frozen lives stay behind."""
        index = torch.tensor(list(lives), dtype=torch.int64)
        chosen = list(lives)
        changes: dict[str, Any] = {name: _each(getattr(self, name), lambda value: value[index]) for name in TENSORS}
        changes |= {name: _each(getattr(self, name), lambda value: value[chosen]) for name in COUNTS}
        changes |= {name: getattr(self, name)[chosen] for name in ROWS}
        seeds = [self.seeds[life] for life in chosen]
        readings = {probe: past.take(chosen) for probe, past in self.readings.items()}
        return replace(self, seeds=seeds, readings=readings, frozen={}, **changes)

    def is_finite(self, life: int) -> bool:
        """Whether all parameters of a life are numbers."""
        groups = (self.params, self.learned)
        return all(bool(torch.isfinite(value[life]).all()) for group in groups for value in group.values())

    def blank(self, life: int) -> None:
        """Leave nothing of a diverged life, so that what is kept does not depend on when it was noticed."""
        for group in TENSORS:
            for value in getattr(self, group).values():
                value.detach()[life] = torch.nan if value.is_floating_point() else 0
        for counts in self.steps.values():
            counts[life] = 0


def birth(regime: RegimeSpec, seeds: Sequence[int]) -> Cohort:
    """Lives of age 0 with parameters drawn by address."""
    organism = Organism(regime.organism)
    draw = Draw(torch.tensor(list(seeds), dtype=torch.int64))
    params = organism.init(draw.at("init"))
    learned, own = organism.circuits.init(params, draw.at("init"))
    own |= organism.contents(draw.at("init"))
    count = len(seeds)
    cohort = Cohort(
        seeds=list(seeds),
        params=params,
        learned=learned,
        own=own,
        moments={},
        steps={},
        age_N=np.zeros(count, dtype=np.int64),
        offset_N=np.zeros(count, dtype=np.int64),
        shown={},
        alive_N=np.ones(count, dtype=np.bool_),
        diverged_N=np.zeros(count, dtype=np.bool_),
    )
    attach_costs(cohort, regime, organism)
    attach_gates(cohort, regime)
    return cohort


def attach_costs(cohort: Cohort, regime: RegimeSpec, organism: Organism) -> None:
    """Give the costs of a regime the decoders and state they do not have yet."""
    for name, weighted in regime.costs.items():
        learned, own = first_of_cost(name, weighted.cost, organism, regime.world.source, cohort.seeds_N)
        cohort.learned |= {address: value for address, value in learned.items() if address not in cohort.learned}
        cohort.own |= {address: value for address, value in own.items() if address not in cohort.own}
    normal = {address_of_size(name) for name, each in regime.costs.items() if each.cost.normalise == "running"}
    for address in [each for each in cohort.own if each.startswith(_SIZE) and each not in normal]:
        del cohort.own[address]
    cohort.own |= {each: torch.zeros(len(cohort.seeds)) for each in sorted(normal) if each not in cohort.own}


def rewire(cohort: Cohort, regime: RegimeSpec) -> None:
    """Weights of pathways that now begin elsewhere, with all that is kept of them, go by the name of where they do."""
    for title, before in regime.rewired.items():
        path = next(each for each in regime.organism.pathways if each.title == title)
        old, new = (f"area/{path.target}/from/{source}/" for source in (before, path.source))
        for name in (*TENSORS, "steps"):
            group = getattr(cohort, name)
            renamed = {address.replace(old, new): value for address, value in group.items()}
            group.clear()
            group.update(renamed)


def address_of_size(cost: str) -> str:
    """Where the running mean (N,) of a cost's size is kept; 0 before there is any. It ends with its weight."""
    return f"{_SIZE}{cost}"


def address_of_gate(probe: str) -> str:
    """Where readings of a probe that gates watch are kept, (N, readings): the last one last, not a number before."""
    return f"gate/{probe}"


def attach_gates(cohort: Cohort, regime: RegimeSpec) -> None:
    """Give a regime's gates room for what they read; what they have read goes on, what none watches is forgotten."""
    wanted = {address_of_gate(probe): each.keep for probe, each in regime.gates.items()}
    for address in [each for each in cohort.own if each.startswith("gate/") and each not in wanted]:
        del cohort.own[address]
    for address, keep in wanted.items():
        kept = cohort.own.get(address, torch.full((len(cohort.seeds), 0), torch.nan))[:, -keep:]
        room = torch.full((len(cohort.seeds), keep - kept.shape[1]), torch.nan)
        cohort.own[address] = torch.cat([room, kept], dim=1)


def first_of_cost(
    name: str, cost: CostSpec, organism: Organism, source: AnySource, seeds_N: Tensor
) -> tuple[Params, Params]:
    """First decoders and first state of a cost: functions of its name and the lives' seeds alone."""
    known = facts(source)
    told = {f"world/{name}": factor.shape for name, factor in known.factors.items()}
    if known.label is not None:
        told["world/label"] = known.label.shape
    built = build_cost(name, cost, tuple(organism.spec.senses))
    return built.init(organism.shapes | told, Draw(seeds_N).at("init"))


def join(parts: Sequence[Cohort]) -> Cohort:
    """Cohorts of one regime as one, in seed order."""
    first = parts[0]
    seeds = [seed for part in parts for seed in part.seeds]
    order = sorted(range(len(seeds)), key=seeds.__getitem__)

    def tensors(name: str) -> Params:
        return {
            address: torch.cat([getattr(part, name)[address] for part in parts]) for address in getattr(first, name)
        }

    def counts(name: str) -> dict[str, Counts]:
        return {key: np.concatenate([getattr(part, name)[key] for part in parts]) for key in getattr(first, name)}

    changes: dict[str, Any] = {name: tensors(name) for name in TENSORS}
    changes |= {name: counts(name) for name in COUNTS}
    changes |= {name: np.concatenate([getattr(part, name) for part in parts]) for name in ROWS}
    whole = replace(first, seeds=seeds, readings={}, frozen={}, **changes)
    return whole.take(order)


def _each(group: Mapping[str, Any], change: Any) -> dict[str, Any]:
    return {name: change(value.detach() if isinstance(value, Tensor) else value) for name, value in group.items()}
