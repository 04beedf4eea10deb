"""The study: a base schedule varied over axes, arms, controls and seeds, with the outcomes it is asked about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from models.specs.base import Many, Name, Spec, later
from models.specs.outcomes import AnalysisSpec, ContrastSpec, ControlSpec, ExpectationSpec, Labels, OutcomeSpec
from models.specs.schedule import ScheduleSpec, SeedsSpec

Path = Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$")]
"""A pointer whose list steps are names: `/stages/viewing/until/after`."""

Label = Annotated[str, StringConstraints(pattern=r"^[^\s,=]{1,64}$")]


class Patch(Spec):
    """One edit of a document."""

    op: Literal["add", "replace", "remove", "reorder"]
    path: Path
    value: Any = None
    names: Many[Name] | None = None
    """For `reorder`: all names of the collection in their new order."""


class AxisSpec(Spec):
    """One way in which arms differ: values written to one path, or in lock-step to several."""

    name: Name
    path: Path | Many[Path]
    values: dict[Label, Any] | Many[Any] = ()
    patches: dict[Label, Many[Patch]] = {}
    """Further labels, which add or remove whole blocks."""


class ArmSpec(Spec):
    """An arm outside the product of the axes; axes it does not name keep the base."""

    name: Name
    labels: Labels = {}
    patch: Many[Patch] = ()


class StudySpec(Spec):
    """A base schedule x axes x seeds, with controls, outcomes and contrasts."""

    ontogeny: Literal["1"]
    kind: Literal["study"]
    name: Name
    notes: Annotated[str, Field(max_length=20_000)] = ""
    tags: Annotated[Many[str], Field(max_length=64)] = ()
    base: Name | dict[str, Any]
    """Name of a schedule that is sent along, or the schedule itself; validated as one when arms are made."""
    seeds: SeedsSpec
    """On which the study is explored: margins and choices may be made by looking at them."""
    confirm: SeedsSpec | None = later(None)
    """Further seeds, kept apart, on which claims are judged."""
    axes: Annotated[Many[AxisSpec], Field(max_length=16)] = ()
    arms: Annotated[Many[ArmSpec], Field(max_length=1000)] = ()
    controls: Annotated[Many[ControlSpec], Field(max_length=64)] = ()
    outcomes: Annotated[dict[Name, OutcomeSpec], Field(max_length=64)] = {}
    contrasts: Annotated[Many[ContrastSpec], Field(max_length=256)] = ()
    analysis: AnalysisSpec = AnalysisSpec()
    expect: Annotated[Many[ExpectationSpec], Field(max_length=256)] = later(())
    """What the contrasts are expected to show, written down before they are known."""

    @property
    def confirmatory(self) -> tuple[int, ...]:
        """The seeds on which claims are judged; none if the study names none."""
        return () if self.confirm is None else self.confirm.numbers

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every seed: the exploratory ones, then the confirmatory ones."""
        return (*self.seeds.numbers, *self.confirmatory)


Document = ScheduleSpec | StudySpec
