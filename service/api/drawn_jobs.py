"""What the figures of a job are drawn from: its rows, read once, and the answers that are asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from models.specs.schedule import ScheduleSpec
from service.api import history, job_views, writers
from service.api.envelopes import envelopes
from service.api.plans import stored_plan
from service.api.stage_ends import fixed_ends
from service.errors import Refused
from service.figures.curves import Curves
from service.figures.organism import Scene
from service.figures.panels import Origin
from service.figures.strip import IN_FORCE, Growth
from service.lifecycle import TERMINAL
from service.store import jobs, snapshots, traces
from service.wire.figures import LIVES_DRAWN, FigureQuery
from service.wire.history import HistoryQuery

Data = dict[str, Any]
Row = dict[str, Any]
PLAN_POINTS = 240


@dataclass
class DrawnJob:
    """A job in one transaction; answers are worked out when they are asked for."""

    db: sa.Connection
    row: Row
    query: FigureQuery
    file: Callable[[str], Path] | None = None
    """Where the file of a snapshot lies, by its uri; FileNotFoundError if it is gone."""

    @cached_property
    def arms(self) -> list[Row]:
        """All arms."""
        return jobs.arms_of(self.db, self.row["id"])

    @cached_property
    def steps(self) -> list[Row]:
        """All steps of all arms."""
        return jobs.steps_of(self.db, self.row["id"])

    @cached_property
    def ended(self) -> list[Row]:
        """Ends of stages that triggers decided, and divergences."""
        return jobs.transitions_of(self.db, self.row["id"])

    @cached_property
    def names(self) -> dict[int, str]:
        """Of the arms, by index."""
        return {arm["idx"]: arm["name"] for arm in self.arms}

    @cached_property
    def chosen(self) -> list[int]:
        """Indices of the arms that the question names, or fits by labels; Refused if there is none."""
        asked = self.query.history
        found = [
            arm["idx"]
            for arm in self.arms
            if (not asked.arm or arm["idx"] in asked.arm)
            and all(arm["labels"].get(name) == label for name, label in asked.axis.items())
        ]
        if not found:
            detail = f"no arm is as asked; the job has {len(self.arms)} arms, 0 is the first"
            raise Refused(detail, code="invalid-query")
        return found

    def origin(self, *answers: Mapping[str, Any]) -> Origin:
        """For `layout.meta`."""
        thinning = tuple(answer["thinning"] for answer in answers)
        return Origin((self.row["id"],), (self.row["document_hash"],), (self.row["numerics"],), thinning)

    def schedule(self, arm: int) -> ScheduleSpec:
        """What an arm lives, in canonical form."""
        return ScheduleSpec.model_validate_json(orjson.dumps(self._arm(arm)["document"]))

    def _arm(self, arm: int) -> Row:
        return next(each for each in self.arms if each["idx"] == arm)

    # ---- answers

    def lives(self, arm: int) -> list[Data]:
        """As `/lives?arm=`."""
        return [life for life in job_views.lives_of(self.steps, self.ended) if life["arm"] == arm]

    def transitions(self) -> list[Data]:
        """As `/transitions`."""
        named = {arm["idx"]: arm["probe_names"] for arm in self.arms}
        return job_views.transitions(self.ended, named) + fixed_ends(self.steps, self.ended)

    def snapshots(self, arm: int) -> list[Data]:
        """Those of `/snapshots` that lie on the path of an arm."""
        rows = job_views.snapshots(snapshots.of_job(self.db, self.row["id"]), self.steps)
        return [row for row in rows if arm in row["arms"]]

    def plan(self) -> Data:
        """As `/plan`."""
        return stored_plan(self.row, self.arms, self.steps)

    def history(self, query: HistoryQuery) -> Data:
        """As `/history`."""
        paths = traces.chosen_arms(history.paths_of(self.db, self.row["id"]), query)
        limits = history.limits_in(self.db, self.row["id"], query, paths)
        try:
            found = traces.answer(self.db, paths, query, complete=self.row["status"] in TERMINAL, limits=limits)
        except traces.TooMany as error:
            raise Refused(str(error), code="invalid-query") from error
        answer: Data = orjson.loads(writers.to_json(found))
        return answer

    # ---- what figures take

    def growth(self, arm: int) -> Growth:
        """For the strip; what was in force is read from the history only where the document does not decide it."""
        plan = envelopes(self.schedule(arm), PLAN_POINTS, to_limits=True)
        transitions = [row for row in self.transitions() if row["arm"] == arm]
        grown = Growth(plan, self.lives(arm), transitions, self.snapshots(arm))
        if grown.decided_sp >= grown.lived_sp:
            return grown
        question = HistoryQuery.model_validate(
            {
                "series": IN_FORCE,
                "arm": [arm],
                "over": "seed",
                "from": int(grown.decided_sp),
                "points": PLAN_POINTS,
            }
        )
        return Growth(plan, grown.lives, transitions, grown.snapshots, self.history(question))

    def curves(self, arms: Sequence[int], *, lives: bool) -> Curves:
        """Mean and band of the arms, their lives if wanted, and the one life that is looked at."""
        looked_at = self.query.life
        return Curves(
            mean=self.history(self.query.question(arm=arms, over="seed")),
            lives=self.history(self.of_lives(arms)) if lives and self.query.lives else None,
            chosen=None if looked_at is None else self.history(self.of_lives(arms, (looked_at,))),
            names=self.names,
            costs=list(self.schedule(arms[0]).costs),
            log=self.query.log,
            notes=self._notes(lives),
        )

    def of_lives(self, arms: Sequence[int], seeds: Sequence[int] = ()) -> HistoryQuery:
        """The question for single lives: those given, those the asker names, or the first."""
        seeds = seeds or self.query.history.seed or self.row["seeds"][:LIVES_DRAWN]
        return self.query.question(without=("stat", "band", "level", "align"), arm=arms, seed=seeds)

    def _notes(self, lives: bool) -> tuple[str, ...]:
        every = len(self.row["seeds"])
        if not lives or not self.query.lives or self.query.history.seed or every <= LIVES_DRAWN:
            return ()
        return (f"{LIVES_DRAWN} of {every} lives are drawn singly; mean and band are of all",)

    def scene(self, arm: int) -> Scene:
        """For the organism: what is in force at the age asked for, or reached."""
        grown = self.growth(arm)
        age = grown.lived_sp if self.query.age is None else min(float(self.query.age), grown.end_sp)
        return Scene(
            self._arm(arm)["document"],
            {name: grown.value_at("costs", name, age) for name in grown.envelopes["costs"]},
            {name: grown.value_at("plasticity", name, age) for name in grown.envelopes["plasticity"]},
            f"at age {age:,.0f} samples",
        )
