"""What every probe has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.specs.base import Name, Spec
from models.specs.durations import Duration


class ProbeBase(Spec):
    """A world to measure on, a cadence in stage time, a number of items."""

    world: Name
    every: Duration
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Items; all of the world, at most 1000, if left out."""
