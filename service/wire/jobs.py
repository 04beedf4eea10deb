"""Shapes of jobs and what hangs on them, shared by the API and the client."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from models.specs.study import Patch

Status = Literal["queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

JobName = Annotated[str, Field(max_length=200)]
Notes = Annotated[str, Field(max_length=20_000)]
LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$")]
Labels = Annotated[dict[LabelKey, Annotated[str, Field(max_length=200)]], Field(max_length=64)]
_PAIR = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}:[\s\S]{0,200}$"


def _label_pair(text: str) -> str:
    """A label as it is asked for; the fault says how one is written, and what was probably meant."""
    if re.match(_PAIR, text):
        return text
    key, equals, value = text.partition("=")
    if len(text) > MOST_SHOWN:
        text = f"{text[:MOST_SHOWN]}..."
    meant = f"write {key}:{value}" if equals and re.match(_PAIR, f"{key}:{value}") else "write set:pilot"
    about = "a label is key:value, its key of letters, digits and . _ / -; not {text}"
    raise PydanticCustomError("label", about, {"text": repr(text), "suggestion": meant})


LabelPair = Annotated[str, AfterValidator(_label_pair), WithJsonSchema({"type": "string", "pattern": _PAIR})]
"""`k:v`."""
MOST_SHOWN = 80
Priority = Annotated[int, Field(ge=-100, le=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


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


class CancelBody(VerbBody):
    """Why a job is cancelled, and how soon."""

    now: bool = False
    """Do not wait for the end of the slice: what it trained since the last commit is lost."""


class NewJobBody(_Body):
    """How a job that comes from another one is listed; what is left out is as in the parent."""

    name: JobName | None = None
    notes: Notes | None = None
    labels: Labels | None = None
    priority: Priority | None = None


class ForkBody(NewJobBody):
    """Where a job leaves an arm, and by which document it goes on."""

    arm: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    age_sp: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    """Samples since birth."""
    age: Annotated[str, Field(max_length=64)] | None = None
    """The same as a duration, such as `40ep`."""
    document: dict[str, Any] | None = None
    """A whole schedule, or a study, that agrees with the arm up to that age."""
    base: dict[str, Any] | None = None
    """The schedule that a study names as its base."""
    patch: Annotated[list[Patch], Field(min_length=1, max_length=1000)] | None = None
    """Instead of a document: edits of the arm's own, as those of a study."""
    retrain: bool = True
    """Whether a part may be trained again where no snapshot of that age is stored; its bits are the same."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        for names in (("age_sp", "age"), ("document", "patch")):
            if sum(getattr(self, name) is not None for name in names) != 1:
                raise PydanticCustomError("exclusive", "exactly one of {names}", {"names": " and ".join(names)})
        return self


class ExtendBody(NewJobBody):
    """Which stage becomes longer, and by which new length or limit."""

    stage: Annotated[str, Field(min_length=1, max_length=64)]
    until: dict[str, Any] | None = None
    limit: Annotated[str, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.until is None) == (self.limit is None):
            raise PydanticCustomError("exclusive", "exactly one of until and limit")
        return self


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
    relation: Literal["retry", "fork", "extend"] | None
    parent_age_sp: int | None
    """Of a fork: the age up to which it is the parent's arm."""
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


class SnapshotFacts(BaseModel):
    """A stored cohort by itself."""

    id: str
    trajectory: str
    offset: int
    stop: str
    seeds: list[int]
    age_sp: list[int]
    """Of the youngest and of the oldest life that was trained up to the offset."""
    areas: list[str]
    bytes: int
    sha256: str
    """Of the file."""
    state_hash: str
    """Of the weights, whatever else the file holds."""
    complete: bool
    """Whether every life that did not diverge stands at the offset."""
    created_at: str
    lost_at: str | None
    links: dict[str, str]


class Pictures(BaseModel):
    """Weights from a sense to the units of an area."""

    area: str
    sense: str
    seed: int
    shape: list[int]
    """Units, channels, height, width."""
    units_in_all: int
    scale: float
    """Largest absolute weight."""
    values: list[list[list[list[float]]]]
