"""Sources with somebody in them: hands, faces, gaze, songs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import NonNegative, Share, later
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts
from models.specs.worlds.linear import Seed


class MoversSpec(Source):
    """Clips in which a hand may take hold of an object, under the eyes of a face."""

    kind: Literal["movers"]
    frame: Literal[24, 36, 48] = 48
    """Height and width, in pixels."""
    share: Share = 0.25
    """Of clips in which a hand moves an object; the others are shared by four kinds without."""
    noise: Share = 0.02
    """Standard deviation of what every pixel adds in every frame."""
    reuse: Reuse = 16
    face: Literal["above", "middle"] = later("above")
    """above: what is done is done below the face; middle: all around it, so that it looks in every direction."""

    def facts(self) -> SourceFacts:
        """A retina and what changes on it."""
        factors = {
            "event": Factor("event", classes=2),
            "scene": Factor("state", classes=5),
            "hand_map": Factor("state", 144),
            "hand_box": Factor("state", 4),
            "object": Factor("state", 2),
            "contact": Factor("state", 2),
            "gaze": Factor("state", 2),
            "face": Factor("nuisance", 2),
        }
        channels = {"retina": (1, self.frame, self.frame), "flow": (2, self.frame, self.frame)}
        views = ("view2", "contact")
        return SourceFacts(channels, None, factors, max_steps=16, reuse=self.reuse, views=views)


class SyllablesSpec(Source):
    """Songs of tutors, of whom each has a syllable of his own and never sings it twice quite alike."""

    kind: Literal["syllables"]
    tutors: Annotated[int, Field(ge=1, le=64)] = 8
    tutor: Annotated[int, Field(ge=0, lt=64)] | None = None
    """The only one that is heard; None: all of them, as often."""
    renditions: Annotated[int, Field(ge=1, le=1024)] = 64
    """Of each tutor who is heard, in every split."""
    bands: Annotated[int, Field(ge=8, le=64)] = 24
    """Of frequency, 250 Hz each."""
    frames: Annotated[int, Field(ge=4, le=64)] = 12
    """Of time, 10 ms each."""
    jitter: NonNegative = 0.02
    """Standard deviation of pitch and loudness from one rendition to the next, as shares of both."""
    seed: Seed = 0
    """Which songs."""

    @model_validator(mode="after")
    def _known(self) -> SyllablesSpec:
        if self.tutor is not None and self.tutor >= self.tutors:
            raise PydanticCustomError("bound", "there is no such tutor: they are counted from 0")
        return self

    def facts(self) -> SourceFacts:
        """Who sings is the label."""
        size = self.renditions * (self.tutors if self.tutor is None else 1)
        return SourceFacts(
            {"song": (1, self.bands, self.frames), "urge": (1,)},
            Factor("label", classes=self.tutors),
            {"pitch": Factor("state")},
            dict.fromkeys(("train", "valid", "test"), size),
        )


SocialSource = MoversSpec | SyllablesSpec
