"""Acts: what is done to the organism once, on entering a stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import AnyOrName, Many, Member, Name, NonNegative, Share, Spec

Areas = Annotated[Many[AnyOrName], Field(min_length=1)]


class ResetOptimizer(Spec):
    """Moments and step counts of the areas start anew."""

    kind: Literal["reset_optimizer"]
    areas: Areas = ("*",)


class ResetArea(Spec):
    """Parameters of the areas take fresh initial values, what they keep is emptied, moments start anew."""

    kind: Literal["reset_area"]
    areas: Areas


class ResetState(Spec):
    """What the areas keep from item to item is as at birth; parameters stay."""

    kind: Literal["reset_state"]
    areas: Areas


class ResetUnits(Spec):
    """Some units of the areas hear by fresh weights, and are heard by none of weight 0 until they learn to be."""

    kind: Literal["reset_units"]
    areas: Areas
    share: Annotated[float, Field(gt=0.0, le=1.0)]
    """Of each area's units; one at least."""
    by: Literal["utility", "random"] = "utility"
    """utility: those of least mean absolute rate times summed absolute outgoing weights (Dohare et al. 2024)."""
    world: Name | None = None
    """Where rates are taken; by utility only."""
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Items; all of the world, at most 1000, if left out."""

    @model_validator(mode="after")
    def _looks(self) -> ResetUnits:
        if (self.by == "utility") != (self.world is not None):
            raise PydanticCustomError("looks", "world goes with by: utility, which needs it")
        return self


class ShrinkPerturb(Spec):
    """w <- (1 - shrink) w + noise w0 with w0 a fresh initial draw (Ash & Adams 2020)."""

    kind: Literal["shrink_perturb"]
    areas: Areas = ("*",)
    shrink: Share = 0.5
    noise: NonNegative = 0.1


class RestoreBest(Spec):
    """Each life goes back to what it was when a probe was best in the stage before, at the first of equal readings.

    Parameters, moments and step counts, the state of rules and costs, and what areas keep; age, what was shown, places
    in acting worlds and anchors go on. The stage before reads the probe at its stage time 0 and at the multiples of its
    cadence, and once more here, before the act. A life of which the probe never gave a number stays as it is.
    """

    kind: Literal["restore_best"]
    probe: Name
    """One number of which higher or lower is better."""


class SetTemplate(Spec):
    """What an area makes of a world, a mean over its items, becomes the template of every cost that has one of it."""

    kind: Literal["set_template"]
    area: Name
    world: Name
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Items; all of the world, at most 1000, if left out."""


class Anchor(Spec):
    """Parameters of areas are kept, with how much each matters for what another area answers on a world."""

    kind: Literal["anchor"]
    name: Name
    """By which costs of kind ewc find it; the same name again replaces it."""
    areas: Areas = ("*",)
    answers: Name
    """The area whose softmax answers."""
    world: Name
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Items; all of the world, at most 1000, if left out."""


class Rewire(Spec):
    """A pathway from one sense begins at another from then on, with the weights that it has; before all other acts.

    As where the eye of a newborn ferret is led to what would have been its auditory thalamus (Sharma, Angelucci & Sur
    2000).
    """

    kind: Literal["rewire"]
    pathway: Name
    source: Name = Field(alias="from")
    """The other sense, of the same shape."""


ActSpec = Annotated[
    ResetOptimizer | ResetArea | ResetState | ResetUnits | ShrinkPerturb | RestoreBest | SetTemplate | Anchor | Rewire,
    Field(discriminator="kind"),
    Member,
]


def areas_of(act: ActSpec) -> tuple[str, ...]:
    """Areas that an act names; `*` for all."""
    match act:
        case SetTemplate():
            return (act.area,)
        case RestoreBest() | Rewire():
            return ()
        case _:
            return act.areas


def world_of(act: ActSpec) -> str | None:
    """The world that an act looks at."""
    return act.world if isinstance(act, SetTemplate | Anchor | ResetUnits) else None
