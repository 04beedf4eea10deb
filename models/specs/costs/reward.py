"""Costs of acting: what states are worth, what is done for it, and what others do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Name, Share, later
from models.specs.costs.base import CostBase

Discount = Annotated[float, Field(ge=0.0, le=1.0)]


class TdValueSpec(CostBase):
    """Squared errors of temporal differences: the area's one unit comes to say what is still to come."""

    kind: Literal["td_value"]
    scope: Literal["local", "upstream"] = "local"
    discount: Discount = 0.99
    """Of a reward, per step."""
    trace: Share = 0.0
    """Lambda: 0 rests on the next value, 1 on the rewards up to the end of the fragment."""


class PolicyGradientSpec(CostBase):
    """Log probability of what was done, weighed by how much better than expected it went, and entropy."""

    kind: Literal["policy_gradient"]
    scope: Literal["local", "upstream"] = "upstream"
    answer: Name | None = later(None)
    """What is done is done inside: `at` chooses, and is rewarded with 1 where the strongest unit of this area is the
    label. What the other items of the batch bring is what is expected. None: the world gives rewards."""
    critic: Name | None = None
    """The area that says what to expect; none: nothing is expected, and rewards count up to the fragment's end."""
    discount: Discount = 0.99
    trace: Share = 0.95
    """Lambda of the advantage: 0 is one step ahead of the critic, 1 all rewards of the fragment."""
    entropy: Annotated[float, Field(ge=0.0, le=100.0)] = 0.01
    """Weight of the entropy of what is done, in nats."""

    @model_validator(mode="after")
    def _one_source(self) -> PolicyGradientSpec:
        if self.answer is not None and self.critic is not None:
            raise PydanticCustomError("exclusive", "a critic is of the world's rewards: at most one of answer, critic")
        return self


class RiskSpec(CostBase):
    """Squared distance of what an action brought from what was expected, avoided or sought."""

    kind: Literal["risk"]
    scope: Literal["local", "upstream"] = "upstream"
    critic: Name
    """The area that says what to expect."""
    discount: Discount = 0.99
    trace: Share = 0.95
    """Lambda: 0 looks one step ahead, 1 at all rewards of the fragment."""
    attitude: Literal["averse", "seeking"] = "averse"
    """averse: what varies little is done more often; seeking: what varies much, and the cost is below 0."""


class ImitationSpec(CostBase):
    """Negative log probability of what somebody else was seen to do."""

    kind: Literal["imitation"]
    scope: Literal["local", "upstream"] = "upstream"


RewardCost = TdValueSpec | PolicyGradientSpec | RiskSpec
"""Those that ask what an action brought."""
