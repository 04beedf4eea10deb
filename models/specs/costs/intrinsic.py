"""Costs of acting without reward: what is done for its own sake."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Member, Name
from models.specs.costs.base import CostBase
from models.specs.costs.reward import Discount
from models.specs.costs.target import InputTarget, NextTarget

Foretold = Annotated[InputTarget | NextTarget, Field(discriminator="kind"), Member]


class IntrinsicBase(CostBase):
    """What brought more than other actions of the batch did is done more often."""

    scope: Literal["local", "upstream"] = "upstream"
    discount: Discount = 0.0
    """Of what comes later in the fragment, per step; 0: an action answers for the step it leads to."""
    entropy: Annotated[float, Field(ge=0.0, le=100.0)] = 0.1
    """Weight of the entropy of what is done, in nats, against gains in standard deviations."""


class PredictedBase(IntrinsicBase):
    """What an action brings is judged by an area that foretells what comes of it."""

    model: Name
    """The area that foretells; another cost teaches it."""
    target: Foretold = InputTarget(kind="input")
    """What it foretells: what a sense receives at the same step, or one step later."""

    @model_validator(mode="after")
    def _one_step(self) -> PredictedBase:
        if isinstance(self.target, NextTarget) and (self.target.horizon != 1 or self.target.area is not None):
            raise PydanticCustomError("bound", "an action is judged by the next step of a sense: horizon 1, no area")
        return self


class CuriositySpec(PredictedBase):
    """Squared error of the prediction of what comes of an action: what surprises is sought."""

    kind: Literal["curiosity"]


class LearningProgressSpec(PredictedBase):
    """How much the error of prediction has fallen where an action leads: what is being learned is sought."""

    kind: Literal["learning_progress"]
    place: Name
    """The area or sense whose strongest unit says where one is."""
    window: Annotated[int, Field(ge=1, le=1000)] = 30
    """Updates in which a place was met: the mean error of so many is compared with that of so many before."""


class NoveltySpec(IntrinsicBase):
    """What is new is sought, by how seldom a place has been met."""

    kind: Literal["novelty"]
    place: Name
    """The area or sense whose strongest unit says where one is."""


class EmpowermentSpec(IntrinsicBase):
    """How many places can be reached from a place: where much can be done is sought."""

    kind: Literal["empowerment"]
    place: Name
    """The area or sense whose strongest unit says where one is."""
    horizon: Annotated[int, Field(ge=0, le=32)] = 3
    """Actions ahead; 0: every place is as good."""


class DriveSpec(IntrinsicBase):
    """What brings the body nearer to where it should be is sought."""

    kind: Literal["drive"]
    body: Name
    """The area or sense that says how the body is."""
    setpoint: Annotated[Many[Annotated[float, Field(ge=-10.0, le=10.0)]], Field(min_length=1, max_length=4096)]
    """Where each of its units should be."""
    power: Annotated[float, Field(ge=1.0, le=4.0)] = 2.0
    """Of a distance: above 1 what is far off is more urgent."""


IntrinsicCost = CuriositySpec | LearningProgressSpec | NoveltySpec | EmpowermentSpec | DriveSpec
