"""Sources of faces, and of objects that turn."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Positive, Share
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts

Frame = Annotated[int, Field(ge=16, le=64, description="Height and width, in pixels.")]


class FacesSpec(Source):
    """Two eyes and a mouth in an oval: as in a face, upside down, out of place, or the mouth alone."""

    kind: Literal["faces"]
    frame: Frame = 32
    noise: Share = 0.05
    """Standard deviation of what every pixel adds."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina; the condition is the label."""
        factors = {"gaze": Factor("state", 2), "place": Factor("nuisance", 2), "size": Factor("nuisance")}
        frame = (1, self.frame, self.frame)
        return SourceFacts({"retina": frame}, Factor("label", classes=4), factors, reuse=self.reuse)


class TurntableSpec(Source):
    """Objects of blobs in space that turn about an upright axis."""

    kind: Literal["turntable"]
    frame: Frame = 32
    objects: Annotated[int, Field(ge=2, le=64)] = 4
    blobs: Annotated[int, Field(ge=3, le=32)] = 6
    """Of an object."""
    speed: Positive = 0.2
    """Largest angular speed, in radians per step, to either side."""
    split_by: Literal["none", "angle"] = "none"
    """angle: clips of valid and test begin in an eighth of the circle each in which no clip of the others begins."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which objects; for all splits."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina; the object is the label."""
        factors = {"angle": Factor("state"), "view": Factor("state", 2), "speed": Factor("state")}
        frame, label = (1, self.frame, self.frame), Factor("label", classes=self.objects)
        return SourceFacts({"retina": frame}, label, factors, max_steps=64, reuse=self.reuse)


ViewSource = FacesSpec | TurntableSpec
