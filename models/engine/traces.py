"""Gradients item by item, not one by one: in linear layers they are products of what met at a synapse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from models.credit.backprop import Exact
from models.credit.through import Through
from models.draw import Draw
from models.engine.organism import Organism, Wiring
from models.protocols import Batch, Moment, Params


@dataclass(frozen=True)
class Portion:
    """The lives that are measured: parameters and state, no moments."""

    seeds_N: Tensor
    weight: Params
    own: Params


@final
class Traced(Through):
    """Exact multiplication that remembers what came in and what went out; of linear layers only."""

    def __init__(self) -> None:
        super().__init__(Exact())
        self.met: dict[str, tuple[Tensor, Tensor]] = {}

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, remembered under the address of W."""
        z_NMU = super().linear(x_NMS, weight_NSU, base, address, own)
        if not z_NMU.requires_grad:
            z_NMU.requires_grad_()
        self.met[address] = (x_NMS.detach(), z_NMU)
        return z_NMU


def traced_norms(
    organism: Organism, portion: Portion, batch: Batch, draw: Draw, value: Callable[[Moment], Tensor]
) -> dict[str, Tensor]:
    """Area -> (N, B): squared norm of the gradient of a sum over items, over the area's parameters.

    With x what enters a layer and d the gradient at its drive, an item's dW = sum_t x_t d_t and
    |dW|^2 = sum_tt' (x_t . x_t') (d_t . d_t'); for a bias the x are 1. Only for organisms of linear areas, and for
    values in which items do not meet.
    """
    synapse = Traced()
    with torch.enable_grad():
        moment = organism.run(
            portion.weight, portion.own, batch, draw, Wiring(exact=True, synapse=dict.fromkeys(organism.order, synapse))
        )
        drives = [z for _, z in synapse.met.values()]
        found = torch.autograd.grad(value(moment).sum(), drives, allow_unused=True)
    first = next(iter(batch.senses.values()))
    shape = first.shape[:3]
    norms = {area: first.new_zeros(shape[:2]) for area in organism.order}
    biased: set[str] = set()
    for (address, (x, _)), d in zip(synapse.met.items(), found, strict=True):
        if d is None:  # the value does not depend on this layer
            continue
        area = address.split("/")[1]
        bias = _bias_of(address)
        once = float(bias in portion.weight and bias not in biased)
        biased.add(bias)
        alike = _gram(x.reshape(*shape, -1)) + once
        norms[area] = norms[area] + (alike * _gram(d.reshape(*shape, -1))).sum(dim=(2, 3))
    return norms


def _gram(x_NBTS: Tensor) -> Tensor:
    """Inner products (N, B, T, T) of the time steps of an item."""
    return (x_NBTS.unsqueeze(3) * x_NBTS.unsqueeze(2)).sum(dim=-1)


def _bias_of(address: str) -> str:
    """The bias that is added where a weight's product is: shared by all pathways into an area."""
    area, *rest = address.removeprefix("area/").split("/")
    return f"area/{area}/bias" if rest[0] == "from" else f"area/{area}/{rest[0]}/bias"
