"""Circuits that come to rest: what rules share whose pathways act both ways.

A rate follows what all its neighbours send: s_a <- f(sum_b s_b W_ba + sum_c s_c W_ac^T + x_a), b below a, c above it
inside the circuit, x_a the bias and what comes from outside. Where f grows the states at rest are those at which the
potential phi(s) = sum_a s_a . x_a + sum_ba s_b W_ba . s_a, less a term of f alone, stands still; the derivatives of phi
by weights and biases are products of the rates that meet there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Moment, Params, Pass, Synapse
from models.specs.credit.phases import ClampedSpec, TwoPhaseSpec

Rates = dict[str, Tensor]
"""Area -> rates, or what is added to drives, (N, M, U); M folds samples and time."""

Pathway = tuple[str, str]
"""Source and target, both in the circuit."""


@dataclass(frozen=True)
class Field:
    """What the areas of a circuit feel while they settle, or directions of all that."""

    drive: Rates
    """Area -> bias and what comes from outside the circuit."""
    weight: dict[Pathway, Tensor]
    """Of the pathways inside, (N, S, U)."""


Heard = Callable[[Field, Rates, Rates], Field]
"""From a field, the rates at rest in it and the errors at them to directions of the field."""


@final
class Couplings:
    """The areas of a circuit and the pathways between them; `back` is how strong messages against a pathway are."""

    def __init__(self, spec: TwoPhaseSpec, circuit: Circuit, exact: Synapse, back: float = 1.0) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact
        self._back = back
        self.areas = circuit.areas
        inside = {area: [each for each in circuit.sources[area] if each in circuit.areas] for area in circuit.areas}
        self.pathways: tuple[Pathway, ...] = tuple((source, area) for area in inside for source in inside[area])

    def settle(
        self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass, draw: Draw, heard: Heard
    ) -> Mapping[str, Tensor]:
        """The rates at which the circuit comes to rest by itself, with a way back for errors at any of them."""
        assert draw.index_NB is not None
        field = self._field(inputs, by)
        parts = (*field.drive.values(), *field.weight.values())
        found = _Rest.apply(self, heard, *parts)  # type: ignore[no-untyped-call]
        samples = draw.index_NB.shape[1]
        return {area: rate.unflatten(1, (samples, -1)) for area, rate in zip(self.areas, found, strict=True)}

    def of(self, moment: Moment) -> tuple[Field, Rates]:
        """The field of a moment, and the rates that it settled to."""
        field = self._field(moment.inputs, Pass(moment.weight, self._exact, moment.own))
        return field, {area: moment.rate[area].detach().flatten(1, 2) for area in self.areas}

    @torch.no_grad()
    def residual(self, moment: Moment) -> Params:
        """The largest change (N,) that any rate of an area would still make in one more step."""
        field, rates = self.of(moment)
        after = self.step(rates, field)
        return {area: (after[area] - rates[area]).abs().amax(dim=(1, 2)) for area in self.areas}

    def parts(self, tensors: tuple[Tensor, ...]) -> Field:
        """A field from its parts."""
        drive = dict(zip(self.areas, tensors, strict=False))
        return Field(drive, dict(zip(self.pathways, tensors[len(drive) :], strict=True)))

    def free(self, field: Field) -> Rates:
        """Where silence goes by itself."""
        rates = {area: torch.zeros_like(drive) for area, drive in field.drive.items()}
        for _ in range(self._spec.free_steps):
            rates = self.step(rates, field)
        return rates

    def step(self, rates: Rates, field: Field, push: Rates | None = None, held: Rates | None = None) -> Rates:
        """All areas at once one step on; `push` is added to drives, areas in `held` are held there."""
        new: Rates = dict(held or {})
        for area in self.areas:
            if area in new:
                continue
            u = field.drive[area]
            for (source, target), weight in field.weight.items():
                if target == area:
                    u = torch.baddbmm(u, rates[source], weight)
                elif source == area:
                    u = torch.baddbmm(u, rates[target], weight.mT, alpha=self._back)
            if push and area in push:
                u = u + push[area]
            damp, rate = self._spec.damp, self._circuit.act[area](u)
            new[area] = damp * rates[area] + (1.0 - damp) * rate if damp else rate
        return new

    def _field(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass) -> Field:
        """What comes of inputs, area -> source -> rate (N, B, T, *units); no error goes back to those."""
        some = next(rate for given in inputs.values() for rate in given.values())
        lives, items = some.shape[0], some.shape[1] * some.shape[2]
        drive: Rates = {}
        for area in self.areas:
            bias = by.weight.get(f"area/{area}/bias")
            z = some.new_zeros(lives, 1, self._circuit.units[area][0]) if bias is None else bias
            z = z.expand(-1, items, -1)
            for source in self._circuit.sources[area]:
                if source not in self.areas:
                    x, address = inputs[area][source].detach().reshape(lives, items, -1), weight_of((source, area))
                    z = self._exact.linear(x, by.weight[address], z, address, by.own)
            drive[area] = z
        return Field(drive, {pathway: by.weight[weight_of(pathway)] for pathway in self.pathways})


class _Rest(torch.autograd.Function):
    """The rates at which a circuit comes to rest; backward what the rule makes of the errors at them."""

    @staticmethod
    def forward(ctx: Any, couplings: Couplings, heard: Heard, *parts: Tensor) -> tuple[Tensor, ...]:
        rates = couplings.free(couplings.parts(parts))
        ctx.save_for_backward(*parts, *rates.values())
        ctx.couplings, ctx.heard = couplings, heard
        ctx.set_materialize_grads(False)
        return tuple(rates.values())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *errors: Tensor | None) -> tuple[Tensor | None, ...]:
        areas = ctx.couplings.areas
        parts, rates = ctx.saved_tensors[: -len(areas)], ctx.saved_tensors[-len(areas) :]
        there = {area: error for area, error in zip(areas, errors, strict=True) if error is not None}
        down = ctx.heard(ctx.couplings.parts(parts), dict(zip(areas, rates, strict=True)), there)
        return None, None, *down.drive.values(), *down.weight.values()


def products(field: Field, rates: Rates, scale: float | Tensor) -> Field:
    """Derivatives of the potential by all of a field, times a number, or one (N, M, 1) for each item."""
    drive = {area: rates[area] * scale for area in field.drive}
    return Field(drive, {(low, high): torch.bmm(rates[low].mT, drive[high]) for low, high in field.weight})


def less(one: Field, other: Field) -> Field:
    """One direction minus another."""
    drive = {area: each - other.drive[area] for area, each in one.drive.items()}
    return replace(one, drive=drive, weight={path: each - other.weight[path] for path, each in one.weight.items()})


def asking(field: Field, down: Field) -> Tensor:
    """A value (N,) whose gradient at a field is this direction."""
    parts = [(field.drive[area], each) for area, each in down.drive.items()]
    parts += [(field.weight[pathway], each) for pathway, each in down.weight.items()]
    return torch.stack([(part * each.detach()).sum(dim=(1, 2)) for part, each in parts]).sum(dim=0)


def weight_of(pathway: Pathway) -> str:
    """Address of a pathway's weight."""
    source, target = pathway
    return f"area/{target}/from/{source}/weight"


@final
class Clamped:
    """A circuit at rest by itself, and with its output held at the label."""

    def __init__(self, spec: ClampedSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        (self._end,) = circuit.ends
        self._couplings = Couplings(spec, circuit, exact, spec.gamma)
        self._share = {area: spec.gamma ** -_distance(area, circuit) for area in circuit.areas}
        """By which directions are multiplied, as messages lose a factor gamma at every pathway on their way down."""

    def settle(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Pass, draw: Draw) -> Mapping[str, Tensor]:
        """The free state; it hears no error."""
        return self._couplings.settle(inputs, by, draw, lambda field, free, _: products(field, free, 0.0))

    def residual(self, moment: Moment) -> Params:
        """How far the free phase is from rest."""
        return self._couplings.residual(moment)

    def compared(self, target: Tensor, moment: Moment, rule: Callable[[Field, Rates, Rates], Field]) -> Tensor:
        """A value (N,) whose gradient is what a rule makes of the free state and that with the output at a target."""
        field, free = self._couplings.of(moment)
        with torch.no_grad():
            width = free[self._end].shape[2]
            held = {self._end: _values(target, width).flatten(1, 2).to(free[self._end].dtype)}
            rates = free
            for _ in range(self._spec.clamped_steps):
                rates = self._couplings.step({**rates, **held}, field, held=held)
            down = rule(field, free, rates)
        drive = {area: each * self._share[area] for area, each in down.drive.items()}
        weight = {pathway: each * self._share[pathway[1]] for pathway, each in down.weight.items()}
        return asking(field, Field(drive, weight))


def _values(target: Tensor, width: int) -> Tensor:
    """A target as values (N, B, T, width): classes are one-hot."""
    return functional.one_hot(target, width) if target.dim() == 3 else target


def _distance(area: str, circuit: Circuit) -> int:
    """Pathways on the shortest way from an area to the output."""
    steps, reached = 0, {*circuit.ends}
    while area not in reached:
        reached |= {source for each in reached for source in circuit.sources[each] if source in circuit.areas}
        steps += 1
    return steps
