"""Probes of weights, and of what single pathways carry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import AnyOrName, Name, later
from models.specs.probes.base import ProbeBase


class WeightNormSpec(ProbeBase):
    """Euclidean norm of an area's weights, biases left out."""

    kind: Literal["weight_norm"]
    at: AnyOrName = "*"


class UpdateRatioSpec(ProbeBase):
    """Norm of the last update of an area's parameters over the norm of the parameters."""

    kind: Literal["update_ratio"]
    at: AnyOrName = "*"


class TracesSpec(ProbeBase):
    """What a recording of some synapses shows: weight, rate before it and rate behind it, one number each."""

    kind: Literal["traces"]
    at: Name
    source: Name
    synapses: Annotated[int, Field(ge=1, le=64)] = 8
    """Which ones, is the same for all lives and ages."""

    @property
    def series(self) -> tuple[str, ...]:
        """What its numbers are, in order."""
        return tuple(f"{what}.{each}" for what in ("weight", "before", "behind") for each in range(self.synapses))


class OcularDominanceSpec(ProbeBase):
    """Mean over units of how much stronger they are wired to one source than to another."""

    kind: Literal["ocular_dominance"]
    at: Name
    left: Name
    """Source whose dominance is -1."""
    right: Name
    """Source whose dominance is 1."""


class PathwayShareSpec(ProbeBase):
    """Share of an area's drive that one of its sources carries."""

    kind: Literal["pathway_share"]
    at: Name
    source: Name


class ModeStrengthSpec(ProbeBase):
    """How strongly the map from a sense to an area has a mode of the world's own map."""

    kind: Literal["mode_strength"]
    at: Name
    sense: Name
    mode: Annotated[int, Field(ge=0, le=1023)] = 0
    """By falling singular value, from 0."""
    share: bool = later(False)
    """Whether it is told as a share of the strength that the world's map has, 1 once it is learned."""
