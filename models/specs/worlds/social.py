"""Sources with somebody in them: hands, faces, gaze."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Share, later
from models.specs.worlds.facts import Factor, Reuse, Source, SourceFacts


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


SocialSource = MoversSpec
