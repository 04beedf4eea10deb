"""Eligibility traces of recurrent units: what rules that learn forward in time share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.crediting import Circuit
from models.protocols import Area, Pass

THRESHOLD = 1.0
"""Of lif units."""


@dataclass(frozen=True)
class Unit:
    """What a trace knows of its unit."""

    leak: float
    form: Callable[[Tensor], Tensor] | None
    """Activation; None: lif."""
    slope: float
    """Of the surrogate derivative of a lif unit."""
    diagonal: bool
    """Whether the trace passes the unit's weight onto itself."""


class _Traced(torch.autograd.Function):
    """Rates as they are; backward the sum over time of each moment's error times the traces of that moment."""

    @staticmethod
    def forward(ctx: Any, rate_NBTU: Tensor, unit: Unit, x_NBTS: Tensor, *weights: Tensor) -> Tensor:
        ctx.save_for_backward(rate_NBTU, x_NBTS, *weights)
        ctx.unit = unit
        return rate_NBTU.view_as(rate_NBTU)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, error: Tensor) -> tuple[Tensor | None, ...]:
        rate, x, *weights = ctx.saved_tensors
        return None, None, None, *_summed(ctx.unit, error, rate, x, weights)


def traced(area: str, member: Area, circuit: Circuit, unit: Unit, inputs: Mapping[str, Tensor], by: Pass) -> Tensor:
    """The rates of a recurrent area; errors at them meet traces of its weights, and go no further."""
    given = {source: each.detach() for source, each in inputs.items()}
    with torch.no_grad():
        rate, _ = member.apply(given, member.start(next(iter(given.values()))), by)
    x = torch.cat([given[source].flatten(3) for source in circuit.sources[area]], dim=3)
    into = torch.cat([by.weight[f"area/{area}/from/{source}/weight"] for source in circuit.sources[area]], dim=1)
    bias = by.weight.get(f"area/{area}/bias")
    weights = [into, by.weight[f"area/{area}/recurrent/weight"], *([] if bias is None else [bias])]
    return _Traced.apply(rate, unit, x, *weights)  # type: ignore[no-any-return, no-untyped-call]


def _summed(unit: Unit, error: Tensor, rate: Tensor, x: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """Directions of the weights from sources (N, S, U), of the recurrent ones (N, U, U), of the bias (N, 1, U)."""
    into, own, *bias = weights
    before = torch.zeros_like(rate[:, :, 0])
    potential = torch.zeros_like(before)
    self_weight = own.diagonal(dim1=1, dim2=2).unsqueeze(1) if unit.diagonal else 0.0
    pre = torch.cat([x, torch.zeros_like(rate), torch.ones_like(rate[..., :1])], dim=3)
    pre[:, :, 1:, x.shape[3] : -1] = rate[:, :, :-1]
    trace = pre.new_zeros(*before.shape[:2], pre.shape[3], before.shape[2])
    total = pre.new_zeros(before.shape[0], *trace.shape[2:])
    drive = torch.bmm(x.flatten(1, 2), into).reshape(*x.shape[:3], -1)
    for step in range(rate.shape[2]):
        z = drive[:, :, step] + torch.bmm(before, own) + (bias[0] if bias else 0.0)
        arriving = pre[:, :, step].unsqueeze(3)
        if unit.form is None:
            potential = unit.leak * potential + z - before
            slope = 1.0 / (1.0 + unit.slope * (potential - THRESHOLD).abs()).square()
            trace = unit.leak * trace + arriving
            met = slope.unsqueeze(2) * trace
        else:
            slope = (1.0 - unit.leak) * _derivative(unit.form, z)
            trace = (unit.leak + slope * self_weight).unsqueeze(2) * trace + slope.unsqueeze(2) * arriving
            met = trace
        total = total + (error[:, :, step].unsqueeze(2) * met).sum(dim=1)
        before = rate[:, :, step]
    sources = x.shape[3]
    found = [total[:, :sources], total[:, sources:-1]]
    return [*found, total[:, -1:]] if bias else found


def _derivative(form: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(form(leaf).sum(), leaf)
    return slope
