"""Transforms of what senses receive; used by worlds and by deficits."""

from __future__ import annotations

from typing import assert_never

from models.protocols import Transform
from models.specs.transforms import BlurSpec, FlipSpec, NoiseSpec, OccludeSpec, TransformSpec
from models.transforms.blur import Blur
from models.transforms.flip import Flip
from models.transforms.noise import Noise
from models.transforms.occlude import Occlude


def build_transform(spec: TransformSpec) -> Transform:
    """The transform a spec describes."""
    match spec:
        case BlurSpec():
            return Blur(spec)
        case FlipSpec():
            return Flip(spec)
        case NoiseSpec():
            return Noise(spec)
        case OccludeSpec():
            return Occlude(spec)
        case _:
            assert_never(spec)
