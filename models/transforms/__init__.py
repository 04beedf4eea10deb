"""Transforms of what a world shows; used by worlds and by deficits."""

from __future__ import annotations

from typing import assert_never

from models.protocols import Relabels, Transform, Unites
from models.specs.transforms import TransformSpec
from models.specs.transforms.filters import AffineSpec, BandpassSpec, OrientationFilterSpec
from models.specs.transforms.labels import LabelNoiseSpec, LabelShuffleSpec
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
from models.transforms.affine import Affine
from models.transforms.bandpass import Bandpass
from models.transforms.blur import Blur
from models.transforms.contrast import Contrast
from models.transforms.desaturate import Desaturate
from models.transforms.downsample import Downsample
from models.transforms.drop_sense import DropSense
from models.transforms.eye import Eye
from models.transforms.flip import Flip
from models.transforms.label_noise import LabelNoise
from models.transforms.label_shuffle import LabelShuffle
from models.transforms.lag import Lag
from models.transforms.noise import Noise
from models.transforms.occlude import Occlude
from models.transforms.orientation_filter import OrientationFilter
from models.transforms.permute import Permute
from models.transforms.replace_noise import ReplaceNoise
from models.transforms.shuffle_time import ShuffleTime
from models.transforms.swap_senses import SwapSenses


def build_transform(spec: TransformSpec) -> Transform | Unites | Relabels:  # noqa: C901, PLR0911, PLR0912 - one case per member
    """The transform a spec describes."""
    match spec:
        case BlurSpec():
            return Blur(spec)
        case DownsampleSpec():
            return Downsample(spec)
        case FlipSpec():
            return Flip(spec)
        case ContrastSpec():
            return Contrast(spec)
        case DesaturateSpec():
            return Desaturate(spec)
        case NoiseSpec():
            return Noise(spec)
        case ReplaceNoiseSpec():
            return ReplaceNoise(spec)
        case OccludeSpec():
            return Occlude(spec)
        case EyeSpec():
            return Eye(spec)
        case DropSenseSpec():
            return DropSense(spec)
        case SwapSensesSpec():
            return SwapSenses(spec)
        case PermuteSpec():
            return Permute(spec)
        case ShuffleTimeSpec():
            return ShuffleTime(spec)
        case LabelNoiseSpec():
            return LabelNoise(spec)
        case LabelShuffleSpec():
            return LabelShuffle(spec)
        case AffineSpec():
            return Affine(spec)
        case OrientationFilterSpec():
            return OrientationFilter(spec)
        case BandpassSpec():
            return Bandpass(spec)
        case LagSpec():
            return Lag(spec)
        case _:
            assert_never(spec)
