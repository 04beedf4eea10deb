"""Outcomes, contrasts and controls of a study: what is asked of the histories, and what claims are held against."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Name, Spec
from models.specs.durations import Duration
from models.specs.triggers import EventName

Labels = dict[Name, str | int | float]
"""Axis name -> label; in a selector of arms also `{arm: NAME}`."""


class DistanceMap(Spec):
    """|value - from|."""

    kind: Literal["distance"]
    origin: float = Field(alias="from")


class LogMap(Spec):
    """Natural logarithm."""

    kind: Literal["log"]


class NegateMap(Spec):
    """-value."""

    kind: Literal["negate"]


OutcomeMap = Annotated[DistanceMap | LogMap | NegateMap, Field(discriminator="kind")]


class OutcomeBase(Spec):
    """What every outcome has."""

    relative_to: Labels | None = None
    """Paired difference from the arm with these labels, other labels equal."""
    map: OutcomeMap | None = None


class FinalOutcome(OutcomeBase):
    """Mean of the readings in the last `window` of life."""

    kind: Literal["final"]
    probe: Name
    window: Duration


class BestOutcome(OutcomeBase):
    """Best reading of life, in the probe's direction."""

    kind: Literal["best"]
    probe: Name


class ValueAtOutcome(OutcomeBase):
    """Last reading at or before an event."""

    kind: Literal["value_at"]
    probe: Name
    event: EventName


class AucOutcome(OutcomeBase):
    """Mean height of the curve between two events: trapezoids over age, divided by the span."""

    kind: Literal["auc"]
    probe: Name
    from_: EventName = Field(default="birth", alias="from")
    to: EventName


class SamplesToCriterionOutcome(OutcomeBase):
    """Samples until the first of `hold` readings in a row that meet the criterion; right-censored if none does."""

    kind: Literal["samples_to_criterion"]
    probe: Name
    op: Literal[">=", "<=", ">", "<"]
    value: float
    hold: Annotated[int, Field(ge=1, le=100)] = 1
    from_: EventName = Field(default="birth", alias="from")
    by: Literal["sp", "ba"] = "sp"
    censor_at: Duration | None = None


class EventAgeOutcome(OutcomeBase):
    """Age at an event."""

    kind: Literal["event_age"]
    event: EventName


class TransferOutcome(OutcomeBase):
    """What other stages did to a task that one stage teaches; the probe reads how well the task is done.

    Backward: the last reading of life less that at the event, the end of the stage (forgetting is its negative).
    Forward: the reading at the event, the start of the stage, less the first of life.
    """

    kind: Literal["transfer"]
    probe: Name
    direction: Literal["backward", "forward"] = "backward"
    event: EventName


OutcomeSpec = Annotated[
    FinalOutcome
    | BestOutcome
    | ValueAtOutcome
    | AucOutcome
    | SamplesToCriterionOutcome
    | EventAgeOutcome
    | TransferOutcome,
    Field(discriminator="kind"),
]


class ContrastBase(Spec):
    """What every contrast has."""

    name: Name
    outcome: Name


class PairContrast(ContrastBase):
    """Treated minus (or over) control, paired by seed."""

    kind: Literal["pair"]
    treat: Labels
    control: Labels
    measure: Literal["difference", "ratio"] = "difference"


class InteractionContrast(ContrastBase):
    """Difference of differences over two labels of two axes."""

    kind: Literal["interaction"]
    axes: dict[Name, Annotated[Many[str | int | float], Field(min_length=2, max_length=2)]]


class TrendContrast(ContrastBase):
    """Slope, peak and half-width of the outcome along an axis."""

    kind: Literal["trend"]
    axis: Name
    within: Labels = {}


class RecoveryContrast(ContrastBase):
    """(recovered - treat) / (control - treat), paired by seed."""

    kind: Literal["recovery"]
    treat: Labels
    recovered: Labels
    control: Labels


class AgreementContrast(ContrastBase):
    """Whether two groups of arms rank the labels of an axis alike: Spearman's rho of their centres over seeds."""

    kind: Literal["agreement"]
    axis: Name
    treat: Labels
    control: Labels
    rival: Labels | None = None
    """A third group: the estimate is then by how much `treat` agrees better with `control` than this one does."""
    among: Many[str | int | float] = ()
    """The labels that are ranked; all of the axis if left out."""


ContrastSpec = Annotated[
    PairContrast | InteractionContrast | TrendContrast | RecoveryContrast | AgreementContrast,
    Field(discriminator="kind"),
]


class ExpectationSpec(Spec):
    """A relation that a contrast is expected to show.

    `above`: the estimate exceeds its null value (0; of a ratio 1) by more than `margin`; a negative margin asks for no
    worse than. `below`: it falls short by more. `within`: it departs from it by less, either way.
    """

    contrast: Name
    relation: Literal["above", "below", "within"]
    margin: float = 0.0

    @model_validator(mode="after")
    def _leaves_room(self) -> ExpectationSpec:
        if self.relation == "within" and self.margin <= 0.0:
            raise PydanticCustomError("bound", "within needs a margin above 0: no estimate is exactly equal")
        return self


class AnalysisSpec(Spec):
    """How contrasts are tested."""

    pair_by: Literal["seed"] = "seed"
    test: Literal["paired_bootstrap", "permutation", "wilcoxon", "logrank"] = "paired_bootstrap"
    resamples: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    level: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    centre: Literal["mean", "median", "iqm"] = "mean"
    correction: Literal["holm", "none"] = "holm"


class ControlBase(Spec):
    """What every control has: a name, and the labels of the arm it is a control of."""

    name: Name
    labels: Labels = {}


class ReadoutOnlyControl(ControlBase):
    """Plasticity 0 for every area but those with a label cost."""

    kind: Literal["readout_only"]


class ShuffledControl(ControlBase):
    """The cost's target permuted within the batch."""

    kind: Literal["shuffled"]
    cost: Name


class OracleControl(ControlBase):
    """The cost's target replaced by the label, or by a true factor."""

    kind: Literal["oracle"]
    cost: Name
    target: Name | None = None


class WithoutControl(ControlBase):
    """The cost's weight 0 in every stage."""

    kind: Literal["without"]
    cost: Name


class ConstantWeightControl(ControlBase):
    """The cost's weight held at its mean over life."""

    kind: Literal["constant_weight"]
    cost: Name


class ConstantPlasticityControl(ControlBase):
    """Envelopes of plasticity and critical periods become 1 wherever they are not 0."""

    kind: Literal["constant_plasticity"]


class AllAtOnceControl(ControlBase):
    """One stage of the summed length with every weight at its mean over life."""

    kind: Literal["all_at_once"]


class ReversedControl(ControlBase):
    """The stages in reverse order; stages of fixed length only."""

    kind: Literal["reversed"]


class MatchedControl(ControlBase):
    """The stage lasts as long as makes this arm's total equal to that of another."""

    kind: Literal["matched"]
    by: Literal["sp", "ba", "clean"] = "sp"
    to: Labels
    stage: Name


ControlSpec = Annotated[
    ReadoutOnlyControl
    | ShuffledControl
    | OracleControl
    | WithoutControl
    | ConstantWeightControl
    | ConstantPlasticityControl
    | AllAtOnceControl
    | ReversedControl
    | MatchedControl,
    Field(discriminator="kind"),
]
