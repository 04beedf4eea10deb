"""Area kinds and the fields all areas share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, NonNegative, Positive, Spec

Activation = Literal["none", "relu", "elu", "tanh", "sigmoid", "hard_sigmoid", "softplus", "gelu"]
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


Init = Annotated[Kaiming | NormalInit | AboutInit | OrthogonalInit | ZerosInit, Field(discriminator="kind"), Member]


class AreaBase(Spec):
    """What every area has."""

    norm: Literal["none", "layer"] = "none"
    act: Activation = "relu"
    bias: bool = True
    init: Init = Kaiming(kind="kaiming")
    innate: bool = False
    """Never plastic: its plasticity is 0 for life."""
    lr_scale: Annotated[float, Field(ge=0.0, le=1000.0)] = 1.0


class LinearSpec(AreaBase):
    """`depth` fully connected layers of `size` units."""

    kind: Literal["linear"]
    size: Units
    depth: Annotated[int, Field(ge=1, le=64)] = 1


class ConvSpec(AreaBase):
    """`depth` convolutions with `channels` maps each, then max pooling over `pool` x `pool` tiles."""

    kind: Literal["conv"]
    channels: Annotated[int, Field(ge=1, le=4096)]
    kernel: Annotated[int, Field(ge=1, le=31)] = 3
    stride: Annotated[int, Field(ge=1, le=16)] = 1
    pad: Annotated[int, Field(ge=0, le=31)] | None = None
    """Zeros around the input; kernel // 2 if left out."""
    pool: Annotated[int, Field(ge=1, le=16)] = 1
    depth: Annotated[int, Field(ge=1, le=64)] = 1


AreaSpec = Annotated[LinearSpec | ConvSpec, Field(discriminator="kind")]
