"""Rules by which every area hears of the output without a way through the areas between."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Positive, Spec, later
from models.specs.credit.capability import LAYERS, SUPERVISED, Capability


class DirectFeedbackSpec(Spec):
    """The output's error, sent to every area through fixed random weights."""

    kind: Literal["direct_feedback"]
    gain: Positive = 1.0
    """Standard deviation of the feedback weights, in units of 1/sqrt(units of the output)."""


class DirectRandomTargetSpec(Spec):
    """The target itself, not the error, sent to every area through fixed random weights."""

    kind: Literal["direct_random_target"]
    gain: Positive = 1.0
    """Standard deviation of the weights, in units of 1/sqrt(width of the target)."""


class LocalErrorSpec(Spec):
    """Every area minimises the output's costs at a linear head of its own."""

    kind: Literal["local_error"]
    similarity: float = later(0.0, ge=0.0, lt=1.0)
    """Share that matching has of what an area minimises: items should be as alike in its rates as in the target."""


class ForwardForwardSpec(Spec):
    """Two passes forward, with the right label and with a wrong one, and an objective of each area's own."""

    kind: Literal["forward_forward"]
    threshold: Positive = 1.0
    """Strength of the answer between what should be strong and what should be weak."""
    sharpness: Positive = 4.0
    """How fast an answer on the wrong side of the threshold is worth more."""
    goodness: Literal["mean_square", "sum"] = "mean_square"
    """What strength is: mean or sum of the units' squared rates."""
    negatives: Literal["likely", "uniform"] = "likely"
    """How wrong labels are drawn: as the output answers without a label, or evenly."""


CAPABILITIES: dict[str, Capability] = {
    "direct_feedback": Capability(
        needs=frozenset({"vector_error"}), areas=LAYERS, out=False, hears="ends", loops=False, deep=False
    ),
    "direct_random_target": Capability(
        needs=frozenset({"vector_error", "label"}),
        areas=LAYERS,
        out=False,
        hears="own",
        loops=False,
        deep=False,
        act=frozenset({"tanh", "sigmoid"}),
        costs=SUPERVISED,
    ),
    "forward_forward": Capability(
        needs=frozenset({"vector_error", "label"}),
        areas=frozenset({"linear"}),
        out=False,
        hears="own",
        loops=False,
        deep=False,
        act=frozenset({"relu"}),
        costs=frozenset({"cross_entropy"}),
    ),
    "local_error": Capability(needs=frozenset({"vector_error"}), out=False, hears="own", loops=False, costs=SUPERVISED),
}
