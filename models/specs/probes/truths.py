"""Probes that hold activity against what is true."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import AnyOrName, Name
from models.specs.probes.base import ProbeBase


class AccuracySpec(ProbeBase):
    """Share of items whose largest output is the label."""

    kind: Literal["accuracy"]
    at: Name


class LinearReadoutSpec(ProbeBase):
    """Accuracy of a ridge classifier on frozen activity."""

    kind: Literal["linear_readout"]
    at: AnyOrName = "*"
    train: Name
    """World of the fit."""


class TruthProbe(ProbeBase):
    """A probe that judges one area by a factor of its world."""

    at: Name
    truth: Name | None = None
    """Factor; the label if left out."""


class MseSpec(TruthProbe):
    """Mean squared difference between an area's activity and a factor."""

    kind: Literal["mse"]


class AveragePrecisionSpec(TruthProbe):
    """Average precision of an area's activity as a ranking of items by a class or an event."""

    kind: Literal["average_precision"]


class AngleErrorSpec(TruthProbe):
    """Mean angle between two outputs, taken as a direction in the plane, and a factor of two numbers."""

    kind: Literal["angle_error"]


class DecodeSpec(ProbeBase):
    """Share of a factor's variance that a ridge reader finds in frozen activity."""

    kind: Literal["decode"]
    at: AnyOrName = "*"
    train: Name
    """World of the fit."""
    truth: Name | None = None
    """Factor of numbers; the label if left out."""


class FewshotSpec(ProbeBase):
    """Accuracy of naming items by the nearest mean of a few items of each class."""

    kind: Literal["fewshot"]
    at: AnyOrName = "*"
    truth: Name | None = None
    """Factor of classes; the label if left out."""
    ways: Annotated[int, Field(ge=2, le=64)] = 5
    """Classes to choose among."""
    shots: Annotated[int, Field(ge=1, le=64)] = 1
    """Items of each class that are known."""


class MemoryCapacitySpec(ProbeBase):
    """How much of what was shown at earlier steps linear readers find in frozen activity, summed over delays."""

    kind: Literal["memory_capacity"]
    at: AnyOrName = "*"
    train: Name
    """World of the fit."""
    truth: Name
    """Factor of numbers that are independent from step to step."""
    delays: Annotated[int, Field(ge=1, le=512)] = 20
    """From one step back to so many."""


class PreferenceSpec(ProbeBase):
    """Difference between an area's answers to two classes, over their sum."""

    kind: Literal["preference"]
    at: AnyOrName = "*"
    truth: Name | None = None
    """Factor of classes; the label if left out."""
    a: Annotated[int, Field(ge=0, le=65535)] = 0
    """Class whose preference is 1."""
    b: Annotated[int, Field(ge=0, le=65535)] = 1
    """Class whose preference is -1."""


class DivergenceSpec(ProbeBase):
    """Divergence of an area's probabilities from the true law of its world."""

    kind: Literal["divergence"]
    at: Name
    truth: Name = "law"
    """Factor of probabilities."""
    depth: Annotated[int, Field(ge=0, le=64)] | None = None
    """Only steps at which the factor `depth` has this value."""


class NextFrameSpec(ProbeBase):
    """Squared error of an area as a forecast of a sense's next step, over that of a simple forecast."""

    kind: Literal["next_frame"]
    at: Name
    sense: Name
    against: Literal["copy", "line"] = "copy"
    """copy: the last frame once more; line: the last two continued."""
