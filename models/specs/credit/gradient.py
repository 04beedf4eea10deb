"""Rules that replace what a multiplication sends back: feedback weights of several kinds, and the gradient itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Positive, Spec
from models.specs.credit.capability import LAYERS, Capability


class BackpropSpec(Spec):
    """The gradient itself."""

    kind: Literal["backprop"]


class FrozenSpec(Spec):
    """Never learns; errors pass through."""

    kind: Literal["frozen"]


class FeedbackAlignmentSpec(Spec):
    """Fixed random feedback weights stand in for the transposed forward weights."""

    kind: Literal["feedback_alignment"]
    scale: Positive = 1.0
    """Standard deviation of the feedback weights, in units of 1/sqrt(fan_out)."""


class SignSymmetrySpec(Spec):
    """Feedback weights that share nothing with the forward weights but their signs."""

    kind: Literal["sign_symmetry"]
    variant: Literal["usf", "frsf", "brsf"] = "usf"
    """Magnitudes: uniform, fixed and random, or random anew in every batch."""
    concordance: Annotated[float, Field(ge=0.5, le=1.0)] = 1.0
    """Share of signs that agree; the others are the opposite, always the same ones."""


class KolenPollackSpec(Spec):
    """Feedback weights that learn as the forward weights do, and decay with them until both are alike."""

    kind: Literal["kolen_pollack"]
    decay: Annotated[float, Field(ge=1e-5, le=1e-2)] = 3e-3
    """Decay of forward and feedback weights per unit of rate."""


class WeightMirrorSpec(Spec):
    """Feedback weights that learn the forward weights from noise."""

    kind: Literal["weight_mirror"]
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Share of the way that feedback weights go, per update, to what the noise shows."""
    draws: Annotated[int, Field(ge=1, le=1000)] = 20
    """Noise patterns per update."""


CAPABILITIES: dict[str, Capability] = {
    "backprop": Capability(needs=frozenset({"vector_error"}), weightless=True),
    "frozen": Capability(spikes=True, weightless=True),
    "feedback_alignment": Capability(needs=frozenset({"vector_error"}), areas=LAYERS),
    "sign_symmetry": Capability(needs=frozenset({"vector_error"}), areas=LAYERS),
    "kolen_pollack": Capability(needs=frozenset({"vector_error"}), areas=LAYERS),
    "weight_mirror": Capability(needs=frozenset({"vector_error", "noise"}), areas=LAYERS),
}
