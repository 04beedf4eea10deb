"""What every area kind shares: activations, first weights, common fields."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.specs.base import Member, NonNegative, Positive, Spec

Activation = Literal[
    "none", "relu", "elu", "tanh", "sigmoid", "sigmoid4", "hard_sigmoid", "softplus", "gelu", "binary", "lif"
]
SPIKING = frozenset({"binary", "lif"})
"""Activations that are 0 or 1: their derivative is 0 almost everywhere."""

PROBABILITIES = frozenset({"sigmoid", "sigmoid4", "hard_sigmoid"}) | SPIKING
"""Activations between 0 and 1."""

Units = Annotated[int, Field(ge=1, le=65536)]


class Kaiming(Spec):
    """Uniform in +-sqrt(6 / fan_in) for relu-like areas, +-sqrt(3 / fan_in) otherwise; biases 0 (He et al. 2015)."""

    kind: Literal["kaiming"]


class NormalInit(Spec):
    """Normal with mean 0; biases 0."""

    kind: Literal["normal"]
    sd: Positive


class AboutInit(Spec):
    """The absolute value of a normal, so that every weight is positive; biases 0."""

    kind: Literal["about"]
    mean: float
    sd: NonNegative


class OrthogonalInit(Spec):
    """Orthonormal rows or columns times `gain`; biases 0 (Saxe et al. 2014)."""

    kind: Literal["orthogonal"]
    gain: Positive = 1.0


class ZerosInit(Spec):
    """Every weight 0."""

    kind: Literal["zeros"]


class IdentityInit(Spec):
    """1 from every unit to the one of the same number, else 0, of each source by itself; biases 0 (Le et al. 2015)."""

    kind: Literal["identity"]


Init = Annotated[
    Kaiming | NormalInit | AboutInit | OrthogonalInit | ZerosInit | IdentityInit, Field(discriminator="kind"), Member
]


class AreaBase(Spec):
    """What every area has."""

    weightless: ClassVar[bool] = False
    """Whether its kind has no weights that a rule could teach."""
    keeps: ClassVar[bool] = False
    """Whether what it meets becomes part of it, without a cost, as long as it is plastic."""

    norm: Literal["none", "layer"] = "none"
    act: Activation = "relu"
    bias: bool = True
    init: Init = Kaiming(kind="kaiming")
    innate: bool = False
    """Never plastic: its plasticity is 0 for life."""
    lr_scale: Annotated[float, Field(ge=0.0, le=1000.0)] = 1.0

    @property
    def weighs(self) -> bool:
        """Whether it has weights that a rule could teach."""
        return not self.weightless

    @property
    def chosen_by(self) -> str | None:
        """The source whose rates say what it chooses, and nothing else: no error goes back there but of the choice."""
        return None

    @property
    def passes(self) -> bool:
        """Whether errors at its rates have a way back to what brought them about."""
        return True

    def working(self, seen: int) -> int:
        """Numbers beside its units that it works with at one step of an item, of `seen` such steps in a batch."""
        return 0

    @property
    def contents(self) -> int:
        """Numbers of one life that it keeps beside its parameters."""
        return 0
