"""Costs that ask an area to keep what the input is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Member, Name, NonNegative, Positive
from models.specs.costs.base import CostBase
from models.specs.costs.target import AreaTarget, InputTarget, NextTarget, TargetSpec


class AutoencodeSpec(CostBase):
    """Squared error of a learned linear decoder that rebuilds the target from the area."""

    kind: Literal["autoencode"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    code: NonNegative = 0.0
    """Weight of the mean squared activity of the area, added to the error."""


class DenoiseSpec(CostBase):
    """Squared error of rebuilding the clean target from what the area makes of a corrupted input."""

    kind: Literal["denoise"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    corrupt: Annotated[float, Field(ge=0.0, le=10.0)] = 0.25
    """Probability that an input is silenced (mask), or standard deviation of the noise (gauss)."""
    by: Literal["mask", "gauss"] = "mask"

    @model_validator(mode="after")
    def _probability(self) -> DenoiseSpec:
        if self.by == "mask" and self.corrupt > 1.0:
            raise PydanticCustomError("probability", "corrupt is a probability under mask: at most 1")
        return self


class VaeSpec(CostBase):
    """Negative evidence lower bound of a linear generative model whose causes the area infers: means, log variances."""

    kind: Literal["vae"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "upstream"
    beta: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    """Weight of the divergence from the prior."""
    sd: Positive = 1.0
    """Standard deviation of the target about what is rebuilt of it."""


class PredictNextSpec(CostBase):
    """Error of a learned linear prediction of what comes next."""

    kind: Literal["predict_next"]
    target: Annotated[NextTarget, Member] = NextTarget(kind="next")
    scope: Literal["local", "upstream"] = "upstream"
    error: Literal["squared", "surprise"] = "squared"
    """surprise: the target is one symbol of several, or a law of them; the prediction is a softmax."""


class SparseCodeSpec(CostBase):
    """A dictionary that rebuilds the target from few of its words, and an area that learns to guess which."""

    kind: Literal["sparse_code"]
    target: TargetSpec = InputTarget(kind="input")
    scope: Literal["local", "upstream"] = "local"
    sparsity: NonNegative = 0.5
    """Price of a cause, in squared units of the target per unit of the cause."""
    steps: Annotated[int, Field(ge=1, le=300)] = 30
    """Of the search for the causes."""


class AdversarialSpec(CostBase):
    """A judge of what is real and what is imagined, or a forger whose imagery is judged."""

    kind: Literal["adversarial"]
    role: Literal["judge", "forger"]
    other: Name
    """The area on the other side: the forger of a judge, the judge of a forger."""
    sense: Name
    """In whose place stands what is imagined."""
    scope: Literal["local", "upstream"] = "upstream"


class RbmSpec(CostBase):
    """Free energy of what is seen, less that of what the area dreams: contrastive divergence."""

    kind: Literal["rbm"]
    target: Annotated[InputTarget, Member] = InputTarget(kind="input")
    scope: Literal["local"] = "local"
    steps: Annotated[int, Field(ge=1, le=100)] = 1
    """Down and up again, from what is seen to what is dreamt."""


class WakeSleepSpec(CostBase):
    """What is seen is made likely under causes that the area recognises, and the area recognises causes dreamt of."""

    kind: Literal["wake_sleep"]
    target: Annotated[InputTarget, Member] = InputTarget(kind="input")
    scope: Literal["local"] = "local"
    sleep: NonNegative = 1.0
    """Weight of the phase of sleep, in which recognition is learned; 0: the control, in which it is not."""


class ClappSpec(CostBase):
    """Hinge of a prediction of what comes, against what comes elsewhere."""

    kind: Literal["clapp"]
    target: Annotated[NextTarget | AreaTarget | InputTarget, Field(discriminator="kind"), Member] = NextTarget(
        kind="next"
    )
    scope: Literal["local", "upstream"] = "local"


class InfomaxIcaSpec(CostBase):
    """Negative entropy that an area with as many units as inputs would pass on through logistic units."""

    kind: Literal["infomax_ica"]
    scope: Literal["local"] = "local"


class InfonceSpec(CostBase):
    """Finding what belongs to an item among what belongs to all items of the batch."""

    kind: Literal["infonce"]
    target: Annotated[NextTarget | AreaTarget | InputTarget, Field(discriminator="kind"), Member] = NextTarget(
        kind="next"
    )
    scope: Literal["local", "upstream"] = "upstream"
    temperature: Annotated[float, Field(ge=0.01, le=10.0)] = 0.1
    """Cosine that makes one nat."""
