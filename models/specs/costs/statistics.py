"""Costs that ask an area to keep what the input is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import NonNegative
from models.specs.costs.base import CostBase
from models.specs.costs.target import InputTarget, TargetSpec


class AutoencodeSpec(CostBase):
    """Squared error of a learned linear decoder that rebuilds the target from the area."""

    kind: Literal["autoencode"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    code: NonNegative = 0.0
    """Weight of the mean squared activity of the area, added to the error."""


class DenoiseSpec(CostBase):
    """Squared error of rebuilding the clean target from what the area makes of a corrupted input."""

    kind: Literal["denoise"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    corrupt: Annotated[float, Field(ge=0.0, le=10.0)] = 0.25
    """Probability that an input is silenced (mask), or standard deviation of the noise (gauss)."""
    by: Literal["mask", "gauss"] = "mask"

    @model_validator(mode="after")
    def _probability(self) -> DenoiseSpec:
        if self.by == "mask" and self.corrupt > 1.0:
            raise PydanticCustomError("probability", "corrupt is a probability under mask: at most 1")
        return self
