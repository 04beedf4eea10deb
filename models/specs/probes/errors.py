"""Probes of costs and of what they ask for."""

from __future__ import annotations

from typing import Literal

from models.specs.base import AnyOrName, Name
from models.specs.probes.base import ProbeBase


class LossSpec(ProbeBase):
    """Value of a declared cost on the probe's world."""

    kind: Literal["loss"]
    cost: Name


class AlignmentSpec(ProbeBase):
    """Angle between what the credit rule returned and the gradient, per area."""

    kind: Literal["alignment"]
    cost: Name
    at: AnyOrName = "*"


class FisherTraceSpec(ProbeBase):
    """Mean squared norm of the gradient of the log likelihood of labels drawn from the area's own softmax, per area."""

    kind: Literal["fisher_trace"]
    at: AnyOrName = "*"
    cost: Name
    """A cross_entropy cost: its area gives the probabilities."""


class CostConflictSpec(ProbeBase):
    """Cosine of the gradients of two declared costs, per area."""

    kind: Literal["cost_conflict"]
    cost: Name
    other: Name
    at: AnyOrName = "*"
