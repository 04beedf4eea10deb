"""Transforms of a world's senses, and the deficits that act on the organism."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Many, Member, Name, NonNegative, Positive, Spec


class SenseTransform(Spec):
    """A transform of what senses receive."""

    sense: Name | None = None
    """The one channel to change; all that fit if left out."""


class BlurSpec(SenseTransform):
    """Gaussian blur along the last axis (signals) or the last two (images)."""

    kind: Literal["blur"]
    sigma: NonNegative
    """Standard deviation at strength 1, in samples or pixels."""


class FlipSpec(SenseTransform):
    """Mirror along an axis; strength is the probability per item."""

    kind: Literal["flip"]
    axis: Annotated[int, Field(ge=-3, le=-1)] = -1


class NoiseSpec(SenseTransform):
    """Additive Gaussian noise from the noise bank."""

    kind: Literal["noise"]
    sigma: Positive


class OccludeSpec(SenseTransform):
    """A region blended to a fill value."""

    kind: Literal["occlude"]
    region: Literal["left", "right", "top", "bottom", "centre"] = "centre"
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """Length of the region over that of the axis, along each axis it cuts."""
    fill: float = 0.0


class CutPathwaySpec(Spec):
    """Messages of pathways times 1 - strength; at strength 1 no message, no gradient, no update."""

    kind: Literal["cut_pathway"]
    pathways: Annotated[Many[Name], Field(min_length=1)]


TransformSpec = Annotated[BlurSpec | FlipSpec | NoiseSpec | OccludeSpec, Field(discriminator="kind"), Member]
OrganismDeficit = CutPathwaySpec
DeficitTransformSpec = Annotated[
    BlurSpec | FlipSpec | NoiseSpec | OccludeSpec | CutPathwaySpec, Field(discriminator="kind"), Member
]


class NamedTransform(Spec):
    """A transform at its place in a world's list; the name addresses its draws."""

    name: Name | None = None
    transform: TransformSpec

    @property
    def title(self) -> str:
        """Its name; the kind if none is given."""
        return self.name or self.transform.kind
