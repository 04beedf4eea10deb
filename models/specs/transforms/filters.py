"""Transforms of images as a whole: where they lie, which orientations and frequencies they have."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import NonNegative
from models.specs.transforms.senses import SenseTransform


class AffineSpec(SenseTransform):
    """Images moved, turned and zoomed, item by item; strength scales all three ranges."""

    kind: Literal["affine"]
    shift: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """Largest shift along each axis, as a share of it."""
    turn: Annotated[float, Field(ge=0.0, le=math.pi)] = 0.0
    """Largest turn, in radians."""
    zoom: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Largest change of size, as a share of it."""


class OrientationFilterSpec(SenseTransform):
    """Only contours near one orientation are left, as in stripe rearing."""

    kind: Literal["orientation_filter"]
    angle: Annotated[float, Field(ge=0.0, lt=math.pi)] = 0.0
    """Orientation of the contours that pass, in radians from the horizontal, counterclockwise."""
    width: Annotated[float, Field(gt=0.0, le=math.pi)] = math.pi / 12
    """Standard deviation of the pass band, in radians."""


class BandpassSpec(SenseTransform):
    """Only frequencies of a band are left."""

    kind: Literal["bandpass"]
    low: NonNegative = 0.0
    """Lower edge, in cycles per sample or pixel; 0 keeps the mean."""
    high: Annotated[float, Field(gt=0.0, le=1.0)] = 0.25
    """Upper edge."""

    @model_validator(mode="after")
    def _is_band(self) -> BandpassSpec:
        if self.low >= self.high:
            edges = {"low": self.low, "high": self.high}
            raise PydanticCustomError("span", "low ({low}) is not below high ({high})", edges)
        return self
