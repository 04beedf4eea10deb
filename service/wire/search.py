"""Which jobs are meant: conditions that all must hold; searches that are kept; what is done to many jobs at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from models.specs.members import UnknownMember, read_use
from service.wire.jobs import JobName, LabelPair, Status
from service.wire.problem import Problem


def _known(text: str) -> str:
    """A member in use as it is always written."""
    try:
        use = read_use(text)
    except UnknownMember as error:
        raise PydanticCustomError("unknown_member", "{why}", {"why": str(error)}) from None
    return f"{use.family}/{use.kind or '*'}" + (f"@{use.at}" if use.at else "")


MemberUse = Annotated[str, Field(max_length=200), AfterValidator(_known)]
"""`family/kind@place`: `costs/denoise@V1`, `rules/hebb`, `worlds/digits`, `costs/*@V1`."""

DocumentHash = Annotated[
    str,
    StringConstraints(pattern=r"^(sha256:)?[0-9a-f]{6,64}$"),
    AfterValidator(lambda text: text if text.startswith("sha256:") else f"sha256:{text}"),
]
"""The first six digits or more of the hash of a document."""

SearchName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Moment = Annotated[
    datetime, Strict(False), AfterValidator(lambda given: given if given.tzinfo else given.replace(tzinfo=UTC))
]
"""A time; one without a zone is UTC."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class JobFilter(_Body):
    """Which jobs; all conditions that are given must hold."""

    status: Annotated[list[Status], Field(min_length=1, max_length=8)] | None = None
    label: Annotated[list[LabelPair], Field(min_length=1, max_length=64)] | None = None
    """`k:v`; all must hold."""
    uses: Annotated[list[MemberUse], Field(min_length=1, max_length=16)] | None = None
    """Members that are used, each anywhere or at a place, such as `costs/denoise@V1`; all must be."""
    name: JobName | None = None
    """The whole name."""
    document: DocumentHash | None = None
    """The beginning of the hash of the job's document, or of the schedule of one of its arms."""
    kind: Literal["schedule", "study"] | None = None
    parent: Annotated[str, Field(max_length=40)] | None = None
    q: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Part of the name or the notes."""
    created_after: Moment | None = None
    created_before: Moment | None = None
    finished_after: Moment | None = None
    finished_before: Moment | None = None

    @model_validator(mode="after")
    def _not_everything(self) -> Self:
        if not self.model_fields_set or all(getattr(self, name) is None for name in self.model_fields_set):
            raise PydanticCustomError("filter_empty", "give at least one condition; without any it means every job")
        return self

    def conditions(self) -> dict[str, Any]:
        """As the store takes them: times in epoch seconds."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        times = {name: part.timestamp() for name, part in given.items() if isinstance(part, datetime)}
        return {name: part for name, part in (given | times).items() if part is not None}


class SearchView(BaseModel):
    """A search that is kept."""

    name: str
    filter: dict[str, Any]
    created_by: str | None
    saved_at: str
    links: dict[str, str]


class BulkBody(_Body):
    """What to do, and to which jobs."""

    action: Literal["cancel", "pause", "resume", "delete"]
    ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=1000)] | None = None
    filter: JobFilter | None = None
    dry_run: bool = False
    reason: Annotated[str, Field(max_length=2000)] | None = None
    now: bool = False
    """Of cancel: do not wait for the end of slices."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise PydanticCustomError("exclusive", "exactly one of ids and filter")
        if self.now and self.action != "cancel":
            raise PydanticCustomError("now", "only a cancel can be `now`")
        return self


class BulkItem(BaseModel):
    """One job, and the status with which the verb alone would have been answered."""

    id: str
    status: int
    problem: Problem | None = None


class BulkAnswer(BaseModel):
    """What became of every job."""

    action: str
    dry_run: bool
    items: list[BulkItem]
    counts: dict[str, int]
    """How many items have which status."""
    more: bool
    """Whether the filter finds more jobs than one request acts on; ask again."""
