"""The question for a comparison of arms, whatever jobs they belong to, and its answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from service.wire.history import Axis, Index, Pattern, Points
from service.wire.outcomes import Interval, LifeOutcome, LifeStatus
from service.wire.schedules import Change

__all__ = ["CompareBody", "Comparison", "ItemBody", "LifeStatus"]

MOST_ITEMS = 20


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemBody(_Body):
    """An arm of a job, by index or by name; may be left out where there is one arm only."""

    job: Annotated[str, Field(max_length=40)]
    arm: Index | Annotated[str, Field(max_length=200)] | None = None


class CompareBody(_Body):
    """Arms held against one of them: their documents always, histories and an outcome if they are asked for."""

    items: Annotated[list[ItemBody], Field(min_length=2, max_length=MOST_ITEMS)]
    against: Index | None = None
    """Place among the items of the one that the others are held against; the last if left out."""
    series: Annotated[list[Pattern], Field(max_length=50)] = []
    """Names of series such as `probe.acc`; `*` stands for anything."""
    outcome: Annotated[str, Field(max_length=64)] | dict[str, Any] | None = None
    """An outcome that a study of the items declares, by name, or one written out: `{kind: final, ...}`."""
    x: Axis = "age"
    stage: Annotated[str, Field(max_length=200)] | None = None
    align: Literal["exact", "hold", "linear"] = "exact"
    points: Points = 1000
    band: Literal["t", "bootstrap", "quantile", "sd"] = "t"
    pair_by: Literal["seed"] = "seed"
    test: Literal["paired_bootstrap", "permutation", "wilcoxon", "logrank"] = "paired_bootstrap"
    measure: Literal["difference", "ratio"] = "difference"
    resamples: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    level: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    centre: Literal["mean", "median", "iqm"] = "mean"
    correction: Literal["holm", "none"] = "holm"

    @model_validator(mode="after")
    def _agrees(self) -> CompareBody:
        if self.against is not None and self.against >= len(self.items):
            message = "there are {count} items, 0 is the first"
            raise PydanticCustomError("against", message, {"count": len(self.items)})
        if self.x == "stage_time" and self.stage is None:
            raise PydanticCustomError("stage_missing", "x=stage_time needs a `stage` to count from")
        return self

    @property
    def reference(self) -> int:
        """Place of the item that the others are held against."""
        return len(self.items) - 1 if self.against is None else self.against


class Compared(BaseModel):
    """One of the arms compared."""

    job: str
    job_name: str
    arm: int
    name: str
    labels: dict[str, str]
    document_hash: str
    numerics: dict[str, Any]
    status: str
    seeds: list[int]


class SharedPast(BaseModel):
    """What two arms have in common because it was trained once."""

    samples: int
    """Of one life, by the documents; a lower bound after a stage that a trigger ends."""
    trajectories: list[str]
    updates: int
    """Cohort updates that are done and stand in both histories."""


class Pair(BaseModel):
    """An item held against the reference."""

    item: int
    against: int
    equal: bool
    """Whether the documents say the same."""
    changes: list[Change]
    """From the reference to the item."""
    first_divergence: dict[str, Any] | None
    text: str
    shared: SharedPast
    same_numerics: bool
    """Whether both were trained in one numerics class; across classes bits differ for that reason alone."""
    paired_seeds: list[int]


class ItemOutcome(BaseModel):
    """The outcome in one item, over its lives."""

    item: int
    n: int
    n_missing: int
    n_censored: int
    n_diverged: int
    mean: float | None
    sd: float | None
    lo: float | None
    hi: float | None
    restricted_mean: float | None
    lives: list[LifeOutcome]


class PairOutcome(BaseModel):
    """Item over, or minus, the reference in the outcome, paired by seed."""

    item: int
    against: int
    method: str
    estimate: Interval
    p: float | None
    p_corrected: float | None
    effect: Interval | None
    n: int
    n_missing: int
    n_censored: int
    n_diverged: int
    n_growing: int
    warnings: list[str]


class OutcomeComparison(BaseModel):
    """One outcome over all items."""

    definition: dict[str, Any]
    unit: str
    time: bool
    items: list[ItemOutcome]
    pairs: list[PairOutcome]


class Comparison(BaseModel):
    """The answer of `/compare`."""

    items: list[Compared]
    reference: int
    pairs: list[Pair]
    complete: bool
    """Whether all jobs have ended."""
    curves: dict[str, Any] | None
    """Mean and band of every item, in the form of a history answer whose `arm` is the item's place."""
    differences: list[dict[str, Any]]
    """Item minus reference, paired by seed, with band; in the form of a history answer."""
    outcome: OutcomeComparison | None
    warnings: list[str]
