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


RuleSpec = Annotated[BackpropSpec | FrozenSpec | FeedbackAlignmentSpec, Field(discriminator="kind"), Member]


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


CAPABILITIES: dict[str, Capability] = {
    "backprop": Capability(needs=frozenset({"vector_error"})),
    "frozen": Capability(),
    "feedback_alignment": Capability(needs=frozenset({"vector_error"}), areas=frozenset({"linear", "conv"})),
}
