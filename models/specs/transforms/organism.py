"""Deficits of the organism."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Many, Name, Spec


class CutPathwaySpec(Spec):
    """Messages of pathways times 1 - strength; at strength 1 no message, no gradient, no update."""

    kind: Literal["cut_pathway"]
    pathways: Annotated[Many[Name], Field(min_length=1)]
