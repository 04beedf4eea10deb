"""Probes of what is done in acting worlds: whole episodes, under the present weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.probes.base import ProbeBase

Count = Annotated[int, Field(ge=1, le=10_000)]


class ReturnSpec(ProbeBase):
    """Mean reward of an episode."""

    kind: Literal["return"]
    n: Count = 100
    """Episodes."""


class StepsRatioSpec(ProbeBase):
    """Steps of episodes over those of the shortest ways."""

    kind: Literal["steps_ratio"]
    n: Count = 100
    """Episodes."""


class RegretSpec(ProbeBase):
    """Discounted return that the shortest way would have brought besides."""

    kind: Literal["regret"]
    n: Count = 100
    """Episodes."""
    discount: Annotated[float, Field(gt=0.0, le=1.0)] = 0.99
    """Of a reward, per step."""


class CoverageSpec(ProbeBase):
    """Share of places that some episode met."""

    kind: Literal["coverage"]
    n: Count = 100
    """Episodes."""
