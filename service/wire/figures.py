"""The question for figures: which one, of what, in which look."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field

from service.wire.history import HistoryQuery, Index, Label, Seed, members_of

FigureName = Literal[
    "strip",
    "curves",
    "development",
    "bands",
    "difference",
    "outcomes",
    "sensitivity",
    "transitions",
    "organism",
    "pictures",
    "envelopes",
    "sharing",
]
FIGURES: tuple[FigureName, ...] = get_args(FigureName)
ABOUT: dict[FigureName, str] = {
    "strip": "stages, cost weights, plasticity, critical periods, deficits and snapshots over age",
    "curves": "series over age: every life faint, mean and band over lives",
    "development": "the strip above the curves, on one axis of age",
    "bands": "means and bands of several arms",
    "difference": "what one arm differs from another by, paired by seed",
    "outcomes": "a study's outcomes, life by life and arm by arm",
    "sensitivity": "a study's outcomes along one of its axes: effect against onset",
    "transitions": "when lives left their stages, and what made them",
    "organism": "areas, pathways, rules and costs as a graph",
    "pictures": "what the units of areas look for: weights from a sense, age by age, of one life",
    "envelopes": "weights, plasticity and overlays as the document plans them",
    "sharing": "what the arms of a plan share",
}
LIVES_DRAWN = 40
"""At most so many lives of an arm are drawn faintly."""

DEFAULTS: dict[str, Any] = {"series": ["probe.*", "cost.*"], "points": 300}
"""What is asked of histories for a figure, unless the question says otherwise."""

LookName = Literal["light", "dark"]


class FigureQuery(BaseModel):
    """How a figure is drawn, and the question for the histories behind it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: LookName = "light"
    log: bool = False
    """Whether the curves' y axes are logarithmic."""
    lives: bool = True
    """Whether single lives are drawn."""
    life: Seed | None = None
    """A seed whose life is drawn in front of the band, or whose weights are shown."""
    age: Annotated[int, Field(ge=0, le=2**62)] | None = None
    """In samples, for `organism`; left out: the present."""
    area: Label | None = None
    """The area of `pictures`; left out: all that see a sense."""
    sense: Label | None = None
    """The sense of `pictures`; left out: the first that the area sees."""
    versus: Index | None = None
    """The arm that `difference` takes away."""
    along: Label | None = None
    """The axis of `sensitivity`."""
    outcome: Annotated[tuple[Label, ...], Field(max_length=50)] = ()
    format: Literal["json", "csv"] | None = None
    history: HistoryQuery
    """Its parameters mean what they mean at `/history`; `over` is the figure's own affair."""

    def question(self, without: Collection[str] = (), **changes: Any) -> HistoryQuery:
        """The question for some of the histories, changed, and without some of its parameters."""
        given = {name: getattr(self.history, name) for name in self.history.model_fields_set - set(without)} | changes
        return HistoryQuery.model_validate({name.rstrip("_"): value for name, value in given.items()})


class FigureItem(BaseModel):
    """An arm of a job, drawn beside others."""

    model_config = ConfigDict(extra="forbid")

    job: Annotated[str, Field(max_length=40)]
    arm: Index = 0


class FigureItems(BaseModel):
    """Arms of any jobs of the project."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[FigureItem], Field(min_length=1, max_length=8)]


def read_figure_parameters(items: Iterable[tuple[str, str]]) -> FigureQuery:
    """The question that a query string asks; pydantic's ValidationError names what is wrong with it."""
    given = members_of(items, also_lists=("outcome",))
    own = {name: given.pop(name) for name in list(given) if name in FigureQuery.model_fields and name != "history"}
    history = HistoryQuery.model_validate({**DEFAULTS, **given})
    return FigureQuery.model_validate({**own, "history": history})


def figure_digest(figure: FigureName, query: FigureQuery) -> str:
    """Names the question."""
    asked = {"figure": figure, **query.model_dump(mode="json", exclude={"format"})}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
