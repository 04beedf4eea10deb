"""Transforms of single senses, frame by frame, and of two senses against each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Name, NonNegative, Positive, Share, Spec

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SenseTransform(Spec):
    """A transform of what senses receive."""

    sense: Name | None = None
    """The one sense to change; all that fit if left out."""


class BlurSpec(SenseTransform):
    """Gaussian blur along the last axis (signals) or the last two (images)."""

    kind: Literal["blur"]
    sigma: NonNegative
    """Standard deviation at strength 1, in samples or pixels."""


class DownsampleSpec(SenseTransform):
    """Fewer samples or pixels, drawn out to the old size again."""

    kind: Literal["downsample"]
    factor: Annotated[int, Field(ge=2, le=64)]
    """Old over new number along the last axis (signals) or the last two (images)."""


class FlipSpec(SenseTransform):
    """Mirror along an axis; strength is the probability per item."""

    kind: Literal["flip"]
    axis: Annotated[int, Field(ge=-3, le=-1)] = -1


class ContrastSpec(SenseTransform):
    """Every frame blended to its own mean; strength 1 leaves no contrast."""

    kind: Literal["contrast"]


class DesaturateSpec(SenseTransform):
    """Every pixel blended to grey; strength 1 leaves no colour."""

    kind: Literal["desaturate"]


class NoiseSpec(SenseTransform):
    """Additive Gaussian noise from the noise bank."""

    kind: Literal["noise"]
    sigma: Positive


class ReplaceNoiseSpec(SenseTransform):
    """Items that are nothing but noise; strength is the probability per item."""

    kind: Literal["replace_noise"]
    mean: float = 0.0
    sigma: Positive = 1.0


class OccludeSpec(SenseTransform):
    """A region blended to a fill value."""

    kind: Literal["occlude"]
    region: Literal["left", "right", "top", "bottom", "centre"] = "centre"
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """Length of the region over that of the axis, along each axis it cuts."""
    fill: float = 0.0


class PermuteSpec(SenseTransform):
    """One fixed permutation of samples or pixels; strength 0 or 1."""

    kind: Literal["permute"]
    seed: Seed = 0
    task: Seed = 0
    """Which of the seed's permutations."""


class EyeSpec(SenseTransform):
    """One sense of a pair deprived (the defaults: noise alone) or weakened (gain above 0)."""

    kind: Literal["eye"]
    sense: Name
    gain: Share = 0.0
    """Share of the input that is left at strength 1."""
    noise: NonNegative = 0.25
    """Standard deviation of the noise in its place at strength 1."""


class DropSenseSpec(SenseTransform):
    """A sense that falls silent."""

    kind: Literal["drop_sense"]
    sense: Name


class SwapSensesSpec(Spec):
    """Two senses of one shape that receive each other's input."""

    kind: Literal["swap_senses"]
    senses: Annotated[Many[Name], Field(min_length=2, max_length=2)]

    @model_validator(mode="after")
    def _differ(self) -> SwapSensesSpec:
        if len(set(self.senses)) < 2:
            raise PydanticCustomError("exclusive", "exactly two different senses")
        return self
