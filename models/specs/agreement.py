"""Up to which age another plan lives the lives that an arm has lived: what a fork may leave, and an extension keep.

Plans share a trajectory as long as their regimes and demands are equal. Where a trigger ended a stage, lives left at
ages of their own, so the age at which two plans part is told over the arm's lives: the least of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.specs.plan import ArmPlan, Demand, StepPlan


@dataclass(frozen=True)
class Lived:
    """One step of an arm as its lives went through it, by seed; lives that ended before it are left out."""

    born_sp: Mapping[int, int]
    """Age at offset 0."""
    left: Mapping[int, int]
    """Offset at which the life left, or at which it stands."""


@dataclass(frozen=True)
class Parting:
    """The least age at which the lives of an arm and of another plan differ, or the arm ends; and where they are."""

    age_sp: int
    stages: tuple[str | None, str | None]
    """None: that life is over."""


def parting(arm: ArmPlan, other: ArmPlan, lived: Sequence[Lived]) -> Parting:
    """Where another plan leaves the lives of an arm; `lived`: the steps that the arm has entered."""
    for ordinal, step in enumerate(arm.steps):
        theirs = other.steps[ordinal] if ordinal < len(other.steps) else None
        here = lived[ordinal] if ordinal < len(lived) else None
        begun = min(here.born_sp.values()) if here else step.from_age[0]
        if theirs is None or theirs.regime != step.regime:
            return Parting(begun, (step.spans[0].stage, theirs.spans[0].stage if theirs else None))
        if theirs.demand != step.demand:
            alike = _alike(step.demand, theirs.demand)
            return Parting(_age(step, here, alike), (_stage(arm, ordinal, alike), _stage(other, ordinal, alike)))
    last = arm.steps[-1]
    here = lived[-1] if len(lived) == len(arm.steps) else None
    following = other.steps[len(arm.steps)].spans[0].stage if len(other.steps) > len(arm.steps) else None
    return Parting(_age(last, here, last.demand.offset), (None, following))


def _stage(plan: ArmPlan, ordinal: int, offset: int) -> str | None:
    """The stage that lives are in at an offset of a step; a border belongs to the later one."""
    step = plan.steps[ordinal]
    if offset < step.demand.offset:
        return [span.stage for span in step.spans if span.start <= offset][-1]
    return plan.steps[ordinal + 1].spans[0].stage if len(plan.steps) > ordinal + 1 else None


def _age(step: StepPlan, lived: Lived | None, offset: int) -> int:
    """The least age at which a life comes to an offset, or leaves the step before."""
    batch = step.regime.batch
    if lived is None:
        return step.from_age[0] + offset * batch
    return min(born + min(offset, lived.left[seed]) * batch for seed, born in lived.born_sp.items())


def _alike(ours: Demand, theirs: Demand) -> int:
    """The offset up to which two demands on one trajectory ask for the same, whatever is measured there."""
    if ours.ending is None or theirs.ending is None:
        if theirs.ending is not None:  # it may fire at the first reading in its stage
            return min(ours.offset, theirs.ending.entry)
        return min(ours.offset, theirs.offset)
    a, b = ours.ending, theirs.ending
    if (a.until, a.entry) == (b.until, b.entry):
        return min(a.limit, b.limit)
    return min(a.entry, b.entry)
