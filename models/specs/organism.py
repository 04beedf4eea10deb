"""The pre-structured organism: senses, areas, pathways, circuits, optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from models.specs.areas import AreaSpec
from models.specs.base import Many, Member, Name, NonNegative, Positive, Share, Spec
from models.specs.credit import CAPABILITIES, RuleSpec
from models.specs.credit.gradient import WeightMirrorSpec
from models.specs.credit.phases import TwoPhaseSpec
from models.specs.credit.reward import RewardModulatedSpec
from models.specs.credit.targets import TargetPropagationSpec


class SenseSpec(Spec):
    """An input port, fed by one channel of the world."""

    shape: Annotated[Many[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=1, max_length=3)]
    channel: Name | None = None
    """The world's channel of this name; left out: the sense's own name, or the only channel there is."""


class PathwaySpec(Spec):
    """A connection; it owns its block of the receiving area's weights."""

    name: Name | None = None
    """`FROM-TO` if left out."""
    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    mode: Literal["forward", "symmetric", "feedback", "lateral"] = "forward"
    """`symmetric`: one weight used both ways; `feedback` and `lateral` only say where the pathway leads."""
    gradient: Literal["pass", "block"] = "pass"
    delay: Annotated[int, Field(ge=0, le=64)] = 0
    """Time steps on the way; before the first of them has arrived, nothing does."""

    @property
    def title(self) -> str:
        """Its name, given or by default."""
        return self.name or f"{self.source}-{self.target}"


@dataclass(frozen=True)
class Link:
    """One way along a pathway: with it, or against it where it is symmetric."""

    path: PathwaySpec
    turned: bool = False

    @property
    def source(self) -> str:
        """Where it begins."""
        return self.path.target if self.turned else self.path.source

    @property
    def target(self) -> str:
        """Where it ends."""
        return self.path.source if self.turned else self.path.target

    @property
    def title(self) -> str:
        """The pathway's name."""
        return self.path.title

    @property
    def weight(self) -> str:
        """Address of its weight; turned links use that of the pathway, transposed."""
        return f"area/{self.path.target}/from/{self.path.source}/weight"


class CircuitSpec(Spec):
    """Areas that share one credit rule and, if given, an optimizer of their own."""

    name: Name | None = None
    """The kind of the rule if left out."""
    areas: Annotated[Many[Name], Field(min_length=1, max_length=256)]
    rule: RuleSpec
    optimizer: OptimizerSpec | None = None

    @property
    def title(self) -> str:
        """Its name, given or by default."""
        return self.name or self.rule.kind


MOST_RATE = 3.4e38
"""The largest number that single precision, in which lives learn, can hold."""
Rate = Annotated[Positive, Field(le=MOST_RATE)]


class OptimizerBase(Spec):
    """What every optimizer has."""

    lr: Rate
    weight_decay: Annotated[NonNegative, Field(le=MOST_RATE)] = 0.0
    clip: Positive | None = None
    """Largest norm of one life's whole gradient."""


class SgdSpec(OptimizerBase):
    """Stochastic gradient descent with momentum, as torch.optim.SGD."""

    kind: Literal["sgd"]
    momentum: Share = 0.0
    nesterov: bool = False


class AdamSpec(OptimizerBase):
    """Adam with decay in the gradient, as torch.optim.Adam."""

    kind: Literal["adam"]
    betas: Annotated[tuple[Share, Share], Field(strict=False)] = (0.9, 0.999)
    eps: Positive = 1e-8


class AdamWSpec(OptimizerBase):
    """Adam with decay of the weights, as torch.optim.AdamW."""

    kind: Literal["adamw"]
    betas: Annotated[tuple[Share, Share], Field(strict=False)] = (0.9, 0.999)
    eps: Positive = 1e-8


class RmspropSpec(OptimizerBase):
    """Gradient over its running root mean square, as torch.optim.RMSprop."""

    kind: Literal["rmsprop"]
    alpha: Share = 0.99
    eps: Positive = 1e-8


OptimizerSpec = Annotated[SgdSpec | AdamSpec | AdamWSpec | RmspropSpec, Field(discriminator="kind"), Member]


class OrganismSpec(Spec):
    """A network of areas in a pre-structured architecture."""

    senses: Annotated[dict[Name, SenseSpec], Field(min_length=1, max_length=32)]
    areas: Annotated[dict[Name, AreaSpec], Field(min_length=1, max_length=256)]
    pathways: Annotated[Many[PathwaySpec], Field(min_length=1, max_length=1024)]
    credit: Annotated[Many[CircuitSpec], Field(max_length=256)] = ()
    optimizer: OptimizerSpec = SgdSpec(kind="sgd", lr=0.1, momentum=0.9)

    def rule_of(self, area: str) -> RuleSpec | None:
        """The rule that teaches an area; None: backprop by default."""
        return next((circuit.rule for circuit in self.credit if area in circuit.areas), None)

    def optimizer_of(self, area: str) -> OptimizerSpec:
        """The optimizer that moves an area."""
        own = (circuit.optimizer for circuit in self.credit if area in circuit.areas)
        return next(own, None) or self.optimizer

    def own_optimizer_of(self, area: str) -> OptimizerSpec:
        """The optimizer that moves what the area's rule learns beside its parameters."""
        optimizer = self.optimizer_of(area)
        match self.rule_of(area):
            case WeightMirrorSpec(rate=rate):
                return SgdSpec(kind="sgd", lr=rate)
            case RewardModulatedSpec(tau=tau):
                return SgdSpec(kind="sgd", lr=tau)
            case TargetPropagationSpec(own_rate=float(own_rate)):
                return optimizer.model_copy(update={"lr": own_rate})
            case _:
                return optimizer

    def init_gain_of(self, area: str) -> float:
        """By which the area's rule has its first weights multiplied."""
        rule = self.rule_of(area)
        return rule.init_gain if isinstance(rule, TwoPhaseSpec) else 1.0

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every way along a pathway, in document order; inside circuits that settle, symmetric ones are the rule's."""
        ways = ((Link(path), *([Link(path, turned=True)] if self._answers(path) else [])) for path in self.pathways)
        return tuple(link for several in ways for link in several)

    def into(self, area: str) -> tuple[Link, ...]:
        """Links that end at the area, in document order."""
        return tuple(link for link in self.links if link.target == area)

    def _answers(self, path: PathwaySpec) -> bool:
        """Whether a pathway also leads back, outside the two phases of a circuit."""
        if path.mode != "symmetric" or path.source not in self.areas:
            return False
        circuits = (each for each in self.credit if path.source in each.areas and path.target in each.areas)
        return not any("pairs" in CAPABILITIES[each.rule.kind].needs for each in circuits)
