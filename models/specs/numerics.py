"""The numerics class: what must be equal for two runs to give the same bits. Declared here, verified by each worker."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Spec

ENGINE_VERSION = 5
"""Raised whenever a change of the engine changes results."""

TORCH_VERSION = "2.13.0"


class NumericsSpec(Spec):
    """Device kind, torch version, CPU capability, engine version, compiled or not."""

    device: Literal["cpu"] = "cpu"
    torch: str = TORCH_VERSION
    capability: str = "avx2"
    engine: Annotated[int, Field(ge=1)] = ENGINE_VERSION
    compiled: bool = False
