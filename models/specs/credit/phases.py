"""Rules of two phases: a circuit comes to rest by itself, and again when its output is pushed or held."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Spec
from models.specs.credit.capability import SUPERVISED, Capability

Sweeps = Annotated[int, Field(ge=5, le=500)]
BOUNDED = frozenset({"hard_sigmoid", "sigmoid", "sigmoid4", "tanh"})


class TwoPhaseSpec(Spec):
    """What all of them have."""

    free_steps: Sweeps = 20
    """In which the circuit comes to rest from silence."""
    damp: Annotated[float, Field(ge=0.0, le=0.9)] = 0.0
    """Share of a rate that stays from one step to the next: all areas move at once, and large weights oscillate."""
    init_gain: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5
    """By which the first weights of its areas are multiplied."""


class NudgedSpec(TwoPhaseSpec):
    """What rules have under which the error pushes the circuit."""

    beta: Annotated[float, Field(ge=0.01, le=1.0)] = 0.5
    """Strength of the push."""
    nudged_steps: Sweeps = 10


class EquilibriumPropagationSpec(NudgedSpec):
    """The error pushes the output a little; weights learn what differs where the circuit then comes to rest."""

    kind: Literal["equilibrium_propagation"]
    nudge: Literal["centred", "positive", "random_sign"] = "centred"
    """Pushed both ways; down the error only; either way at random, item by item."""
    force: Literal["fixed", "recomputed"] = "fixed"
    """The error at the free state; or that of costs at the circuit's outputs anew in every step."""


class TemporalDerivativeSpec(NudgedSpec):
    """While the error pushes the circuit, weights follow the rate before them times the change of that after them."""

    kind: Literal["temporal_derivative"]
    nudge: Literal["centred", "positive"] = "centred"
    """Pushed both ways; down the error only."""


class ClampedSpec(TwoPhaseSpec):
    """What rules have that hold the output at the label."""

    gamma: Annotated[float, Field(ge=0.01, le=1.0)] = 1.0
    """Strength of messages against a pathway."""
    clamped_steps: Sweeps = 10


class ContrastiveHebbianSpec(ClampedSpec):
    """Hebb's rule with the output at the label, its opposite with the output free."""

    kind: Literal["contrastive_hebbian"]


class GenerecSpec(ClampedSpec):
    """What each unit changed by when the output was held at the label, times what it heard before."""

    kind: Literal["generec"]
    midpoint: bool = False
    """Whether what it heard is the mean of before and after."""


CAPABILITIES: dict[str, Capability] = {
    **dict.fromkeys(
        ("equilibrium_propagation", "temporal_derivative"),
        Capability(
            needs=frozenset({"vector_error", "pairs"}),
            areas=frozenset({"linear"}),
            out=False,
            hears="ends",
            loops=False,
            deep=False,
            act=BOUNDED,
        ),
    ),
    **dict.fromkeys(
        ("contrastive_hebbian", "generec"),
        Capability(
            needs=frozenset({"label", "pairs"}),
            areas=frozenset({"linear"}),
            out=False,
            hears="own",
            loops=False,
            deep=False,
            act=BOUNDED,
            costs=SUPERVISED,
        ),
    ),
}
