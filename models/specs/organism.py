"""The pre-structured organism: senses, areas, pathways, circuits, optimizer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.areas import AreaSpec
from models.specs.base import Many, Member, Name, NonNegative, Positive, Share, Spec
from models.specs.credit import RuleSpec
from models.specs.credit.gradient import WeightMirrorSpec
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
    mode: Literal["forward"] = "forward"
    gradient: Literal["pass", "block"] = "pass"

    @property
    def title(self) -> str:
        """Its name, given or by default."""
        return self.name or f"{self.source}-{self.target}"


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


class OptimizerBase(Spec):
    """What every optimizer has."""

    lr: Positive
    weight_decay: NonNegative = 0.0
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
            case TargetPropagationSpec(own_rate=float(own_rate)):
                return optimizer.model_copy(update={"lr": own_rate})
            case _:
                return optimizer

    def into(self, area: str) -> tuple[PathwaySpec, ...]:
        """Pathways that end at the area, in document order."""
        return tuple(pathway for pathway in self.pathways if pathway.target == area)
