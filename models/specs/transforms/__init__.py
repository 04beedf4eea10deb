"""Transforms of what a world shows, and the deficits that act on the organism."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.specs.base import Member, Name, Spec
from models.specs.transforms.filters import AffineSpec, BandpassSpec, OrientationFilterSpec
from models.specs.transforms.labels import LabelNoiseSpec, LabelShuffleSpec
from models.specs.transforms.organism import BiasErrorSpec, CutPathwaySpec, LesionSpec, ResetContextSpec
from models.specs.transforms.senses import (
    BlurSpec,
    ContrastSpec,
    DesaturateSpec,
    DownsampleSpec,
    DropSenseSpec,
    EyeSpec,
    FlipSpec,
    NoiseSpec,
    OccludeSpec,
    PermuteSpec,
    ReplaceNoiseSpec,
    SwapSensesSpec,
)
from models.specs.transforms.time import LagSpec, ShuffleTimeSpec

OneSense = (
    BlurSpec
    | DownsampleSpec
    | ContrastSpec
    | DesaturateSpec
    | NoiseSpec
    | ReplaceNoiseSpec
    | OccludeSpec
    | EyeSpec
    | DropSenseSpec
    | PermuteSpec
    | OrientationFilterSpec
    | BandpassSpec
    | LagSpec
)
"""Each sense is changed by itself."""

SeveralSenses = FlipSpec | SwapSensesSpec | ShuffleTimeSpec | AffineSpec
"""All senses are changed together, item by item alike."""

OfLabels = LabelNoiseSpec | LabelShuffleSpec

OnWorlds = OneSense | SeveralSenses | OfLabels
"""What can be done to items, by a world or by a deficit."""

OnOrganism = CutPathwaySpec | LesionSpec | ResetContextSpec | BiasErrorSpec
"""What only a deficit can do."""

TransformSpec = Annotated[OnWorlds, Field(discriminator="kind"), Member]
DeficitTransformSpec = Annotated[OnWorlds | OnOrganism, Field(discriminator="kind"), Member]


class NamedTransform(Spec):
    """A transform at its place in a world's list; the name addresses its draws."""

    name: Name | None = None
    transform: TransformSpec

    @property
    def title(self) -> str:
        """Its name; the kind if none is given."""
        return self.name or self.transform.kind
