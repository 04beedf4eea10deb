"""A read-out that learns at every moment, while what it says goes back into what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import final

import torch
from torch import Tensor

from models.credit.through import Through
from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse, Variation
from models.specs.credit.temporal import ForceSpec


@final
class Force:
    """Recursive least squares of a read-out, step by step within an item; its error is small all the while.

    Update:      the item is run once more; at every `every`-th step, with X the rates that arrive, Z = b + X W what is
                 said and V the target: C = I + X P X^T; W <- W - P X^T C^-1 (Z - V); P <- P - P X^T C^-1 X P; the next
                 step hears W as it then is, through all pathways that lead back. dW = -rate * (W at birth of the item -
                 W at its end), dP the same; P = I / alpha at birth; the bias stands still
    Information: the rates of all its inputs, which share P; the error of the moment
    Shapes:      X (N, B, S), Z, V (N, B, U), W (N, S, U), P (N, S, S), C (N, B, B)
    Units:       P in 1 / rate^2; alpha rate^2
    Exactness:   at rate 1, W minimises sum |X W + b - V|^2 + alpha |W - W_0|^2 over all steps learned since birth, W_0
                 what it was then: ridge regression; the gradient of no cost, as X depends on what W was
    Out:         none
    Reference:   Sussillo & Abbott (2009) Neuron 63:544; there one sequence at a time without end, here items from rest,
                 and B of them share W and P
    """

    alone = True

    def __init__(self, spec: ForceSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._exact = exact
        (area,), ((source,),) = circuit.areas, circuit.sources.values()
        self._weight = f"area/{area}/from/{source}/weight"
        self._inverse = f"rule/{self._weight}/inverse"
        self._inputs = prod(circuit.units[source])
        self._area = area

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The inverse of nothing seen, I / alpha; it learns."""
        unit = torch.eye(self._inputs) / self._spec.alpha
        return {self._inverse: unit.repeat(draw.seeds_N.shape[0], 1, 1)}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication: wherever nothing is learned the read-out runs freely."""
        return self._exact

    def teaches(self, address: str) -> bool:
        """The weight and its inverse."""
        return address in (self._weight, self._inverse)

    @torch.no_grad()
    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """The way from where the weight comes to in these items, and the inverse with it."""
        if judge is None:
            return {}
        first, known = moment.weight[self._weight].detach(), moment.own[self._inverse].detach()
        lives = [_Life(*each) for each in zip(first.double(), known.double(), strict=True)]
        aim = _values(judge.target(moment), first.shape[2])
        moment.again(Variation(synapse={self._area: _Learning(self._exact, aim, lives, self._spec.every)}))
        down = first.double() - torch.stack([life.weight for life in lives])
        less = known.double() - torch.stack([life.inverse for life in lives])
        return {self._weight: down.float(), self._inverse: less.float()}


class _Life:
    """The least squares of one life, in double precision: P falls by as many orders as there are steps to learn from.

    Life by life P stays where it is in memory, and the sums are those of a life alone.
    """

    def __init__(self, weight_SU: Tensor, inverse_SS: Tensor) -> None:
        self.weight = weight_SU
        self.inverse = inverse_SS

    def learn(self, x_BS: Tensor, error_BU: Tensor) -> None:
        """From one step of all items: with C = L L^T and A = L^-1 X P it is P - A^T A and W - A^T L^-1 error."""
        reach_BS = x_BS @ self.inverse
        lower, failed = torch.linalg.cholesky_ex(reach_BS @ x_BS.mT + torch.eye(len(x_BS), dtype=x_BS.dtype))
        # A life whose numbers are spent comes to an end as one that leaves the finite ones; its companions go on.
        lower = torch.where(failed == 0, lower, torch.nan)
        solved = torch.linalg.solve_triangular(lower, torch.cat([reach_BS, error_BU], dim=1), upper=False)
        way_BS, rest_BU = solved.split([reach_BS.shape[1], error_BU.shape[1]], dim=1)
        self.inverse.addmm_(way_BS.mT, way_BS, alpha=-1.0)
        self.weight.addmm_(way_BS.mT, rest_BU, alpha=-1.0)


class _Learning(Through):
    """Multiplication whose weights learn between one time step and the next."""

    def __init__(self, exact: Synapse, aim_NBTU: Tensor, lives: Sequence[_Life], every: int) -> None:
        super().__init__(exact)
        self._aim = aim_NBTU
        self._lives = lives
        self._every = every
        self._step = 0

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W, W as it is at each step; M folds batch and time, all of it or a step at a time."""
        steps = x_NMS.reshape(len(x_NMS), self._aim.shape[1], -1, x_NMS.shape[2])
        said = [self._said(x_NBS, base, address, own) for x_NBS in steps.unbind(2)]
        return torch.stack(said, dim=2).reshape(*x_NMS.shape[:2], -1)

    def _said(self, x_NBS: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """What is said at one step (N, B, U), before anything is learned from it."""
        weight = torch.stack([life.weight for life in self._lives]).float()
        told = super().linear(x_NBS, weight, base, address, own)
        if self._step % self._every == 0 and self._step < self._aim.shape[2]:
            error = told.double() - self._aim[:, :, self._step]
            for life, x_BS, error_BU in zip(self._lives, x_NBS.double(), error, strict=True):
                life.learn(x_BS, error_BU)
        self._step += 1
        return told


def _values(aim: Tensor, width: int) -> Tensor:
    """A target as numbers (N, B, T, U) in double precision; classes become one-hot."""
    if aim.is_floating_point():
        return aim.double()
    return torch.nn.functional.one_hot(aim, width).double()
