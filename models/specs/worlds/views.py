"""Sources of faces, of objects that turn, of written characters, of things with a sound."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import NonNegative, Positive, Share
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts

Frame = Annotated[int, Field(ge=16, le=64, description="Height and width, in pixels.")]


PLACES = 144
"""Twelve rows of twelve squares into which a box is cut."""


class FacesSpec(Source):
    """Two eyes and a mouth in an oval, as in a face, upside down, out of place, or the mouth alone."""

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


class RatViewSpec(Source):
    """What is seen all around on a walk without aim through a square box with patterned walls."""

    kind: Literal["rat_view"]
    speed: NonNegative = 0.08
    """Mean, in metres per second; of 20 steps."""
    turn: NonNegative = 120.0
    """Standard deviation of the angular velocity, in degrees per second."""
    thigmotaxis: Share = 0.5
    """How much of what a heading leads into a wall is lost at it; the rest leads back: 1 walks along, 0 bounces off."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which walls; for all splits."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One panorama, the middle of which is ahead; nothing has a name."""
        factors = {
            "place": Factor("state", classes=PLACES),
            "where": Factor("state", 2),
            "head": Factor("state", 2),
            "speed": Factor("state"),
            "turn": Factor("state"),
        }
        return SourceFacts({"panorama": (1, 8, 64)}, None, factors, max_steps=64, reuse=self.reuse)


class CharactersSpec(Source):
    """Written characters of invented alphabets, every time by another hand."""

    kind: Literal["characters"]
    alphabets: Annotated[int, Field(ge=1, le=100)] = 5
    letters: Annotated[int, Field(ge=2, le=100)] = 10
    """Of an alphabet."""
    jitter: Share = 0.06
    """Standard deviation of the points that lead a stroke, in half frames."""
    turn: Share = 0.15
    """Standard deviation of the slant, in radians."""
    split_by: Literal["none", "class"] = "none"
    """class: valid and test have letters that the others have not, an eighth of them each."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which alphabets; for all splits."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """One retina; the character is the label."""
        label = Factor("label", classes=self.alphabets * self.letters)
        factors = {"alphabet": Factor("state", classes=self.alphabets), "slant": Factor("nuisance")}
        return SourceFacts({"retina": (1, 28, 28)}, label, factors, reuse=self.reuse)


class PairsSpec(Source):
    """Things that are seen and heard, each by a pattern and a word of three formants."""

    kind: Literal["pairs"]
    things: Annotated[int, Field(ge=2, le=64)] = 16
    mismatch: Share = 0.0
    """Probability that the word is of another thing."""
    lag: Annotated[int, Field(ge=0, le=24)] = 8
    """Most frames by which a word begins late."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Which things; for all splits."""
    reuse: Reuse = 16

    def facts(self) -> SourceFacts:
        """A retina and a spectrogram; the thing that is seen is the label."""
        factors = {
            "heard": Factor("state", classes=self.things),
            "matched": Factor("event", classes=2),
            "onset": Factor("nuisance"),
        }
        channels = {"retina": (1, 32, 32), "sound": (1, 32, 64)}
        return SourceFacts(channels, Factor("label", classes=self.things), factors, reuse=self.reuse)


ViewSource = FacesSpec | TurntableSpec | RatViewSpec | CharactersSpec | PairsSpec
