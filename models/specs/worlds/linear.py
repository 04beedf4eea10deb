"""Sources without pictures: linear maps with known modes, trees, mixtures, points."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, NonNegative, Positive, Share
from models.specs.worlds.facts import Factor, Source, SourceFacts

Seed = Annotated[int, Field(ge=0, le=2**31 - 1, description="Which of the worlds with these options; for all splits.")]


class LinearMapSpec(Source):
    """A linear map with given singular values, seen through its inputs and outputs."""

    kind: Literal["linear_map"]
    d: Annotated[int, Field(ge=1, le=64)] = 16
    """Width of inputs and outputs."""
    s: Annotated[Many[NonNegative], Field(min_length=1, max_length=64)] = (6.0, 4.0, 3.0, 2.0, 1.2, 0.7)
    """Singular values of the map, at most d of them."""
    inputs: Literal["normal", "basis"] = "normal"
    """normal: independent standard normals; basis: the d unit vectors times sqrt(d), a batch of which is the whole
    distribution."""
    fixed_input: bool = False
    """Every input is 1 in every place."""
    seed: Seed = 0

    @model_validator(mode="after")
    def _fits(self) -> LinearMapSpec:
        if len(self.s) > self.d:
            raise PydanticCustomError("modes", "a map of width d has at most d singular values")
        if self.fixed_input and self.inputs == "basis":
            raise PydanticCustomError("inputs", "inputs are either fixed or a basis")
        return self

    def facts(self) -> SourceFacts:
        """The output is the label."""
        sizes = dict.fromkeys(("train", "valid", "test"), self.d) if self.inputs == "basis" else None
        return SourceFacts(
            {"x": (self.d,)}, Factor("label", self.d), {"mode": Factor("state", classes=len(self.s))}, sizes
        )


class LowRankSpec(Source):
    """Entries of a matrix of low rank, of which some are seen and the others follow from them."""

    kind: Literal["low_rank"]
    rows: Annotated[int, Field(ge=2, le=256)] = 100
    columns: Annotated[int, Field(ge=2, le=256)] = 100
    rank: Annotated[int, Field(ge=1, le=64)] = 10
    seen: Annotated[int, Field(ge=1, le=65536)] = 2000
    """Entries of the split train; half of the others are valid, the rest test."""
    seed: Seed = 0

    @model_validator(mode="after")
    def _fits(self) -> LowRankSpec:
        if self.rank > min(self.rows, self.columns):
            raise PydanticCustomError("rank", "a matrix has at most the rank of its shorter side")
        if self.seen > self.rows * self.columns - 2:
            raise PydanticCustomError("seen", "two entries at least must be left to be filled in")
        return self

    def facts(self) -> SourceFacts:
        """Where the entry stands, and its value as the label."""
        left = self.rows * self.columns - self.seen
        sizes = {"train": self.seen, "valid": left // 2, "test": left - left // 2}
        factors = {"i": Factor("state", classes=self.rows), "j": Factor("state", classes=self.columns)}
        return SourceFacts({"row": (self.rows,), "column": (self.columns,)}, Factor("label", 1), factors, sizes)


class TwoPathwaySpec(Source):
    """Two senses that carry the same signal, to one target."""

    kind: Literal["two_pathway"]
    d: Annotated[int, Field(ge=1, le=64)] = 1
    """Width of both senses and of the target."""
    s: NonNegative = 10.0
    """The target is the signal times s: the gains of both pathways must add up to it."""
    fixed_input: bool = False
    """The signal is 1 in every place."""

    def facts(self) -> SourceFacts:
        """One channel for each pathway."""
        return SourceFacts({"a": (self.d,), "b": (self.d,)}, Factor("label", self.d))


class HierarchySpec(Source):
    """Items at the leaves of a binary tree, and features that flip on their way down its branches."""

    kind: Literal["hierarchy"]
    items: Literal[2, 4, 8, 16, 32] = 8
    features: Annotated[int, Field(ge=1, le=512)] = 100
    flip: Share = 0.3
    """Probability that a feature flips at a branch."""
    seed: Seed = 0

    def facts(self) -> SourceFacts:
        """Features are the label; every level of the tree is a factor, from the root down."""
        levels = range(1, self.items.bit_length())
        factors = {f"level{level}": Factor("state", classes=2**level) for level in levels}
        sizes = dict.fromkeys(("train", "valid", "test"), self.items)
        return SourceFacts({"item": (self.items,)}, Factor("label", self.features), factors, sizes)


class MixedSourcesSpec(Source):
    """Independent sources, linearly mixed."""

    kind: Literal["mixed_sources"]
    sources: Annotated[int, Field(ge=2, le=32)] = 4
    law: Literal["laplace", "uniform", "gaussian", "sine"] = "laplace"
    """sine: sources of different frequencies in time; the others are independent from step to step."""
    seed: Seed = 0

    def facts(self) -> SourceFacts:
        """As many mixtures as sources."""
        return SourceFacts({"x": (self.sources,)}, None, {"source": Factor("state", self.sources)}, max_steps=4096)


class RingSpec(Source):
    """Points around places on a circle."""

    kind: Literal["ring"]
    modes: Annotated[int, Field(ge=2, le=64)] = 8
    radius: Positive = 2.0
    sd: Positive = 0.05
    """Standard deviation of a point about its place, along both axes."""

    def facts(self) -> SourceFacts:
        """The place is the label."""
        return SourceFacts({"point": (2,)}, Factor("label", classes=self.modes))


class StereogramsSpec(Source):
    """Two neighbouring patches of one-dimensional random-dot stereograms with a common disparity."""

    kind: Literal["stereograms"]
    width: Annotated[int, Field(ge=2, le=64)] = 10
    """Dots of a strip, in each eye."""
    disparity: Annotated[int, Field(ge=1, le=8)] = 1
    """Largest disparity, in dots, to either side."""
    coherent: Share = 1.0
    """Probability that the second patch has the disparity of the first; 0: the control, patches without relation."""

    def facts(self) -> SourceFacts:
        """The disparity of the first patch is the label."""
        patch, shifts = (2 * self.width,), 2 * self.disparity + 1
        factors = {"disparity": Factor("state"), "other": Factor("state")}
        return SourceFacts({"patch1": patch, "patch2": patch}, Factor("label", classes=shifts), factors)


class VorSpec(Source):
    """A head that turns, and how fast the scene moves over eyes that stand still."""

    kind: Literal["vor"]
    canals: Annotated[int, Field(ge=2, le=256)] = 8
    """Signals of how the head turns; one half rises with turns to the right, the other with turns to the left."""
    lens: Annotated[float, Field(ge=-4.0, le=4.0)] = 1.0
    """How often as fast the scene moves as the head; below 0 it moves with it (prisms)."""
    noise: NonNegative = 0.05
    """Standard deviation of what each canal adds to its signal, against turns of standard deviation 1."""

    def facts(self) -> SourceFacts:
        """What canals signal, and what would slip over the retina."""
        channels = {"canals": (self.canals,), "scene": (1,)}
        return SourceFacts(channels, None, {"head": Factor("state")})


MapSource = LinearMapSpec | LowRankSpec | TwoPathwaySpec | HierarchySpec
SignalSource = MixedSourcesSpec | RingSpec | StereogramsSpec | VorSpec
LinearSource = MapSource | SignalSource
