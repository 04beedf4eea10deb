"""Jobs without science: regimes that train in no time, lives whose fates are known, and a worker that only counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import orjson
import sqlalchemy as sa
from build import tiny_schedule

from models.specs.canonical import canonical
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, ending_id, plan_arm, realised_stop
from models.specs.regime import Ending, RegimeSpec
from models.specs.schedule import ScheduleSpec
from models.specs.triggers import Criterion, Trigger
from service.lifecycle import Verb
from service.store import creation, events, history, jobs, trajectories, upkeep
from service.store.blocks import SeriesGroup, encode_block
from service.store.clock import Notes
from service.store.engine import Database
from service.store.leases import Lease, SliceResult, SnapshotRow
from service.store.tables.record import transition
from service.store.tables.work import arm_step, job, snapshot, trajectory

NUMERICS = creation.numerics_text(NumericsSpec())
COST = "cost.naming"
BATCH = 20


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@cache
def planned() -> ArmPlan:
    return plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(tiny_schedule()))))


@cache
def probe_ids() -> tuple[str, str]:
    """The id of a probe that exists, and one of the same that nobody planned."""
    (known,) = planned().probes
    return known, "p" + hashlib.sha256(known.encode()).hexdigest()[:12]


def regime(place: int) -> RegimeSpec:
    """A regime of its own for every number."""
    return planned().steps[0].regime.model_copy(update={"stage_origin_sp": place * BATCH})


def place_of(document: Mapping[str, Any]) -> int:
    return int(document["stage_origin_sp"]) // BATCH


def until(limit: int, *, entry: int = 0, on_limit: str = "advance", value: float = 0.5) -> Ending:
    """An end that a trigger decides; endings of another value are other endings."""
    trigger = Trigger(criterion=Criterion(probe=probe_ids()[0], op=">=", value=value))
    return Ending.model_validate({"until": trigger, "entry": entry, "limit": limit, "on_limit": on_limit})


def step(place: int, demand: int | Ending, *, every: int = 5, probe: int = 0) -> creation.NewStep:
    ending = None if isinstance(demand, int) else demand
    offset = demand if isinstance(demand, int) else demand.limit
    return creation.NewStep(
        regime=regime(place),
        demand=offset,
        ending=None if ending is None else ending.model_dump(mode="json"),
        ending_id=None if ending is None else ending_id(ending),
        readings={probe_ids()[probe]: [(0, every, offset // every * every)]},
        spans=[{"stage": f"s{place}", "start": 0, "end": offset, "stage_time_sp": 0}],
        ages=(0, 0),
    )


def arm(*steps: creation.NewStep) -> creation.NewArm:
    known, other = probe_ids()
    measured = planned().probes[known].model_dump(mode="json")
    return creation.NewArm(
        name="arm",
        labels={},
        document={},
        document_hash="sha256:0",
        probes={known: measured, other: measured},
        probe_names={"acc": known, "other": other},
        steps=steps,
    )


@dataclass(frozen=True)
class Fates:
    """When lives fire their triggers and when they diverge: functions of place and seed, whoever trains them."""

    diverge: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """(place, seed) -> offset."""
    fire: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """(place, seed) -> offset; drawn where left out; beyond the limit: the limit is met."""

    def fires(self, place: int, seed: int, ending: Ending) -> int:
        drawn = hashlib.sha256(f"{place} {seed} {ending.until.criterion}".encode()).digest()[0]
        natural = ending.entry + 1 + drawn % (ending.limit - ending.entry + 2)
        return min(max(self.fire.get((place, seed), natural), ending.entry + 1), ending.limit + 1)

    def end_of(self, place: int, seed: int, ending: Ending) -> tuple[int, str]:
        """Offset and status of a life's end, if it does not diverge before."""
        fires = self.fires(place, seed, ending)
        if fires <= ending.limit:
            return fires, "advanced"
        return ending.limit, {"advance": "advanced", "censor": "censored", "fail": "failed"}[ending.on_limit]


@dataclass
class Cohort:
    """What a snapshot holds."""

    offset: int
    lives: dict[int, int]
    """Seed -> offset at which the life stands."""
    diverged: set[int] = field(default_factory=set)
    frozen: dict[str, dict[int, tuple[int, str]]] = field(default_factory=dict)

    def copy(self) -> Cohort:
        frozen = {name: dict(lives) for name, lives in self.frozen.items()}
        return Cohort(self.offset, dict(self.lives), set(self.diverged), frozen)

    def state_hash(self, who: str) -> str:
        return hashlib.sha256(f"{who} {sorted(self.lives.items())}".encode()).hexdigest()


@dataclass
class Simulation:
    """Trains leases as the engine would: each life goes to its furthest demand, and no further."""

    fates: Fates = field(default_factory=Fates)
    files: dict[str, Cohort] = field(default_factory=dict)

    def train(self, lease: Lease, updates: int = 1000) -> SliceResult:
        """A slice of at most so many updates, up to the next demand."""
        cohort = self._restore(lease)
        endings = {name: Ending.model_validate_json(orjson.dumps(each)) for name, each in lease.endings.items()}
        met = _met(cohort, endings)
        ahead = [offset for offset in lease.offsets if lease.reached < offset < lease.wanted]
        stop = min([*ahead, lease.wanted, lease.reached + updates])
        rows: list[tuple[int, set[int]]] = [(0, set(cohort.lives))] if cohort.offset == 0 else []
        told: list[dict[str, Any]] = []
        while cohort.offset < stop and (alive := _alive(cohort, lease, endings)):
            told += self._update(cohort, lease, endings, alive)
            rows.append((cohort.offset, alive))
        snapshots = [self._save(lease, cohort, str(cohort.offset), cohort.offset)]
        for name in sorted(_met(cohort, endings) - met):
            left = {seed: at for seed, (at, status) in cohort.frozen.get(name, {}).items() if status == "advanced"}
            if left:
                gathered = Cohort(0, dict.fromkeys(left, 0))
                snapshots.append(self._save(lease, gathered, realised_stop(left), max(left.values())))
        start, end = lease.reached, cohort.offset
        blocks = []
        if end > start:
            blocks = [encode_block(start, end, groups(lease, rows), Notes.even(end, float(end - start)))]
        return SliceResult(start, end, blocks, told, snapshots, end - start, float(end - start))

    def _restore(self, lease: Lease) -> Cohort:
        if lease.start is None:
            return Cohort(0, dict.fromkeys(lease.seeds, 0))
        cohort = self.files[lease.start.uri].copy()
        if lease.start.trajectory == lease.id:
            return cohort
        going = [seed for seed, at in cohort.lives.items() if seed not in cohort.diverged and at == cohort.offset]
        assert going, "a trajectory began without a life"
        return Cohort(0, dict.fromkeys(going, 0))

    def _update(
        self, cohort: Cohort, lease: Lease, endings: Mapping[str, Ending], alive: set[int]
    ) -> Iterator[dict[str, Any]]:
        place = place_of(lease.regime)
        cohort.offset += 1
        for seed in sorted(alive):
            cohort.lives[seed] = cohort.offset
            if self.fates.diverge.get((place, seed)) == cohort.offset:
                cohort.diverged.add(seed)
                yield _event("diverged", seed, cohort.offset, "diverged", "diverged")
                continue
            for name, ending in endings.items():
                at, status = self.fates.end_of(place, seed, ending)
                if seed not in cohort.frozen.get(name, {}) and cohort.offset >= at:
                    cohort.frozen.setdefault(name, {})[seed] = (cohort.offset, status)
                    yield _event(name, seed, cohort.offset, "/until/criterion", status)

    def _save(self, lease: Lease, cohort: Cohort, stop: str, at_offset: int) -> SnapshotRow:
        uri = f"{lease.id}/{stop}-{lease.fence}.safetensors"
        self.files[uri] = cohort.copy()
        return SnapshotRow(stop, at_offset, uri, "0" * 64, 1, cohort.state_hash(lease.id + stop))


def _event(demand: str, seed: int, offset: int, fired: str, status: str) -> dict[str, Any]:
    names = {"demand": demand, "seed": seed, "offset": offset, "age_sp": offset * BATCH, "fired": fired}
    return {**names, "status": status, "values": []}


def _met(cohort: Cohort, endings: Mapping[str, Ending]) -> set[str]:
    going = cohort.lives.keys() - cohort.diverged
    return {name for name in endings if going <= cohort.frozen.get(name, {}).keys()}


def _alive(cohort: Cohort, lease: Lease, endings: Mapping[str, Ending]) -> set[int]:
    here = {seed for seed, at in cohort.lives.items() if at == cohort.offset and seed not in cohort.diverged}
    if any(cohort.offset < offset for offset in lease.offsets):
        return here
    open_to = [name for name, ending in endings.items() if cohort.offset < ending.limit]
    return {seed for seed in here if any(seed not in cohort.frozen.get(name, {}) for name in open_to)}


def value(path: str, place: int, seed: int, offset: int) -> float:
    """What is recorded: the same whoever trains, and however it is cut."""
    drawn = hashlib.sha256(f"{path} {place} {seed} {offset}".encode()).digest()
    return float(np.float32(int.from_bytes(drawn[:3], "big")))


def groups(lease: Lease, rows: Sequence[tuple[int, set[int]]]) -> list[SeriesGroup]:
    """A cost at every update and the probes at their readings."""
    found = [_group(COST, lease, [row for row in rows if row[0] > 0])]
    for probe, readings in lease.readings.items():
        asked = _offsets(readings)
        found.append(_group(probe, lease, [row for row in rows if row[0] in asked]))
    return [each for each in found if len(each.offsets)]


def _offsets(readings: Sequence[Sequence[int]]) -> set[int]:
    return {offset for first, every, last in readings for offset in range(first, last + 1, every or 1)}


def _group(path: str, lease: Lease, rows: Sequence[tuple[int, set[int]]]) -> SeriesGroup:
    place = place_of(lease.regime)
    values = [
        [value(path, place, seed, offset) if seed in alive else 0.0 for seed in lease.seeds] for offset, alive in rows
    ]
    valid = [[seed in alive for seed in lease.seeds] for _, alive in rows]
    shape = (1, len(rows), len(lease.seeds))
    return SeriesGroup(
        [path],
        np.array([offset for offset, _ in rows], np.int64),
        np.array(values, np.float32).reshape(shape),
        np.array(valid, np.bool_).reshape(shape),
    )


class Bench:
    """A store with somebody who submits and somebody who trains."""

    def __init__(self, database: Database, clock: Clock, fates: Fates | None = None) -> None:
        self.database = database
        self.clock = clock
        self.simulation = Simulation(fates or Fates())

    # ---- doing

    def submit(
        self, *arms: creation.NewArm, seeds: Sequence[int] = (0, 1), cohort_lives: int = 32, **about: Any
    ) -> str:
        given = {"project": "default", "kind": "study", "name": "job", "document": {}, "document_hash": "sha256:0"}
        new = creation.NewJob(**{**given, **about}, seeds=seeds, arms=arms)
        with self.database.write() as db:
            if new.parent is not None and new.relation == "retry":
                jobs.clear_failures(db, new.parent)
            return creation.create(db, self.database.now(db), new, cohort_lives)[0]

    def ask(self, job_id: str, verb: Verb, *, at_once: bool = False) -> bool:
        with self.database.write() as db:
            return jobs.request(db, self.database.now(db), "default", job_id, jobs.Wish(verb, at_once=at_once))

    def delete(self, job_id: str) -> list[str]:
        with self.database.write() as db:
            return jobs.delete(db, "default", job_id)

    def claim(self, owner: str = "w1", named: str | None = None) -> Lease | None:
        return trajectories.claim(self.database, owner, NUMERICS, 60.0, named)

    def must_claim(self, owner: str = "w1", named: str | None = None) -> Lease:
        lease = self.claim(owner, named)
        assert lease is not None
        return lease

    def commit(self, lease: Lease, updates: int = 1000) -> list[str]:
        return trajectories.commit_slice(self.database, lease, self.simulation.train(lease, updates))

    def slice(self, updates: int = 1000) -> Lease | None:
        """Claim whatever there is, train it, commit it; None if there was nothing."""
        lease = self.claim()
        if lease is not None:
            self.commit(lease, updates)
        return lease

    def run(self, updates: int = 1000, most: int = 500) -> int:
        """Slices until nothing can be claimed; how many there were."""
        for count in range(most):
            if self.slice(updates) is None:
                return count
        raise AssertionError(f"after {most} slices there is still something to do")

    # ---- looking

    def job(self, job_id: str) -> Mapping[str, Any]:
        with self.database.read() as db:
            return jobs.get(db, "default", job_id)

    def status(self, job_id: str) -> str:
        return str(self.job(job_id)["status"])

    def rows(self, table: sa.Table, **where: Any) -> list[Mapping[str, Any]]:
        query = sa.select(table).where(*(table.c[name] == each for name, each in where.items()))
        with self.database.read() as db:
            return list(db.execute(query.order_by(*table.primary_key)).mappings())

    def trajectory(self, found: str) -> Mapping[str, Any]:
        (row,) = self.rows(trajectory, id=found)
        return row

    def steps(self, job_id: str) -> list[Mapping[str, Any]]:
        return self.rows(arm_step, job=job_id)

    def path(self, job_id: str, arm_index: int = 0) -> list[str]:
        """Trajectories of an arm of one cohort."""
        return [row["trajectory"] for row in self.steps(job_id) if row["arm"] == arm_index and row["trajectory"]]

    def types(self, job_id: str) -> list[str]:
        with self.database.read() as db:
            return [str(row["type"]) for row in events.after(db, job_id, 0, 10_000)]

    def runnable(self) -> set[str]:
        with self.database.read() as db:
            query = sa.select(trajectory.c.id).where(*trajectories.runnable(self.database.now(db)))
            return set(db.execute(query).scalars())

    def ring(self, grace_seconds: float = 5.0) -> list[str]:
        return upkeep.unannounced(self.database, grace_seconds)

    # ---- what must hold of everything that is stored

    def check(self) -> None:
        with self.database.read() as db:
            for row in db.execute(sa.select(trajectory)).mappings():
                assert (history.end_of(db, row["id"]) or 0) == row["reached"], "history ends elsewhere"
                stops = db.execute(sa.select(snapshot.c.stop).where(snapshot.c.trajectory == row["id"])).scalars()
                assert row["reached"] == 0 or str(row["reached"]) in set(stops), "a snapshot is there"
            for row in db.execute(sa.select(job)).mappings():
                seqs = [each["seq"] for each in events.after(db, row["id"], 0, 100_000)]
                assert seqs == list(range(1, row["last_event"] + 1)), "events are numbered densely"

    def check_lives(self, job_id: str) -> None:
        """Of a job that succeeded, every life has all that was asked for, as if it had been trained alone."""
        steps = {(row["arm"], row["cohort"], row["ordinal"]): row for row in self.steps(job_id)}
        for (arm_index, cohort, ordinal), row in sorted(steps.items()):
            if row["trajectory"] is None:
                assert row["state"] == "over"
                continue
            before = steps.get((arm_index, cohort, ordinal - 1))
            seeds = set(row["seeds"])
            assert before is None or seeds <= set(before["seeds"])
            going = {seed for seed in seeds if self._check_life(row, seed)}
            following = steps.get((arm_index, cohort, ordinal + 1))
            if following is not None and following["trajectory"] is not None:
                assert set(following["seeds"]) == going, "exactly those that could go on went on"

    def _check_life(self, row: Mapping[str, Any], seed: int) -> bool:
        """Check one life in one step; whether it goes on after it."""
        place, fates = place_of(row["regime"]), self.simulation.fates
        status, end = "advanced", int(row["demand"])
        if row["ending"] is not None:
            ending = Ending.model_validate_json(orjson.dumps(row["ending"]))
            end, status = fates.end_of(place, seed, ending)
        death = fates.diverge.get((place, seed))
        if death is not None and death <= end:
            end, status = death, "diverged"
        if row["ending"] is not None or status == "diverged":
            demand = "diverged" if status == "diverged" else row["ending_id"]
            (told,) = self.rows(transition, trajectory=row["trajectory"], demand=demand, seed=seed)
            assert (told["offset"], told["status"]) == (end, status)
        self._check_values(row, seed, place, end)
        return status == "advanced"

    def _check_values(self, row: Mapping[str, Any], seed: int, place: int, end: int) -> None:
        index = self.trajectory(row["trajectory"])["seeds"].index(seed)
        with self.database.read() as db:
            found = history.read(db, row["trajectory"])
        asked = {COST: set(range(1, end + 1))}
        asked |= {probe: {k for k in _offsets(readings) if k <= end} for probe, readings in row["readings"].items()}
        for path, offsets in asked.items():
            columns = found[path]
            held = {
                int(k): float(v)
                for k, v, valid in zip(columns.offsets, columns.values[index], columns.valid[index], strict=True)
                if valid
            }
            missing = sorted(offsets - held.keys())
            assert not missing, f"{path} of seed {seed} at place {place} lacks offsets {missing} of (0, {end}]"
            assert all(held[k] == value(path, place, seed, k) for k in offsets)
