"""Rules that hear whether what was done was right, not what would have been."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Positive, Share, Spec
from models.specs.credit.capability import Capability


class AttentionGatedSpec(Spec):
    """A drawn action is rewarded or not; only what fed it learns, gated by feedback from it."""

    kind: Literal["attention_gated"]
    expansive: bool = True
    """Whether unexpected reward counts for more, and no reward for as much whatever was expected."""
    cap: Positive = 5.0
    """Largest effect of an unexpected reward, where it is expansive."""


class RewardModulatedSpec(Spec):
    """Drives are pushed at random; what was tried is kept if it brought more reward than expected."""

    kind: Literal["reward_modulated"]
    sigma: Annotated[float, Field(ge=1e-3, le=10.0)] = 0.3
    """Standard deviation of the pushes."""
    baseline: Literal["critic", "running"] = "critic"
    """What is expected: how likely the circuit is right on this sample without the push, or its mean reward so far."""
    tau: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Share of the way that the mean reward goes, per update, to the present one."""
    trace: Share = 0.0
    """Share of the eligibility that is left at the next time step."""


_BANDIT = frozenset({"cross_entropy"})

CAPABILITIES: dict[str, Capability] = {
    "attention_gated": Capability(
        needs=frozenset({"reward", "label", "order"}),
        areas=frozenset({"linear"}),
        out=False,
        hears="own",
        loops=False,
        costs=_BANDIT,
    ),
    "reward_modulated": Capability(
        needs=frozenset({"reward", "label", "noise"}),
        out=False,
        alone=True,
        hears="own",
        spikes=True,
        places=False,
        costs=_BANDIT,
    ),
}
