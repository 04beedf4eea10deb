"""Shapes of jobs and what hangs on them, shared by the API and the client."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

JobName = Annotated[str, Field(max_length=200)]
Notes = Annotated[str, Field(max_length=20_000)]
LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")]
Labels = Annotated[dict[LabelKey, Annotated[str, Field(max_length=200)]], Field(max_length=64)]
Priority = Annotated[int, Field(ge=-100, le=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SubmitBody(_Body):
    """A document to train, and how to list it."""

    document: dict[str, Any]
    base: dict[str, Any] | None = None
    """The schedule that a study names as its base."""
    name: JobName | None = None
    """The document's own name if left out."""
    notes: Notes | None = None
    labels: Labels = {}
    priority: Priority = 0


class JobPatch(_Body):
    """Merge patch (RFC 7396): members that are named are replaced, a label set to null goes."""

    name: JobName | None = None
    notes: Notes | None = None
    labels: dict[LabelKey, Annotated[str, Field(max_length=200)] | None] | None = None
    priority: Priority | None = None


class VerbBody(_Body):
    """Why a verb was asked for."""

    reason: Annotated[str, Field(max_length=2000)] | None = None


class Lives(BaseModel):
    """How many lives are in which state; a diverged or censored life is a result."""

    total: int
    waiting: int
    developing: int
    complete: int
    censored: int
    diverged: int
    failed: int


class Progress(BaseModel):
    """Work in cohort updates of distinct trajectories."""

    updates_done: int
    updates_total: int
    total_is: Literal["exact", "bound"]
    updates_reused: int
    fraction: float
    updates_per_s: float | None = None
    eta_s: float | None = None
    committed_at: str | None = None


class Now(BaseModel):
    """A trajectory that a worker holds."""

    trajectory: str
    stage: str | None
    age_sp: int | None
    arms: int
    owner: str | None
    fence: int
    crashes: int


class JobLine(BaseModel):
    """A job in a list: no document, no detail that needs a second look-up."""

    id: str
    kind: Literal["schedule", "study"]
    name: str
    notes: str
    labels: dict[str, str]
    project: str
    priority: int
    document_hash: str
    created_by: str | None
    status: Status
    desired: str
    reason: str | None
    arms: int
    seeds: int
    progress: Progress
    parent: str | None
    relation: str | None
    error: Any = None
    created_at: str
    started_at: str | None
    finished_at: str | None
    version: int
    numerics: dict[str, Any]
    links: dict[str, str]


class JobView(JobLine):
    """A job with everything that is known about where it stands."""

    lives: Lives
    now: list[Now]
    warnings: list[dict[str, Any]] = []
    allowed: list[str] = []
    """The verbs that would be obeyed now."""


class Arm(BaseModel):
    """One arm and its path through trajectories."""

    index: int
    name: str
    labels: dict[str, Any]
    steps: list[dict[str, Any]]


class Life(BaseModel):
    """One arm with one seed."""

    arm: int
    seed: int
    status: str
    stage: str | None
    age_sp: int | None
    reason: str | None = None


class Transition(BaseModel):
    """The end of a stage in one life, and the stored numbers that decided it."""

    arm: int
    seed: int
    stage: str
    age_sp: int
    fired: str
    status: str
    trajectory: str
    values: list[dict[str, Any]]


class Event(BaseModel):
    """Something that happened to a job."""

    seq: int
    at: str
    level: str
    type: str
    message: str
    arm: int | None = None
    seed: int | None = None
    stage: str | None = None
    age_sp: int | None = None
    trajectory: str | None = None
    data: dict[str, Any] = {}


class SnapshotView(BaseModel):
    """A stored cohort at an offset of a trajectory."""

    id: str
    trajectory: str
    offset: int
    stop: str
    stage: str
    arms: list[int]
    """Arms whose path goes through the trajectory."""
    age_sp: int
    """Of the oldest life in it."""
    bytes: int
    sha256: str
    state_hash: str
    created_at: str
    kept_because: list[str]
