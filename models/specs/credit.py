"""Credit rules: how a circuit turns errors into updates, and what each rule needs and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Member, Positive, Spec


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


class DirectFeedbackSpec(Spec):
    """The output's error, sent to every area through fixed random weights."""

    kind: Literal["direct_feedback"]
    gain: Positive = 1.0
    """Standard deviation of the feedback weights, in units of 1/sqrt(units of the output)."""


class LocalErrorSpec(Spec):
    """Every area minimises the output's costs at a linear head of its own."""

    kind: Literal["local_error"]


class WeightMirrorSpec(Spec):
    """Feedback weights that learn the forward weights from noise."""

    kind: Literal["weight_mirror"]
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Share of the way that feedback weights go, per update, to what the noise shows."""
    draws: Annotated[int, Field(ge=1, le=1000)] = 20
    """Noise patterns per update."""


class TargetPropagationSpec(Spec):
    """Targets that learned inverses carry down."""

    kind: Literal["target_propagation"]
    variant: Literal["difference", "vanilla"] = "difference"
    """Whether the inverse's own error is taken off the target."""
    step: Annotated[float, Field(ge=0.01, le=1.0)] = 0.1
    """How far the first target lies down the gradient."""
    sigma: Annotated[float, Field(ge=0.01, le=0.5)] = 0.1
    """Noise around which the inverses are learned."""
    own_rate: Positive | None = None
    """Learning rate of the inverses; that of their areas if left out."""


class PredictiveCodingSpec(Spec):
    """Activities settle before weights learn from the prediction errors that remain."""

    kind: Literal["predictive_coding"]
    variant: Literal["strict", "fixed", "error"] = "strict"
    """What settles: activities; activities around the feed-forward state; errors."""
    steps: Annotated[int, Field(ge=1, le=1000)] = 20
    rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """Of settling."""
    precision: Positive = 1.0
    """Weight of prediction errors against the cost."""


RuleSpec = Annotated[
    BackpropSpec
    | FrozenSpec
    | FeedbackAlignmentSpec
    | SignSymmetrySpec
    | KolenPollackSpec
    | DirectFeedbackSpec
    | LocalErrorSpec
    | WeightMirrorSpec
    | TargetPropagationSpec
    | PredictiveCodingSpec,
    Field(discriminator="kind"),
    Member,
]


@dataclass(frozen=True)
class Capability:
    """What a rule needs of its circuit and what it gives."""

    needs: frozenset[str] = frozenset()
    """Words of credit.md: vector_error, scalar_cost, label, label_input, order, pairs, noise, time."""
    areas: frozenset[str] | None = None
    """Area kinds it can teach; None: all."""
    out: bool = True
    """Whether an error leaves the circuit for the areas below."""
    free: bool = False
    """Whether it learns without a cost."""
    hears: Literal["anywhere", "ends", "own"] = "anywhere"
    """Where errors may enter its circuit: at any area; at its outputs; at its one output, from a cost of its own."""
    deep: bool = True
    """Whether its areas may have several layers."""
    act: frozenset[str] | None = None
    """Activations it can use below its outputs; None: all."""
    costs: frozenset[str] | None = None
    """Kinds of costs it can use at its output; None: all."""


_SUPERVISED = frozenset({"cross_entropy", "mse"})
_LAYERS = frozenset({"linear", "conv"})

CAPABILITIES: dict[str, Capability] = {
    "backprop": Capability(needs=frozenset({"vector_error"})),
    "frozen": Capability(),
    "feedback_alignment": Capability(needs=frozenset({"vector_error"}), areas=_LAYERS),
    "sign_symmetry": Capability(needs=frozenset({"vector_error"}), areas=_LAYERS),
    "kolen_pollack": Capability(needs=frozenset({"vector_error"}), areas=_LAYERS),
    "direct_feedback": Capability(
        needs=frozenset({"vector_error"}), areas=_LAYERS, out=False, hears="ends", deep=False
    ),
    "local_error": Capability(needs=frozenset({"vector_error"}), out=False, hears="own", costs=_SUPERVISED),
    "weight_mirror": Capability(needs=frozenset({"vector_error", "noise"}), areas=_LAYERS),
    "target_propagation": Capability(
        needs=frozenset({"vector_error", "order", "noise"}),
        areas=frozenset({"linear"}),
        out=False,
        hears="ends",
        deep=False,
        act=frozenset({"tanh", "none", "elu"}),
    ),
    "predictive_coding": Capability(
        needs=frozenset({"vector_error", "order"}), areas=_LAYERS, hears="own", deep=False, costs=_SUPERVISED
    ),
}
