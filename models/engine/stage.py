"""A trajectory, update by update: steps, records, probes, triggers, frozen lives.

Order at an offset: knobs, batch, step, ages advance; then, of the offset reached, probes due in name order, triggers,
limits. Acts come once, before the first readings at offset 0.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.engine import acts, bests, cadence
from models.engine.cohort import Cohort, Flags, Frozen, Readings, attach_costs, attach_gates, join, rewire
from models.engine.examiner import Examiner
from models.engine.numerics import arithmetic, configure
from models.engine.organism import Organism
from models.engine.record import Flush, Group, LifeEvent, Record
from models.engine.step import Training
from models.engine.triggers import Standing, Told, decide, instants, watched
from models.errors import NoResult
from models.specs.regime import Ending, Measured, Reading, RegimeSpec

__all__ = ["Flush", "Group", "LifeEvent", "Orders", "enter", "gather", "run"]

FLUSH_SECONDS = 0.5
MAX_ROWS = 1024
STATUS = {"advance": "advanced", "censor": "censored", "fail": "failed"}


@dataclass(frozen=True)
class Orders:
    """What a trajectory is asked for: what is in force, what to measure when, and how far each life goes."""

    regime: RegimeSpec
    probes: Mapping[str, Measured] = field(default_factory=dict)
    readings: Mapping[str, Sequence[Reading]] = field(default_factory=dict)
    offsets: Sequence[int] = ()
    """Fixed demands: every life goes at least so far."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """Demands that triggers decide, by digest."""


def run(cohort: Cohort, orders: Orders, start: int, stop: int) -> Iterator[Flush]:
    """Train from one offset to another; the cohort is consistent at the end of every flush that is yielded.

    Ends early when no life has anything left to do. Where flushes fall changes no result.
    """
    configure()
    if cohort.offset != start:
        raise ValueError(f"the cohort stands at offset {cohort.offset}, not {start}")
    stage = _Stage(cohort, orders)
    flushed = start
    if not cohort.entered:
        stage.enter()
    began, seconds = time.monotonic(), 0.0
    while cohort.offset < stop and cohort.alive_N.any():
        until = min(stop, stage.next_event(), cohort.offset + MAX_ROWS - stage.record.pending)
        seconds += stage.train(until, began + FLUSH_SECONDS)
        if cohort.offset in stage.events:
            stage.attend()
        if stage.record.pending >= MAX_ROWS or time.monotonic() >= began + FLUSH_SECONDS:
            yield stage.record.flush(flushed, seconds)
            flushed, began, seconds = cohort.offset, time.monotonic(), 0.0
    if stage.record.dirty:
        yield stage.record.flush(flushed, seconds)


def gather(cohort: Cohort, digest: str) -> Cohort:
    """Lives that advanced at an ending, in seed order, each at its own age: the start of the next trajectory."""
    left = sorted(cohort.frozen.get(digest, {}).items())
    parts = [frozen.cohort for _, frozen in left if frozen.status == "advanced"]
    if not parts:
        raise NoResult("no life advanced")
    return _at_start(join(parts))


def enter(cohort: Cohort, regime: RegimeSpec) -> Cohort:
    """Make a cohort the start of a trajectory: lives that diverged or stayed behind leave, new costs get decoders.

    Changes the cohort in place and returns it.
    """
    going = np.flatnonzero(~cohort.diverged_N & (cohort.offset_N == cohort.offset)).tolist()
    if not going:
        raise NoResult("every life diverged or stopped before this stage")
    cohort.__dict__.update(_at_start(cohort if len(going) == len(cohort.seeds) else cohort.take(going)).__dict__)
    rewire(cohort, regime)
    attach_costs(cohort, regime, Organism(regime.organism))
    attach_gates(cohort, regime)
    return cohort


def _at_start(cohort: Cohort) -> Cohort:
    cohort.offset = 0
    cohort.offset_N = np.zeros_like(cohort.offset_N)
    cohort.alive_N = np.ones_like(cohort.alive_N)
    cohort.entered = False
    cohort.readings, cohort.frozen = {}, {}
    return cohort


class _Stage:
    """A cohort under orders."""

    def __init__(self, cohort: Cohort, orders: Orders) -> None:
        self.cohort = cohort
        self.orders = orders
        self.training = Training(cohort, orders.regime)
        followed = {**orders.regime.gates, **orders.regime.bests}
        probes = {name: each.probe for name, each in followed.items()}
        self.examiner = Examiner({**orders.probes, **probes}, self.training.organism, orders.regime.sweeps)
        self.record = Record(cohort, orders.regime, self.training.stream.digest)
        self.watched = {digest: watched(ending, orders.probes) for digest, ending in sorted(orders.endings.items())}
        self.events: set[int] = set()
        self._refresh()

    def enter(self) -> None:
        """Acts, then the readings at offset 0."""
        acts.perform(self.cohort, self.orders.regime, self.training.organism)
        bests.begin(self.cohort, self.orders.regime)
        self.cohort.entered = True
        self._read(self._due(), self.cohort.alive_N, follow=True)

    def train(self, until: int, deadline: float) -> float:
        """Updates up to an offset or a moment; seconds they took."""
        began = time.monotonic()
        with arithmetic():
            while self.cohort.offset < until:
                self.record.add(self.training.update())
                if time.monotonic() >= deadline:
                    break
        return time.monotonic() - began

    def next_event(self) -> int:
        """The next offset at which a probe is due or a trigger may fire; kept in `events`."""
        cohort, batch = self.cohort, self.orders.regime.batch
        readings = [each for several in self.orders.readings.values() for each in several]
        candidates = list(_following(readings, cohort.offset))
        candidates += self.orders.offsets
        for followed in (self.orders.regime.gates, self.orders.regime.bests):
            candidates += cadence.following(followed, self.orders.regime, cohort.offset)
        for digest, ending in self.orders.endings.items():
            ages = cohort.age_N[cohort.alive_N & self._open(digest)].tolist()
            candidates += instants(ending, cohort.offset, iter(ages), batch)
        ahead = [each for each in candidates if each > cohort.offset]
        self.events = {min(ahead)} if ahead else set()
        return min(ahead, default=cohort.offset + MAX_ROWS)

    def attend(self) -> None:
        """Readings, triggers and limits of the offset that was reached."""
        self.record.settle()
        due = self._due()
        self._read(due, self.cohort.alive_N, follow=True)
        leaving = self._leaving()
        missing: dict[str, Flags] = {}
        for digest, lives in leaving.items():
            for probe in self.orders.endings[digest].readings:
                if probe not in due:
                    missing.setdefault(probe, np.zeros_like(self.cohort.alive_N))[list(lives)] = True
        for probe in sorted(missing):
            self._read([probe], missing[probe])
        for digest, lives in leaving.items():
            for life, leaf in lives.items():
                self._leave(digest, life, leaf)
        self._refresh()

    def _due(self) -> list[str]:
        """Probes to take at the present offset, in name order."""
        readings = self.orders.readings
        return sorted(name for name in readings if any(self.cohort.offset in each.offsets() for each in readings[name]))

    def _read(self, names: list[str], lives: Flags, *, follow: bool = False) -> None:
        """Take probes for some lives, and those that decide what becomes of them; not finite ones have no value."""
        cohort, regime = self.cohort, self.orders.regime
        gated = cadence.due(regime.gates, regime, cohort.offset) if follow else []
        kept = cadence.due(regime.bests, regime, cohort.offset) if follow else []
        chosen = [life for life in np.flatnonzero(lives).tolist() if cohort.is_finite(life)]
        asked = list(dict.fromkeys([*names, *gated, *kept]))
        if not asked or not chosen:
            return
        for name, values in self.examiner.take(asked, cohort, chosen, self.training.change).items():
            whole = np.full((len(values), len(cohort.seeds)), np.nan, dtype=np.float32)
            whole[:, chosen] = values
            if name in gated:
                self.training.gates.take(name, whole[0])
            if name in kept:
                bests.keep(cohort, name, whole[0], higher=self.examiner.higher_is_better(name))
            if name not in names:
                continue
            self.record.reading(self.examiner.paths(name), whole, np.isfinite(whole))
            if any(name in probes for probes in self.watched.values()):
                past = cohort.readings.setdefault(name, Readings())
                past.offsets.append(cohort.offset)
                past.values.append(whole[0])

    def _leaving(self) -> dict[str, dict[int, str]]:
        """Ending -> life -> leaf, of the lives whose stage ends here."""
        leaving: dict[str, dict[int, str]] = {}
        for digest, ending in sorted(self.orders.endings.items()):
            for life in np.flatnonzero(self.cohort.alive_N & self._open(digest)).tolist():
                leaf = decide(ending, self._standing(digest, ending, life))
                if leaf is not None:
                    leaving.setdefault(digest, {})[life] = leaf
        return leaving

    def _standing(self, digest: str, ending: Ending, life: int) -> Standing:
        told = {name: self._told(name, ending, life) for name in self.watched[digest]}
        higher = {name: self.examiner.higher_is_better(name) for name in told}
        age_sp = int(self.cohort.age_N[life])
        return Standing(self.cohort.offset, ending.entry, self.orders.regime.batch, age_sp, told, higher)

    def _told(self, name: str, ending: Ending, life: int) -> Told:
        """What an ending hears of a probe, which may be read at other offsets for others."""
        past, every = self.cohort.readings.get(name, Readings()), ending.every.get(name, 1)
        pairs = zip(past.offsets, past.values, strict=True)
        heard = ((offset, value[life]) for offset, value in pairs if (offset - ending.entry) % every == 0)
        return [(offset, value) for offset, value in heard if offset >= ending.entry and np.isfinite(value)]

    def _leave(self, digest: str, life: int, leaf: str) -> None:
        """Copy a life out and say why."""
        cohort, ending = self.cohort, self.orders.endings[digest]
        status = STATUS[ending.on_limit] if leaf == "limit" else "advanced"
        seed, age_sp = cohort.seeds[life], int(cohort.age_N[life])
        cohort.frozen.setdefault(digest, {})[seed] = Frozen(cohort.take([life]), status, cohort.offset)
        values = [each for name in sorted(self.watched[digest]) for each in self._latest(name, ending, life)]
        self.record.event(LifeEvent(digest, seed, cohort.offset, age_sp, leaf, status, values))

    def _latest(self, name: str, ending: Ending, life: int) -> list[dict[str, Any]]:
        """The last reading a trigger saw."""
        told = self._told(name, ending, life)
        if not told:
            return []
        offset, value = told[-1]
        age_sp = int(self.cohort.age_N[life]) - (self.cohort.offset - offset) * self.orders.regime.batch
        return [{"probe": name, "offset": offset, "age_sp": age_sp, "value": float(value)}]

    def _open(self, digest: str) -> Flags:
        """Lives that have not left at an ending yet."""
        gone = self.cohort.frozen.get(digest, {})
        return np.array([seed not in gone for seed in self.cohort.seeds], dtype=np.bool_)

    def _refresh(self) -> None:
        """Alive is who stands at the present offset and has a demand ahead."""
        cohort = self.cohort
        wanted = np.full(len(cohort.seeds), any(cohort.offset < each for each in self.orders.offsets))
        for digest, ending in self.orders.endings.items():
            if cohort.offset < max(ending.limit, ending.entry + 1):
                wanted |= self._open(digest)
        cohort.alive_N = wanted & ~cohort.diverged_N & (cohort.offset_N == cohort.offset)


def _following(readings: Sequence[Reading], offset: int) -> Iterator[int]:
    """The next offset of each progression."""
    for each in readings:
        offsets = each.offsets()
        if offset < offsets[0]:
            yield offsets[0]
        elif offset < offsets[-1]:
            yield offset + offsets.step - (offset - offsets[0]) % offsets.step
