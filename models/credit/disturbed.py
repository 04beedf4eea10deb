"""Multiplications whose drives are pushed, and multiplications that take credit: what perturbation rules share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.protocols import Params, Synapse

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


@final
class Pushed:
    """Multiplication that adds something to every drive, once, whatever the number of its weights.

    A recurrent weight hears its drive step by step when that has been pushed as a whole, and adds nothing.
    """

    def __init__(self, exact: Synapse, push: Callable[[Drive, Tensor], Tensor]) -> None:
        self._exact = exact
        self._push = push
        self._calls = _Calls()

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, pushed."""
        return self._pushed(self._exact.linear(x_NMS, weight_NSU, base, address, own), address)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x, pushed."""
        return self._pushed(self._exact.conv(x, weight, base, stride_pad, address, own), address)

    def carry(self, state: Tensor, step: int) -> Tensor:
        """As the exact one."""
        return self._exact.carry(state, step)

    def spike(self, potential: Tensor) -> Tensor:
        """As the exact one."""
        return self._exact.spike(potential)

    def _pushed(self, z: Tensor, address: str) -> Tensor:
        drive = self._calls.next(address)
        recurrent = address.split("/")[2] == "recurrent"
        return z if recurrent or self._calls.first[drive] != address else z + self._push(drive, z)


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
class Credited:
    """Multiplication at whose drives a given credit goes back to the weights, and no error further."""

    def __init__(self, exact: Synapse, credit: Callable[[Drive], Tensor]) -> None:
        self._exact = exact
        self._credit = credit
        self._calls = _Calls()

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, credited."""
        return self._credited(self._exact.linear(x_NMS.detach(), weight_NSU, base, address, own), address)

    def conv(
        self, x: Tensor, weight: Tensor, base: Tensor | None, stride_pad: tuple[int, int], address: str, own: Params
    ) -> Tensor:
        """The sum base + K * x, credited."""
        return self._credited(self._exact.conv(x.detach(), weight, base, stride_pad, address, own), address)

    def carry(self, state: Tensor, step: int) -> Tensor:
        """Without a way back: a step's credit is its own."""
        return state.detach()

    def spike(self, potential: Tensor) -> Tensor:
        """As the exact one."""
        return self._exact.spike(potential)

    def _credited(self, z: Tensor, address: str) -> Tensor:
        layer, call = self._calls.next(address)
        if address.split("/")[2] != "recurrent":
            return _Credit.apply(z, self._credit((layer, call)).reshape(z.shape))  # type: ignore[no-any-return, no-untyped-call]
        whole = self._credit((layer, 0))
        step = whole.reshape(*z.shape[:2], -1, *z.shape[2:])
        once = step.shape[2] == 1
        part = self._credit((layer, call)) if once else step[:, :, call]
        return _Credit.apply(z, part.reshape(z.shape))  # type: ignore[no-any-return, no-untyped-call]
