"""Sources that stand in for what eyes meet before and after they open."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from models.specs.base import Many, Positive, Share
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts

Side = Annotated[int, Field(ge=8, le=64, description="Height and width, in pixels.")]


class NoisyDisksSpec(Source):
    """One soft disc, partly out of the frame, in uniform noise."""

    kind: Literal["noisy_disks"]
    frame: Side = 32
    noise: Share = 0.3
    """Largest value of the noise."""

    def facts(self) -> SourceFacts:
        """One retina."""
        return SourceFacts({"retina": (1, self.frame, self.frame)}, None, {"centre": Factor("state", 2)})


class GratingsSpec(Source):
    """Sine gratings of a few orientations and frequencies."""

    kind: Literal["gratings"]
    frame: Side = 32
    orientations: Annotated[int, Field(ge=2, le=64)] = 16
    """Evenly spread over half a turn."""
    frequencies: Annotated[Many[Positive], Field(min_length=1, max_length=32)] = (1.0, 1.5, 2.25, 3.4, 5.0, 7.5)
    """In cycles per frame."""
    contrast: Share = 1.0
    drift: float = 0.0
    """Cycles per step by which the phase moves on."""
    grid: Annotated[int, Field(ge=0, le=64)] = 0
    """Not 0: the finite world of every orientation and frequency in so many phases, in order; all splits are it."""

    def facts(self) -> SourceFacts:
        """The orientation is the label."""
        factors = {"orientation": Factor("state"), "frequency": Factor("state"), "phase": Factor("nuisance")}
        items = self.orientations * len(self.frequencies) * self.grid
        sizes = dict.fromkeys(("train", "valid", "test"), items) if self.grid else None
        label = Factor("label", classes=self.orientations)
        return SourceFacts({"retina": (1, self.frame, self.frame)}, label, factors, sizes, max_steps=64)


class BarsSpec(Source):
    """Horizontal and vertical bars, each there or not."""

    kind: Literal["bars"]
    side: Annotated[int, Field(ge=2, le=32)] = 8
    probability: Share = 0.125
    """Of each of the 2 side bars."""

    def facts(self) -> SourceFacts:
        """One retina."""
        return SourceFacts({"retina": (1, self.side, self.side)}, None, {"bars": Factor("state", 2 * self.side)})


class DeadLeavesSpec(Source):
    """Discs of all sizes that hide one another, as natural objects do."""

    kind: Literal["dead_leaves"]
    channels: Literal[1, 3] = 1
    whiten: bool = False
    """Filtered by f exp(-(f / .4)^4), f in cycles per pixel, to mean 0 and standard deviation 1."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina of 32 x 32."""
        return SourceFacts({"retina": (self.channels, 32, 32)}, reuse=self.reuse)


class RetinalWavesSpec(Source):
    """Clips of spontaneous waves on a sheet of retinal cells."""

    kind: Literal["retinal_waves"]
    frame: Annotated[tuple[Literal[1], Side, Side], Strict(False)] = (1, 48, 48)
    """[1, height, width]; pixels are means over squares of cells of a sheet of at least 48 x 48."""
    speed: Annotated[int, Field(ge=1, le=8)] = 1
    """Steps of .1 s from frame to frame."""
    direction_bias: Annotated[int, Field(ge=0, le=2)] = 0
    """Cells by which what excites a cell lies to its left: waves run to the right."""
    shuffle: Literal["none", "pixels", "time", "phase"] = "none"
    """The controls: pixels out of order, frames out of order, phases of the spectrum drawn anew."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina."""
        factors = {"front": Factor("state", 2), "active": Factor("state"), "recruited": Factor("state")}
        return SourceFacts({"retina": self.frame}, None, factors, max_steps=16, reuse=self.reuse)


NatureSource = NoisyDisksSpec | GratingsSpec | BarsSpec | DeadLeavesSpec | RetinalWavesSpec
