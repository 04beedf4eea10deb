"""What a credit rule is: circuits as rules see them, and all the ways in which a rule may plug in.

A rule that is only a multiplication offers `CreditRule`; each further protocol is one more thing it may say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from models.draw import Draw
from models.protocols import Area, Moment, Params, Pass, Synapse
from models.specs.areas import AreaSpec


class Judge(Protocol):
    """All costs that a circuit hears, at their weights."""

    def __call__(self, moment: Moment) -> Tensor:
        """Their weighted sum (N,) of any moment, differentiable."""
        ...

    def per_sample(self, moment: Moment) -> Tensor:
        """The same sample by sample, (N, B)."""
        ...

    def target(self, moment: Moment) -> Tensor:
        """What the first of them compares its area with: classes (N, B, T), or values (N, B, T, D)."""
        ...


@dataclass(frozen=True)
class Circuit:
    """The areas that one rule teaches together, as the rule sees them."""

    areas: tuple[str, ...]
    """In graph order."""
    below: Mapping[str, tuple[str, ...]]
    """Area -> areas of the circuit from which pathways inside it lead there, in graph order."""
    sources: Mapping[str, tuple[str, ...]]
    """Area -> every area and sense whose rates arrive there, in document order."""
    ends: tuple[str, ...]
    """Areas from which no pathway leads to another area of the circuit."""
    units: Mapping[str, tuple[int, ...]]
    """Unit shape of each area and of each of their sources."""
    act: Mapping[str, Callable[[Tensor], Tensor]]
    """Activation of each area; those that spike are left out."""
    spec: Mapping[str, AreaSpec]
    """Each area as the document has it."""


class CreditRule(Protocol):
    """How the areas of a circuit turn errors into descent directions, shaped like their parameters.

    A rule that is more than a multiplication offers one of `Prepares`, `Joins`, `Runs`, `Settles`, `Aims`, `Steers` as
    well, `Bounds` if its parameters must stay somewhere, and `Remembers` if it has state that is not learned.
    """

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """State that learns, by address `rule/area/A/...`, and state that does not, by any address `rule/...`.

        Shapes are those of the circuit's weights whose input carries an error, for one life. What learns has the
        plasticity and the optimizer of the area A.
        """
        ...

    def synapse(self) -> Synapse:
        """The multiplication whose backward pass is the rule."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """A rule whose feedback weights follow from other things, pass by pass."""

    def prepare(self, weight: Mapping[str, Tensor], own: Params, draw: Draw) -> Params:
        """What joins the state for one pass."""
        ...


@runtime_checkable
class Joins(Protocol):
    """A rule that hands errors on past the pathways of its circuit, which carry none."""

    into_ends: bool
    """Whether the pathways into its ends carry errors after all."""

    def join(self, area: str, rate: Mapping[str, Tensor], own: Params) -> Tensor:
        """The rate of an area, unchanged, with the rule's own way back; called in graph order."""
        ...


@runtime_checkable
class Aims(Protocol):
    """A rule that turns what its end is judged by into an objective of its own."""

    cuts: bool
    """Whether pathways inside its circuit carry no error."""

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """Value (N,) whose gradient is the rule's; `judge` weighs all costs at the end, `weight_N` is their weight."""
        ...


@runtime_checkable
class Runs(Protocol):
    """A rule that runs an area of its circuit itself, and so owns the way back through it and through its time."""

    def run(self, area: str, member: Area, inputs: Mapping[str, Tensor], by: Pass) -> Tensor:
        """The rates (N, B, T, *units) of an area; errors at them come back to its parameters as the rule says."""
        ...


@runtime_checkable
class Settles(Protocol):
    """A rule whose circuit comes to rest as a whole: each pathway inside it acts both ways and carries no error."""

    def settle(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass, draw: Draw) -> Mapping[str, Tensor]:
        """The rates of all areas of the circuit from what arrives from outside it, area -> source -> rate."""
        ...

    def residual(self, moment: Moment) -> Params:
        """Area -> how far (N,) it was from rest: the largest change of a rate in one more step."""
        ...


@runtime_checkable
class Steers(Protocol):
    """A rule that says itself where state of its own, or everything in its circuit, goes."""

    alone: bool
    """Whether it says so of all parameters of its areas, so that no error is asked for them."""

    def teaches(self, address: str) -> bool:
        """Whether it ever names a parameter of its areas; where it is alone, others stand still."""
        ...

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Directions that replace or join those that were found; may name state that nothing moves now.

        `judge` holds the costs that reach the circuit; None where there are none.
        """
        ...


@runtime_checkable
class Bounds(Protocol):
    """A rule whose parameters, or state that it learns, are put back where they belong after every move."""

    def bound(self, value: Mapping[str, Tensor]) -> Params:
        """What the values (parameters and learned state by address, after the move) become; those left out stay."""
        ...
