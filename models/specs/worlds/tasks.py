"""Sources that answer what is done in them and are tasks of the laboratory: arms to pull, a pole to balance."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Many, Share
from models.specs.worlds.facts import Factor, Limit, Source, SourceFacts, answering

BOXES = (3, 3, 6, 3)
"""How many parts position, velocity, angle and spin of a cart-pole are cut into."""


class BanditSpec(Source):
    """Arms to pull, each of which pays 1 with a probability of its own."""

    kind: Literal["bandit"]
    pays: Annotated[Many[Share], Field(min_length=2, max_length=64)] = (0.25, 0.75)
    """Probability of each arm."""
    dealt: Literal["fixed", "random"] = "fixed"
    """random: in each episode the arms are turned by a number of places, so that the best has to be found anew."""
    limit: Limit = 20
    """Pulls of an episode."""

    def facts(self) -> SourceFacts:
        """What was pulled last, and what it paid."""
        arms = len(self.pays)
        states = {"place": Factor("state", classes=arms + 1), "best": Factor("state", classes=arms)}
        return answering({"arm": (arms,), "paid": (1,)}, states, arms)


class CartPoleSpec(Source):
    """A pole on a cart that is pushed to the left or right; reward 1 for every step before it falls."""

    kind: Literal["cart_pole"]
    length: Annotated[float, Field(ge=0.05, le=5.0)] = 0.5
    """Half of the pole, in metres."""
    force: Annotated[float, Field(ge=0.1, le=100.0)] = 10.0
    """Of a push, in newtons."""
    limit: Limit = 500
    """Steps of 0.02 s after which an episode ends upright."""

    def facts(self) -> SourceFacts:
        """The state of the cart and of the pole."""
        boxes = prod(BOXES)
        numbers = {name: Factor("state") for name in ("position", "velocity", "angle", "spin")}
        states = {"place": Factor("state", classes=boxes), **numbers}
        return answering({"state": (4,), "box": (boxes,)}, states, 2)
