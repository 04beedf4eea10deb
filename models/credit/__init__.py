"""Credit rules: how errors at an area become directions for its parameters."""

from __future__ import annotations

from typing import assert_never

from models.credit.backprop import Backprop, Exact
from models.credit.feedback_alignment import FeedbackAlignment
from models.credit.frozen import Frozen
from models.protocols import CreditRule
from models.specs.credit import BackpropSpec, FeedbackAlignmentSpec, FrozenSpec, RuleSpec


def build_rule(spec: RuleSpec | None) -> CreditRule:
    """The rule of a circuit; None: backprop, the default of areas that are in no circuit."""
    match spec:
        case None | BackpropSpec():
            return Backprop()
        case FrozenSpec():
            return Frozen(Backprop())
        case FeedbackAlignmentSpec():
            return FeedbackAlignment(spec, Exact())
        case _:
            assert_never(spec)
