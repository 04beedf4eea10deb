"""Which senses a transform changes, and what it lacks where it can change none."""

from __future__ import annotations

from collections.abc import Mapping

from models.specs.transforms import OnWorlds
from models.specs.transforms.filters import AffineSpec, OrientationFilterSpec
from models.specs.transforms.labels import LabelNoiseSpec, LabelShuffleSpec
from models.specs.transforms.senses import DesaturateSpec, FlipSpec, OccludeSpec, SenseTransform, SwapSensesSpec
from models.specs.transforms.time import LagSpec, ShuffleTimeSpec

Shape = tuple[int, ...]


def touched(transform: OnWorlds, senses: Mapping[str, Shape]) -> tuple[str, ...]:
    """The senses that are changed: those named, else all whose shape allows it; none by a transform of labels."""
    match transform:
        case SwapSensesSpec():
            return transform.senses
        case LabelNoiseSpec() | LabelShuffleSpec():
            return ()
        case _ if transform.sense is not None:
            return (transform.sense,)
        case _:
            return tuple(name for name, shape in senses.items() if unfit(transform, shape) is None)


def unfit(transform: SenseTransform, shape: Shape) -> str | None:
    """What a sense of this shape lacks for the transform; None if it has all."""
    axes = _axes(transform)
    if len(shape) < axes:
        return f"{axes} axes"
    if isinstance(transform, DesaturateSpec) and (len(shape) != 3 or shape[0] != 3):
        return "three colours"
    return None


def least_steps(transform: OnWorlds) -> int:
    """Time steps without which the transform changes nothing."""
    match transform:
        case ShuffleTimeSpec():
            return 2
        case LagSpec(steps=steps):
            return steps + 1
        case _:
            return 1


def _axes(transform: SenseTransform) -> int:
    match transform:
        case FlipSpec(axis=axis):
            return -axis
        case AffineSpec() | OrientationFilterSpec() | OccludeSpec(region="top" | "bottom"):
            return 2
        case _:
            return 1
