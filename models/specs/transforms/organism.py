"""Deficits of the organism; like those of senses they are not there while probes are taken."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Many, Name, Spec

Areas = Annotated[Many[Name], Field(min_length=1)]


class CutPathwaySpec(Spec):
    """Messages of pathways times 1 - strength; at strength 1 no message, no gradient, no update."""

    kind: Literal["cut_pathway"]
    pathways: Annotated[Many[Name], Field(min_length=1)]


class LesionSpec(Spec):
    """What others hear of areas times 1 - strength, as messages, as targets and in costs that read them.

    At strength 1 these areas do not learn, and no cost judges them.
    """

    kind: Literal["lesion"]
    areas: Areas


class BiasErrorSpec(Spec):
    """A constant times strength in every error of an area's units, as if its costs were higher by `bias` x mean rate.

    It goes on to areas below as other errors do. A positive one makes the area more silent than its costs ask for.
    """

    kind: Literal["bias_error"]
    area: Name
    bias: Annotated[float, Field(ge=-1e6, le=1e6)]


class ResetContextSpec(Spec):
    """What areas carry from one time step to the next is taken times 1 - strength at every so many steps of an item."""

    kind: Literal["reset_context"]
    areas: Areas
    every: Annotated[int, Field(ge=1, le=4096)]
    """Time steps between resets; the first is before step `every` of the item, counted from 0. Of an acting world items
    are fragments, and what comes from the one before is reset as well."""
