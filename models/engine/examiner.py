"""Takes the probes of a trajectory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch

from models.engine.cohort import Cohort
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.engine.traces import Portion
from models.probes import build_probe
from models.protocols import Params, Probe, ProbeView
from models.specs.probes import MEASURES, parts_of
from models.specs.regime import Measured
from models.specs.worlds import WorldSpec


class Examiner:
    """Probes by id, ready to be taken of any of a cohort's lives."""

    def __init__(self, probes: Mapping[str, Measured], organism: Organism, sweeps: int = 1) -> None:
        self._probes = dict(probes)
        self._organism = organism
        self._sweeps = sweeps
        self._areas = tuple(organism.spec.areas)
        self._built: dict[str, Probe] = {name: build_probe(each.probe, each.cost) for name, each in probes.items()}
        self._streams: dict[str, Stream] = {}

    def paths(self, name: str) -> list[str]:
        """Series of a probe: one, or one per area, or what else its numbers are."""
        return [f"{name}.{each}" if each else name for each in parts_of(self._probes[name].probe, self._areas)]

    def higher_is_better(self, name: str) -> bool:
        """Direction of a probe that a plateau may be judged by."""
        return MEASURES[self._probes[name].probe.kind].better == "higher"

    def take(
        self, names: Sequence[str], cohort: Cohort, lives: Sequence[int], change: Params | None = None
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Values (series, lives) of each probe; probes that look at the same items share one pass.

        `change` has the norms of what the last update changed of each area, of all lives of the cohort.
        """
        portion = portion_of(cohort, lives)
        changed = {area: norm_N[list(lives)] for area, norm_N in (change or {}).items()}
        seen: dict[tuple[str, int | None], Items] = {}
        return {name: self._take(name, portion, seen, changed) for name in names}

    def _take(
        self, name: str, portion: Portion, seen: dict[tuple[str, int | None], Items], change: Params
    ) -> npt.NDArray[np.float32]:
        measured = self._probes[name]

        def exam(world: WorldSpec, n: int | None) -> Exam:
            text = world.model_dump_json()
            if (text, n) not in seen:
                seen[text, n] = Items(self._stream(text, world), n, portion, self._organism)
            asked = {"cost": measured.cost, "other": measured.other}
            costs = {getattr(measured.probe, field): cost for field, cost in asked.items() if cost is not None}
            return Exam(seen[text, n], costs)

        extra = {"train": exam(measured.train, None)} if measured.train else {}
        view = ProbeView(self._areas, portion.weight, exam(measured.world, measured.probe.n), extra, change)
        with torch.no_grad():
            value = self._built[name](view)
        return value.reshape(len(portion.seeds_N), -1).T.to(torch.float32).numpy()

    def _stream(self, text: str, world: WorldSpec) -> Stream:
        if text not in self._streams:
            self._streams[text] = Stream(world, self._organism.spec.senses, {}, self._sweeps)
        return self._streams[text]


def portion_of(cohort: Cohort, lives: Sequence[int]) -> Portion:
    """Some lives of a cohort; without a copy if they are all."""
    whole = list(lives) == list(range(len(cohort.seeds)))
    index = torch.tensor(list(lives), dtype=torch.int64)

    def some(group: Params) -> Params:
        return {name: value.detach() if whole else value.detach()[index] for name, value in group.items()}

    return Portion(cohort.seeds_N[index], some(cohort.params), some(cohort.own) | some(cohort.learned))
