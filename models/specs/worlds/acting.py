"""Sources that answer what is done in them: places, moves, rewards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Share, later
from models.specs.worlds.facts import Factor, Limit, Source, SourceFacts, answering
from models.specs.worlds.gym import GymSpec
from models.specs.worlds.tasks import BanditSpec, CartPoleSpec

FOUR_ROOMS = (
    "wwwwwwwwwwwww",
    "w.....w.....w",
    "w.....w.....w",
    "w...........w",
    "w.....w.....w",
    "w.....w.....w",
    "ww.wwww.....w",
    "w.....www.www",
    "w.....w.....w",
    "w.....w.....w",
    "w...........w",
    "w.....w.....w",
    "wwwwwwwwwwwww",
)
PLACES = sum(row.count(".") for row in FOUR_ROOMS)


Numbered = Annotated[int, Field(ge=0, lt=PLACES)]


class GridSpec(Source):
    """Four rooms of 104 places with a goal; four moves, reward 1 at the goal, which ends the episode."""

    kind: Literal["grid"]
    goal: Literal["random"] | Numbered | Annotated[Many[Numbered], Field(min_length=2, max_length=PLACES)] = "random"
    """A place drawn for each episode, of all or of these numbers, counted row by row; or always the one of a number."""
    start: Literal["random"] | Numbered = later("random")
    """Any other place than the goal, or always the one of this number."""
    limit: Limit = 200
    """Steps after which an episode ends without reward."""
    walker: Literal["anyone", "expert"] = later("anyone")
    """Who walks where no area acts. anyone: every move alike; expert: a shortest way to the goal, any of them alike."""

    def facts(self) -> SourceFacts:
        """What is near, and where that is."""
        states = {"place": Factor("state", classes=PLACES), "distance": Factor("state")}
        return answering({"view": (2, 7, 7), "place": (PLACES,), "goal": (PLACES,)}, states, 4)


class ChainSpec(Source):
    """A row of states with an end on either side; reward 1 at the right one."""

    kind: Literal["chain"]
    states: Annotated[int, Field(ge=1, le=1001)] = 19
    limit: Limit = 10_000

    def facts(self) -> SourceFacts:
        """Which state it is."""
        states = {"place": Factor("state", classes=self.states), "distance": Factor("state")}
        return answering({"place": (self.states,)}, states, 2)


Activity = Literal["mastered", "easy", "hard", "noise"]
ACTIVITIES: tuple[Activity, ...] = ("mastered", "easy", "hard", "noise")


class ActivitiesSpec(Source):
    """Four things to do, of which one is known at once, one soon, one late, and one never."""

    kind: Literal["activities"]
    offers: Annotated[Many[Activity], Field(min_length=1, max_length=4)] = ACTIVITIES
    """Those that can be done, one action for each."""
    cues: Annotated[int, Field(ge=2, le=16)] = 4
    """Of which each outcome is made."""
    faint: Annotated[float, Field(gt=0.0, le=1.0)] = 0.35
    """How strongly the cues of the hard one are shown; those of the others are shown at 1."""
    limit: Limit = 50

    @field_validator("offers")
    @classmethod
    def _once(cls, offers: tuple[Activity, ...]) -> tuple[Activity, ...]:
        if len(set(offers)) < len(offers):
            raise PydanticCustomError("bound", "an activity is offered once")
        return offers

    def facts(self) -> SourceFacts:
        """What is done, its cues, and what comes of it."""
        kinds = len(ACTIVITIES)
        channels = {"activity": (kinds,), "scene": (kinds * self.cues,), "outcome": (1,)}
        return answering(channels, {"place": Factor("state", classes=kinds)}, len(self.offers))


class ForageSpec(Source):
    """A body whose needs grow, and as many things that meet one of them each."""

    kind: Literal["forage"]
    needs: Annotated[int, Field(ge=1, le=16)] = 2
    """Things to do besides resting: the k-th raises the k-th level."""
    wane: Share = 0.02
    """By which every level falls in a step."""
    meal: Share = 0.1
    """By which the level that is seen to rises."""
    limit: Limit = 100

    def facts(self) -> SourceFacts:
        """How the body is, and what is done."""
        actions = self.needs + 1
        factors = {"place": Factor("state", classes=actions), "level": Factor("state", self.needs)}
        return answering({"body": (self.needs,)}, factors, actions)


ActingSource = GridSpec | ChainSpec | ActivitiesSpec | ForageSpec | BanditSpec | CartPoleSpec | GymSpec
