"""Probes of what units do, each and together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import AnyOrName, Many, Name, NonNegative
from models.specs.probes.base import ProbeBase


class EffectiveRankSpec(ProbeBase):
    """Exponential of the entropy of the normalised singular values of centred activity."""

    kind: Literal["effective_rank"]
    at: AnyOrName = "*"


class ActivitySpec(ProbeBase):
    """Mean rate of an area's units, or their root mean square."""

    kind: Literal["activity"]
    at: AnyOrName = "*"
    read: Literal["mean", "rms"] = "mean"


class DeadUnitsSpec(ProbeBase):
    """Share of units that say the same of every item."""

    kind: Literal["dead_units"]
    at: AnyOrName = "*"
    spread: NonNegative = 0.0
    """A unit is dead whose largest and smallest rate differ by no more."""


class SparsenessSpec(ProbeBase):
    """How few units carry the activity of an item: 0 all alike, 1 a single one."""

    kind: Literal["sparseness"]
    at: AnyOrName = "*"
    measure: Literal["treves_rolls", "hoyer"] = "treves_rolls"


class SpatialInformationSpec(ProbeBase):
    """What a spike of a unit says of the place, on average over units that fire."""

    kind: Literal["spatial_information"]
    at: AnyOrName = "*"
    truth: Name = "place"
    """Factor of classes."""
    visits: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Frames below which a place is left out."""


class DeltaValueSpec(ProbeBase):
    """Mean squared step in time of units at unit variance."""

    kind: Literal["delta_value"]
    at: AnyOrName = "*"


class OrientationSpec(ProbeBase):
    """Global orientation selectivity of units to gratings."""

    kind: Literal["orientation"]
    at: AnyOrName = "*"
    read: Literal["mean", "share"] = "mean"
    """share: of units whose index is above 0.3."""


class RfSpec(ProbeBase):
    """Radius of the receptive fields of units in a sense."""

    kind: Literal["rf"]
    at: AnyOrName = "*"
    sense: Name


class GridnessSpec(ProbeBase):
    """Whether units fire at places on a lattice of triangles."""

    kind: Literal["gridness"]
    at: AnyOrName = "*"
    truth: Name = "position"
    """Factor of two numbers between -1 and 1."""
    bins: Annotated[int, Field(ge=8, le=64)] = 20
    """Along each side of the map."""


class RetinotopySpec(ProbeBase):
    """Whether units that are neighbours on a grid look at neighbouring places of a sense."""

    kind: Literal["retinotopy"]
    at: Name
    sense: Name
    grid: Annotated[Many[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=1, max_length=2)]
    """Units along each axis, rows first; their product is the number of units."""


class RetrievalSpec(ProbeBase):
    """Share of items that an area's pattern finds among those of another area or a sense."""

    kind: Literal["retrieval"]
    at: Name
    to: Name
    k: Annotated[int, Field(ge=1, le=1000)] = 1
    """Within how many it has to be found."""
    truth: Name | None = None
    """Factor of classes; any item of the class is as good as the item itself."""


class RsaSpec(ProbeBase):
    """Rank correlation of the dissimilarities of items in an area with those in another area or a sense."""

    kind: Literal["rsa"]
    at: AnyOrName = "*"
    to: Name


class CkaSpec(ProbeBase):
    """Debiased linear centred kernel alignment of an area with another area or a sense."""

    kind: Literal["cka"]
    at: AnyOrName = "*"
    to: Name
