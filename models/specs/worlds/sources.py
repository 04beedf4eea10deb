"""The union of sources, and what identifies their items."""

from __future__ import annotations

from typing import Annotated, Any

import rfc8785
from pydantic import Field

from models.specs.base import Member
from models.specs.worlds.acting import ActingSource
from models.specs.worlds.eyes import TwoEyesSpec
from models.specs.worlds.facts import Source, SourceFacts
from models.specs.worlds.linear import LinearSource
from models.specs.worlds.nature import NatureSource
from models.specs.worlds.real import RealSource
from models.specs.worlds.scenes import SceneSource
from models.specs.worlds.sequences import SequenceSource
from models.specs.worlds.social import SocialSource
from models.specs.worlds.views import ViewSource

SourceSpec = Annotated[
    RealSource
    | LinearSource
    | NatureSource
    | SceneSource
    | SocialSource
    | ViewSource
    | SequenceSource
    | ActingSource
    | TwoEyesSpec,
    Field(discriminator="kind"),
    Member,
]


def facts(source: Source) -> SourceFacts:
    """Channels, sizes, label and factors of a source."""
    return source.facts()


_BESIDE = {"reuse", "shuffle"}
"""Options that leave items what they are: arms that differ in them alone meet the same scenes at the same ages."""


def digest_of(source: Source, split: str) -> dict[str, Any]:
    """What identifies the items of a split: generator, its version and parameters."""
    options = source.model_dump(mode="json", exclude=_BESIDE)
    return {"source": options, "split": split, "generator": source.generator}


def name_of(source: Source, split: str) -> str:
    """Canonical text of `digest_of`: it addresses every draw that the items of the split are made of."""
    return rfc8785.dumps(digest_of(source, split)).decode()
