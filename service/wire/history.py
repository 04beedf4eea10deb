"""The question for histories: every parameter, its bounds and its default, and the digest that names the question."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.durations import Duration
from service.wire.paging import CursorMismatch

MAX_POINTS = 20_000
_AXIS = "axis."
_LISTS = frozenset({"series", "arm", "seed", "stat"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_OF_AGGREGATES = ("stat", "band", "level", "align", "by")


def _points(value: Any) -> Any:
    """A number of points arrives as text; so does `all`."""
    given = int(value) if isinstance(value, str) and value.isdecimal() else value
    if given != "all" and (not isinstance(given, int) or isinstance(given, bool) or not 2 <= given <= MAX_POINTS):
        raise PydanticCustomError("points", "it is 2 to {most}, or all", {"most": MAX_POINTS})
    return given


def _bound(value: Any) -> Any:
    """A bound is a number in the unit of x, or a duration."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str) and not _NUMBER.fullmatch(text):
        try:
            Duration.parse(text)
        except ValueError as error:
            message = "'{text}' is neither a number in the unit of x nor a duration such as '40ep'"
            raise PydanticCustomError("bound", message, {"text": text}) from error
    return text


Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(max_length=200)]
Index = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Points = Annotated[Literal["all"] | Annotated[int, Field(ge=2, le=MAX_POINTS)], BeforeValidator(_points)]
Bound = Annotated[Annotated[str, Field(max_length=40)], BeforeValidator(_bound)]
Stat = Annotated[str, Field(pattern=r"^(mean|sd|sem|median|min|max|n|q(0[1-9]|[1-9]\d))$")]
Smooth = Annotated[str, Field(pattern=r"^(none|ewm:\d+(\.\d+)?)$")]
Axis = Literal["age", "stage_time", "updates", "wall"]
Method = Literal["minmaxlttb", "m4", "mean", "none"]
Form = Literal["json", "csv", "arrow", "parquet"]


class HistoryQuery(BaseModel):
    """Which series of which lives, over what, how many points, and how lives are put together."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    series: Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=50)] = ("*",)
    """Names such as `probe.acc`; `*` stands for anything."""
    arm: Annotated[tuple[Index, ...], Field(max_length=2000)] = ()
    """Indices of arms; all if empty."""
    axis: Annotated[dict[str, Label], Field(max_length=20)] = {}
    """Labels that the arms must have; `axis.onset=40ep` in a query string."""
    seed: Annotated[tuple[Seed, ...], Field(max_length=2000)] = ()
    """All if empty."""
    x: Axis = "age"
    stage: Annotated[str, Field(max_length=200)] | None = None
    from_: Bound | None = Field(None, alias="from")
    to: Bound | None = None
    after: Annotated[str, Field(max_length=100_000)] | None = None
    """`next_after` of an answer to the same question: only what was committed since."""
    points: Points = 1000
    method: Method = "minmaxlttb"
    over: Literal["seed"] | None = None
    by: Annotated[str, Field(max_length=200, pattern=r"^(arm|axis\..+)$")] = "arm"
    """What lives are put together by: their arm, or its label on an axis (`axis.onset`).

    Arms and controls beside the axes stay alone: they have the labels of the arm that they change.
    """
    stat: Annotated[tuple[Stat, ...], Field(min_length=1, max_length=8)] = ("mean",)
    band: Literal["t", "bootstrap", "quantile", "sd"] = "t"
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    align: Literal["exact", "hold", "linear"] = "exact"
    diverged: Literal["keep", "drop", "only"] = "keep"
    smooth: Smooth = "none"
    format: Form | None = None

    @model_validator(mode="after")
    def _agree(self) -> HistoryQuery:
        """Parameters that would be without effect, or would give half an answer, are refused."""
        if self.x == "stage_time" and self.stage is None:
            raise PydanticCustomError("stage_missing", "x=stage_time needs a `stage` to count from")
        given = [name for name in _OF_AGGREGATES if name in self.model_fields_set]
        if self.over is None and given:
            message = "`{name}` says how lives are put together: add over=seed, or leave it out"
            raise PydanticCustomError("over_missing", message, {"name": given[0]})
        if self.after is not None and (self.smooth != "none" or self.align != "exact"):
            message = "`after` gives only the newest values; smoothing and alignment need those before too"
            raise PydanticCustomError("after_incomplete", message)
        return self

    @property
    def exact(self) -> bool:
        """Whether every value is wanted."""
        return self.points == "all" or self.method == "none"

    @property
    def is_export(self) -> bool:
        """Whether stored values are wanted as they are."""
        return self.exact and self.over is None and self.smooth == "none"

    @property
    def bounded(self) -> bool:
        """Whether only some lives or a window on x are wanted."""
        return bool(self.seed) or any(each is not None for each in (self.stage, self.from_, self.to, self.after))

    @property
    def half_life(self) -> float | None:
        """Half-life of the smoothing in units of x; None: no smoothing."""
        return None if self.smooth == "none" else float(self.smooth.partition(":")[2])

    def normalised(self) -> dict[str, Any]:
        """The question with all defaults, as the answer repeats it."""
        return self.model_dump(mode="json", by_alias=True)

    def digest(self) -> str:
        """Names the question; the form of the answer and the place to continue from are no part of it."""
        asked = {name: value for name, value in self.normalised().items() if name not in ("after", "format")}
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def window(self, batch: int, pass_sp: int | None, stage_sp: int | None) -> tuple[float | None, float | None]:
        """`from` and `to` in the unit of x; Unresolvable if a duration has no meaning here.

        `pass_sp` and `stage_sp` are samples of a pass of the world and of the whole stage, where there are such.
        """
        low, high = (self._in_x(bound, batch, pass_sp, stage_sp) for bound in (self.from_, self.to))
        return low, high

    def _in_x(self, bound: str | None, batch: int, pass_sp: int | None, stage_sp: int | None) -> float | None:
        if bound is None or _NUMBER.fullmatch(bound):
            return None if bound is None else float(bound)
        if self.x == "wall":
            raise ValueError(f"'{bound}': x=wall counts seconds; give a number")
        updates = Duration.parse(bound).updates(batch, pass_sp=pass_sp, stage_sp=stage_sp)
        return float(updates if self.x == "updates" else updates * batch)


class JobsAsked(BaseModel):
    """The jobs that one question is put about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=100)]
    after: Annotated[dict[str, Annotated[str, Field(max_length=100_000)]], Field(max_length=100)] = {}
    """By job `next_after` of an answer to the same question."""

    def question(self, query: HistoryQuery, job: str) -> HistoryQuery:
        """The question about one of them."""
        given = {name: getattr(query, name) for name in query.model_fields_set}
        return HistoryQuery.model_validate(given | ({"after": self.after[job]} if job in self.after else {}))


def read_body(data: Mapping[str, Any]) -> tuple[HistoryQuery, JobsAsked]:
    """The question of a body, and the jobs it is about; pydantic's ValidationError names what is wrong with it."""
    jobs = {name: part for name, part in data.items() if name in JobsAsked.model_fields}
    rest = {name: part for name, part in data.items() if name not in jobs}
    return HistoryQuery.model_validate(rest), JobsAsked.model_validate(jobs)


def body_schema() -> dict[str, Any]:
    """JSON schema of such a body."""
    query, jobs = HistoryQuery.model_json_schema(by_alias=True), JobsAsked.model_json_schema()
    return {**query, "properties": query["properties"] | jobs["properties"], "required": ["jobs"]}


def read_parameters(items: Iterable[tuple[str, str]]) -> HistoryQuery:
    """The question that a query string asks; pydantic's ValidationError names what is wrong with it."""
    return HistoryQuery.model_validate(members_of(items))


def members_of(items: Iterable[tuple[str, str]], also_lists: Collection[str] = ()) -> dict[str, Any]:
    """The parameters of a query string, those that may be repeated as lists."""
    members: dict[str, Any] = {}
    for name, value in items:
        if name.startswith(_AXIS):
            members.setdefault("axis", {})[name.removeprefix(_AXIS)] = value
        elif name in _LISTS or name in also_lists:
            members.setdefault(name, []).append(value)
        else:
            members[name] = [members[name], value] if name in members else value
    return members


def names_of(model: type[BaseModel], without: Collection[str] = ()) -> list[str]:
    """The members of a question as they are written."""
    return [field.alias or name for name, field in model.model_fields.items() if name not in without]


def write_after(query: HistoryQuery, offsets: Mapping[str, int]) -> str:
    """The token that continues after these committed offsets of trajectories."""
    return base64.urlsafe_b64encode(orjson.dumps([query.digest()[:16], dict(offsets)])).decode().rstrip("=")


def read_after(query: HistoryQuery) -> dict[str, int]:
    """Offsets of trajectories that the asker has; CursorMismatch if the token is of another question."""
    if query.after is None:
        return {}
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(query.after.encode() + b"=" * (-len(query.after) % 4)))
    except (binascii.Error, ValueError) as error:
        raise CursorMismatch("`after` is no token of ours") from error
    if not isinstance(parts, list) or len(parts) != 2 or parts[0] != query.digest()[:16]:
        raise CursorMismatch("`after` belongs to another question; leave it out to start again")
    return {str(name): int(offset) for name, offset in parts[1].items()}
