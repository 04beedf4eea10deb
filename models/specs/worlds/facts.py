"""What is known of a source without rendering one item; read by checks, plans and the catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.specs.base import Spec

Role = Literal["label", "event", "state", "nuisance", "difficulty"]


@dataclass(frozen=True)
class Factor:
    """A true quantity of every item and step, told beside what is shown.

    Costs see those of role `label` where the world shows labels; every other one is for probes, and for costs that
    name it: oracles. An `event` happens at a step, a `state` is what the scene is, a `nuisance` is what should not
    matter, a `difficulty` in [0, 1] ranks items.
    """

    role: Role
    width: int = 1
    """Numbers per step; one class is one number."""
    classes: int | None = None
    """An integer below so many; None: real numbers."""
    law: bool = False
    """Whether the numbers are probabilities that add up to 1."""

    @property
    def shape(self) -> tuple[int, ...]:
        """What an area or a decoder that gives it has: one unit per class or number."""
        return (self.classes or self.width,)


@dataclass(frozen=True)
class SourceFacts:
    """Channels, splits, truths and times of a source."""

    channels: Mapping[str, tuple[int, ...]]
    label: Factor | None = None
    factors: Mapping[str, Factor] = field(default_factory=dict)
    sizes: Mapping[str, int] | None = None
    """Items per split; None: endless."""
    min_steps: int = 1
    """Smallest T that holds an item."""
    max_steps: int = 1
    """Largest T: how long a scene lasts."""
    reuse: int | None = None
    """Of endless sources that are rendered for all lives: passes in which a life meets each item of a tile; None: every
    life has items of its own."""
    views: tuple[str, ...] = ()
    """Other looks at the same item, for targets that name one."""
    actions: int | None = None
    """How many things can be done in an acting world; None: nobody acts."""

    @property
    def difficulty(self) -> str | None:
        """The factor that ranks items by how hard they are; None if nothing does."""
        return next((name for name, factor in self.factors.items() if factor.role == "difficulty"), None)

    @property
    def classes(self) -> int | None:
        """Number of label classes; None if the label is no class or there is none."""
        return None if self.label is None else self.label.classes


Limit = Annotated[int, Field(ge=1, le=100_000)]
"""Steps of an episode in an acting world."""
EFFERENCE = "action"
"""Channel of acting worlds that tells of each frame what is done in it, one-hot; 0 before that is known, and at a
fragment's last."""


def answering(channels: Mapping[str, tuple[int, ...]], states: Mapping[str, Factor], actions: int) -> SourceFacts:
    """Facts of an acting world: what is done is shown, and told with reward and end of each step.

    All three are 0 at the last frame of a fragment, from which nobody goes.
    """
    ways = {"action": Factor("event", classes=actions), "reward": Factor("event"), "done": Factor("event", classes=2)}
    shown = {**channels, EFFERENCE: (actions,)}
    return SourceFacts(shown, None, {**states, **ways}, max_steps=256, actions=actions)


Reuse = Annotated[int, Field(ge=1, le=100_000, description="Passes in which a life meets each of 4096 shared items.")]


class Source(Spec, ABC):
    """A generator or data set; its canonical bytes address every draw its items are made of."""

    generator: ClassVar[int] = 1
    """Version of the recipe: raised when the same parameters come to mean other items."""

    @abstractmethod
    def facts(self) -> SourceFacts:
        """What it shows."""
