"""Transforms of the order of frames; they need worlds with several time steps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.transforms.senses import SenseTransform


class ShuffleTimeSpec(SenseTransform):
    """Frames of a clip in another order; strength is the probability per item."""

    kind: Literal["shuffle_time"]


class LagSpec(SenseTransform):
    """A sense that comes late; strength scales the lag."""

    kind: Literal["lag"]
    steps: Annotated[int, Field(ge=1, le=4095)]
    """Time steps at strength 1."""
