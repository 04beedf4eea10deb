"""Arms that are compared, whatever jobs they belong to: their rows, documents and paths, held against one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
import sqlalchemy as sa

from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
from service.api import writers
from service.api.arm_paths import arm_paths
from service.api.differences import difference_of
from service.api.diffs import Side, diff_of
from service.api.schedules import invalid_query
from service.errors import Refused
from service.lifecycle import TERMINAL
from service.store import jobs, traces
from service.store.path import ArmPath
from service.wire.compare import CompareBody, Compared, ItemBody, Pair, SharedPast
from service.wire.history import HistoryQuery

Data = dict[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """One arm with its rows."""

    place: int
    job: Row
    arm: Row
    steps: Sequence[Row]
    ended: Sequence[Row]
    alone: bool
    """Whether it is the only arm of its job."""

    @property
    def title(self) -> str:
        """The job's name, with the arm's where the job has several."""
        return str(self.job["name"]) if self.alone else f"{self.job['name']} {self.arm['name']}"

    @cached_property
    def side(self) -> Side:
        """Its canonical schedule and path."""
        schedule = ScheduleSpec.model_validate_json(orjson.dumps(self.arm["document"]))
        return schedule, plan_arm(schedule)

    @cached_property
    def path(self) -> ArmPath:
        """Along which its histories are read."""
        return arm_paths([self.arm], self.steps, self.ended)[0]

    @property
    def seeds(self) -> list[int]:
        """Every seed of its lives."""
        first = [step for step in self.steps if step["ordinal"] == 0]
        return sorted(seed for step in first for seed in step["seeds"])

    @property
    def over(self) -> bool:
        """Whether nothing will be added to it."""
        return self.job["status"] in TERMINAL

    def told(self) -> Compared:
        """As the answer names it."""
        return Compared(
            job=self.job["id"],
            job_name=self.job["name"],
            arm=self.arm["idx"],
            name=self.arm["name"],
            labels=self.arm["labels"],
            document_hash=self.arm["document_hash"],
            numerics=self.job["numerics"],
            status=self.job["status"],
            seeds=self.seeds,
        )


def items_of(db: sa.Connection, project: str, asked: Sequence[ItemBody]) -> list[Item]:
    """The arms that are named; NotFound for a job, Refused for an arm that is not there."""
    found: dict[str, _Rows] = {}
    for each in asked:
        if each.job not in found:
            job = jobs.get(db, project, each.job)
            parts = (jobs.arms_of, jobs.steps_of, jobs.transitions_of)
            found[each.job] = _Rows(job, *(part(db, each.job) for part in parts))
    return [_item(place, each, found[each.job]) for place, each in enumerate(asked)]


@dataclass(frozen=True)
class _Rows:
    """A job with its arms, the steps of all of them and the ends of stages on their paths."""

    job: Row
    arms: Sequence[Row]
    steps: Sequence[Row]
    ended: Sequence[Row]


def _item(place: int, asked: ItemBody, rows: _Rows) -> Item:
    arm = _arm(place, asked, rows.arms)
    steps = [step for step in rows.steps if step["arm"] == arm["idx"]]
    ended = [row for row in rows.ended if row["arm"] == arm["idx"]]
    return Item(place, rows.job, arm, steps, ended, len(rows.arms) == 1)


def _arm(place: int, asked: ItemBody, arms: Sequence[Row]) -> Row:
    if asked.arm is None and len(arms) == 1:
        return arms[0]
    found = next((row for row in arms if asked.arm in (row["idx"], row["name"])), None)
    if found is None:
        names = ", ".join(f"{row['idx']} {row['name']}" for row in arms[:12])
        more = f" and {len(arms) - 12} more" if len(arms) > 12 else ""
        message = "which arm?" if asked.arm is None else f"there is no arm {asked.arm!r}"
        raise invalid_query(f"/items/{place}/arm", f"{message} The job has {names}{more}", "an index or a name")
    return found


# ---- documents and pasts


def pair_of(item: Item, reference: Item) -> Pair:
    """An item held against the reference: what differs, from when on, and what was trained once for both."""
    told = diff_of(reference.side, item.side)
    samples = told.pop("shared_samples")
    same = item.job["numerics"] == reference.job["numerics"]
    return Pair(
        item=item.place,
        against=reference.place,
        **told,
        shared=_shared(item, reference, samples),
        same_numerics=same,
        paired_seeds=sorted(set(item.seeds) & set(reference.seeds)),
    )


def _shared(item: Item, reference: Item, samples: int) -> SharedPast:
    theirs = {step["trajectory"]: step["demand"] for step in reference.steps if step["trajectory"] is not None}
    common = [step for step in item.steps if step["trajectory"] in theirs]
    updates = sum(min(step["demand"], theirs[step["trajectory"]], step["reached"]) for step in common)
    return SharedPast(samples=samples, trajectories=[step["trajectory"] for step in common], updates=updates)


# ---- histories


def curves_of(db: sa.Connection, items: Sequence[Item], body: CompareBody) -> Data:
    """Mean and band of every item; `arm` of a trace is the item's place."""
    answers = [_answer(db, item, _question(body, over="seed", band=body.band, level=body.level)) for item in items]
    thinned = [answer["thinning"] for answer in answers]
    return {
        "query": answers[0]["query"],
        "x": answers[0]["x"],
        "traces": [
            {**trace, "arm": item.place, "name": item.title}
            for item, answer in zip(items, answers, strict=True)
            for trace in answer["traces"]
        ],
        "thinning": [{"item": item.place, **each} for item, each in zip(items, thinned, strict=True)],
        "stages": [
            {**stage, "arm": item.place}
            for item, answer in zip(items, answers, strict=True)
            for stage in answer["stages"]
        ],
    }


def differences_of(db: sa.Connection, items: Sequence[Item], body: CompareBody) -> list[Data]:
    """Every item minus the reference, life by life paired by seed."""
    whole = HistoryQuery.model_validate(_members(body) | {"points": "all"})
    asked = _question(body, over="seed", band=body.band, level=body.level)
    lives = {item.place: _answer(db, item, whole) for item in items}
    others = [item for item in items if item.place != body.reference]
    return [
        {"item": item.place, "against": body.reference} | difference_of(lives[item.place], lives[body.reference], asked)
        for item in others
    ]


def _members(body: CompareBody) -> Data:
    return {"series": body.series, "x": body.x, "stage": body.stage}


def _question(body: CompareBody, **more: Any) -> HistoryQuery:
    return HistoryQuery.model_validate(_members(body) | {"points": body.points, "align": body.align} | more)


def _answer(db: sa.Connection, item: Item, question: HistoryQuery) -> Data:
    try:
        found = traces.answer(db, [item.path], question, complete=item.over)
    except traces.TooMany as error:
        raise Refused(str(error), code="invalid-query") from error
    answer: Data = orjson.loads(writers.to_json(found))
    return answer
