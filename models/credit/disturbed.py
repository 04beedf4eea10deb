"""Multiplications whose drives are pushed, and multiplications that take credit: what perturbation rules share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.credit.through import Through
from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation

Drive = tuple[str, int]
"""A layer, and which call of it in a pass: a layer on a loop is called once per time step."""


def layer_of(address: str) -> str:
    """The layer whose drive a weight is part of: `area/A`, or `area/A/layerK`."""
    family, area, part, *_ = address.split("/")
    return f"{family}/{area}/{part}" if part.startswith("layer") else f"{family}/{area}"


class _Calls:
    """Counts calls by weight, and finds what belongs to the drive that a call is part of."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self.first: dict[Drive, str] = {}

    def next(self, address: str) -> Drive:
        """The drive of this call; of the weights that make it up the first to be called is noted."""
        drive = (layer_of(address), self._calls[address])
        self._calls[address] += 1
        self.first.setdefault(drive, address)
        return drive


class Pushes:
    """Random pushes xi ~ N(0, 1) at the drives of one pass, another for every sample and time step."""

    def __init__(self, draw: Draw, number: int) -> None:
        self._draw = draw
        self._number = number
        self._pushes: dict[Drive, Tensor] = {}

    def drawn(self, drive: Drive, z: Tensor) -> Tensor:
        """That of a drive, like the drive; the same whenever it is asked for."""
        if drive not in self._pushes:
            assert self._draw.index_NB is not None
            steps = z.shape[1] // self._draw.index_NB.shape[1]
            draw = self._draw.at("rule", f"{drive[0]}/push/{drive[1]}/{self._number}")
            self._pushes[drive] = draw.normal(steps, *z.shape[2:]).reshape(z.shape)
        return self._pushes[drive]

    def credit(self, gain: Tensor) -> dict[Drive, Tensor]:
        """Each push times what its sample, or its time step, gained by it: (N, B) or (N, B, T), a mean over B."""
        return {drive: _times(gain / gain.shape[1], push) for drive, push in self._pushes.items()}


@final
class Pushed(Through):
    """Multiplication that does something to every drive, once, whatever the number of its weights.

    A recurrent weight hears its drive step by step when that has been pushed as a whole, and leaves it.
    """

    def __init__(self, exact: Synapse, push: Callable[[Drive, Tensor], Tensor]) -> None:
        super().__init__(exact)
        self._push = push
        self._calls = _Calls()

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, pushed."""
        return self._pushed(super().linear(x_NMS, weight_NSU, base, address, own), address)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x, pushed."""
        return self._pushed(super().conv(x, weight, base, stride_pad, address, own), address)

    def _pushed(self, z: Tensor, address: str) -> Tensor:
        drive = self._calls.next(address)
        recurrent = address.split("/")[2] == "recurrent"
        return z if recurrent or self._calls.first[drive] != address else self._push(drive, z)


class _Credit(torch.autograd.Function):
    """The drive as it is; backward the credit, whatever error arrives."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, credit: Tensor) -> Tensor:
        ctx.save_for_backward(credit)
        return z.view_as(z)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        (credit,) = ctx.saved_tensors
        return credit, None


@final
class Credited(Through):
    """Multiplication at whose drives a given credit goes back to the weights, and no error further."""

    def __init__(self, exact: Synapse, credit: Callable[[Drive], Tensor]) -> None:
        super().__init__(exact)
        self._credit = credit
        self._calls = _Calls()

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, credited."""
        return self._credited(super().linear(x_NMS.detach(), weight_NSU, base, address, own), address)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x, credited."""
        return self._credited(super().conv(x.detach(), weight, base, stride_pad, address, own), address)

    def carry(self, state: Tensor, step: int) -> Tensor:
        """Without a way back: a step's credit is its own."""
        return state.detach()

    def _credited(self, z: Tensor, address: str) -> Tensor:
        layer, call = self._calls.next(address)
        if address.split("/")[2] != "recurrent":
            return _Credit.apply(z, self._credit((layer, call)).reshape(z.shape))  # type: ignore[no-any-return, no-untyped-call]
        whole = self._credit((layer, 0))
        step = whole.reshape(*z.shape[:2], -1, *z.shape[2:])
        once = step.shape[2] == 1
        part = self._credit((layer, call)) if once else step[:, :, call]
        return _Credit.apply(z, part.reshape(z.shape))  # type: ignore[no-any-return, no-untyped-call]


def taught(circuit: Circuit, forward: Synapse, credit: Mapping[Drive, Tensor], moment: Moment) -> Params:
    """The directions of all parameters of a circuit whose drives have this credit, and which runs by `forward`."""
    inside = tuple(f"area/{area}/" for area in circuit.areas)
    leaves = {name: each.detach().requires_grad_() for name, each in moment.weight.items() if name.startswith(inside)}
    with torch.enable_grad():
        synapse = dict.fromkeys(circuit.areas, Credited(forward, credit.__getitem__))
        rates = moment.again(Variation(weight=leaves, synapse=synapse)).rate
        total = torch.stack([rates[area].sum() for area in circuit.areas]).sum()
        return dict(zip(leaves, torch.autograd.grad(total, list(leaves.values())), strict=True))


def _times(gain: Tensor, push: Tensor) -> Tensor:
    """The pushes times the gain of their sample, or of their time step."""
    gain_NM = gain.flatten(1) if gain.dim() == 3 else gain.repeat_interleave(push.shape[1] // gain.shape[1], dim=1)
    return gain_NM.reshape(*push.shape[:2], *[1] * (push.dim() - 2)) * push
