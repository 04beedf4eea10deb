"""Whole lives without a service: every step of an arm, one after another, as workers would train them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import yaml

from models.engine import snapshot
from models.engine.cohort import Cohort, birth
from models.engine.record import Flush
from models.engine.stage import Orders, enter, gather, run
from models.specs.canonical import canonical
from models.specs.plan import ArmPlan, StepPlan, ending_id, plan_arm
from models.specs.schedule import ScheduleSpec

History = dict[tuple[int, str], list[tuple[int, bytes]]]
"""(step, series) -> (offset, bytes of the value) of one life."""


def planned(text: str | Mapping[str, Any]) -> ArmPlan:
    """The path of a schedule, from YAML or data."""
    data = yaml.safe_load(text) if isinstance(text, str) else text
    return plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(data))))


def live(
    arm: ArmPlan, seeds: Sequence[int], cut: Callable[[Cohort], Cohort] = lambda cohort: cohort, every: int = 0
) -> tuple[Cohort, dict[int, History]]:
    """The cohort at the end of its life, and each life's history; `cut` is done to the cohort every so many updates."""
    histories: dict[int, History] = {seed: {} for seed in seeds}
    cohort = birth(arm.steps[0].regime, list(seeds))
    for step in arm.steps:
        if step.ordinal:
            enter(cohort, step.regime)
        orders = orders_of(arm, step)
        at, goal = 0, step.demand.offset
        while at < goal and cohort.alive_N.any():
            stop = min(goal, at + every) if every else goal
            for flush in run(cohort, orders, at, stop):
                _keep(histories, step.ordinal, cohort, flush)
            at, cohort = stop, cut(cohort)
        if step.demand.ending is not None:
            cohort = gather(cohort, ending_id(step.demand.ending))
    return cohort, histories


def digest(cohort: Cohort, histories: Mapping[int, History]) -> str:
    """One hash of the lives' state and of everything that was recorded."""
    whole = hashlib.sha256(snapshot.state_hash(cohort).encode())
    for seed in sorted(histories):
        for key, values in sorted(histories[seed].items()):
            whole.update(f"{seed}{key}{[offset for offset, _ in values]}".encode())
            whole.update(b"".join(value for _, value in values))
    return whole.hexdigest()


def obeys_the_law(
    arm: ArmPlan, seeds: Sequence[int] = (0, 1, 2), alone: Sequence[int] = (1,), cuts: Sequence[int] = (3,)
) -> tuple[Cohort, dict[int, History]]:
    """The lives of an arm: alone as among others, and the same where they are stored and read back on the way."""
    whole, histories = live(arm, seeds)
    for seed in alone:
        lone, own = live(arm, [seed])
        assert own[seed] == histories[seed]
        assert snapshot.state_hash(lone) == snapshot.state_hash(whole.take([whole.seeds.index(seed)]))
    for every in cuts:
        again = live(arm, seeds, lambda cohort: snapshot.load(snapshot.dump(cohort, {}))[0], every)
        assert digest(*again) == digest(whole, histories)
    return whole, histories


def orders_of(arm: ArmPlan, step: StepPlan) -> Orders:
    """What a step asks of its trajectory."""
    ending = step.demand.ending
    offsets = [] if ending is not None else [step.demand.offset]
    endings = {} if ending is None else {ending_id(ending): ending}
    return Orders(step.regime, arm.probes, step.readings, offsets, endings)


def _keep(histories: dict[int, History], ordinal: int, cohort: Cohort, flush: Flush) -> None:
    for group in flush.groups:
        for place, path in enumerate(group.paths):
            for life, seed in enumerate(cohort.seeds):
                column = group.values[place, :, life]
                valid = np.ones(len(column), bool) if group.valid is None else group.valid[place, :, life]
                told = zip(group.offsets[valid].tolist(), column[valid], strict=True)
                histories[seed].setdefault((ordinal, path), []).extend(
                    (offset, value.tobytes()) for offset, value in told
                )
