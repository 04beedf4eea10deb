"""Sources of drawn scenes: shapes, still and moving."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import NonNegative, Share, later
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts


class ShapesSpec(Source):
    """A square, a disc or a triangle, 16 x 16; or a small one somewhere among pieces of others, 32 x 32."""

    kind: Literal["shapes"]
    level: Literal["easy", "hard"] = "hard"
    """easy: equal axes, four angles, eight greys; hard: any of each."""
    items: Annotated[int, Field(ge=3, le=1_000_000)] = 3000
    """Of the training split; the others have 2000."""
    split_by: Literal["none", "angle"] = "none"
    """angle: valid and test have an eighth of the circle each that the others have not."""
    clutter: int = later(0, ge=0, le=64)
    """Pieces of shapes, strewn with the whole one over a black field of 32 x 32; 0: the shape alone."""
    validity: Share = later(0.8)
    """Of clutter: probability that the cue names the quarter where the shape is; else it names another."""

    def facts(self) -> SourceFacts:
        """One retina; with clutter also a cue."""
        factors = {"size": Factor("nuisance"), "angle": Factor("nuisance"), "difficulty": Factor("difficulty")}
        sizes, label = {"train": self.items, "valid": 2000, "test": 2000}, Factor("label", classes=3)
        if not self.clutter:
            return SourceFacts({"retina": (1, 16, 16)}, label, factors, sizes)
        told = {"place": Factor("state", 2), "valid": Factor("event", classes=2)}
        return SourceFacts({"retina": (1, 32, 32), "cue": (4,)}, label, factors | told, sizes)


class MovingShapesSpec(Source):
    """Clips of one to three moving shapes; the class is that of the first shape."""

    kind: Literal["moving_shapes"]
    frame: Annotated[int, Field(ge=8, le=64)] = 32
    """Height and width, in pixels."""
    speed: NonNegative = 0.12
    """Standard deviation of the velocity, in half frames per step."""
    spin: NonNegative = 0.1
    """Standard deviation of the rotation, in radians per step."""
    clutter: Annotated[int, Field(ge=1, le=3)] = 1
    """Largest number of shapes."""
    jump: Share = 0.0
    """Probability per step of a cut to a new scene."""
    shuffle: Literal["none", "time"] = "none"
    """time: the frames of every clip in another order, the control for all that lives on time."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina; what is told is of the first shape."""
        factors = {"position": Factor("state", 2), "velocity": Factor("state", 2), "angle": Factor("state")}
        frame = (1, self.frame, self.frame)
        return SourceFacts({"retina": frame}, Factor("label", classes=5), factors, max_steps=64, reuse=self.reuse)


SceneSource = ShapesSpec | MovingShapesSpec
