"""Acts: what is done to the organism once, on entering a stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import AnyOrName, Many, Member, NonNegative, Share, Spec

Areas = Annotated[Many[AnyOrName], Field(min_length=1)]


class ResetOptimizer(Spec):
    """Moments and step counts of the areas start anew."""

    kind: Literal["reset_optimizer"]
    areas: Areas = ("*",)


class ResetArea(Spec):
    """Parameters of the areas take fresh initial values, moments start anew."""

    kind: Literal["reset_area"]
    areas: Areas


class ShrinkPerturb(Spec):
    """w <- (1 - shrink) w + noise w0 with w0 a fresh initial draw (Ash & Adams 2020)."""

    kind: Literal["shrink_perturb"]
    areas: Areas = ("*",)
    shrink: Share = 0.5
    noise: NonNegative = 0.1


ActSpec = Annotated[ResetOptimizer | ResetArea | ShrinkPerturb, Field(discriminator="kind"), Member]
