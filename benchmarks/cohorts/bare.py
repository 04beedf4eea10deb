"""What is to be had at all: the update of fully connected nets written out by hand, life beside life.

No autograd, no record, no passes, every buffer kept: no tool could be written so, but with the products of torch and
numpy hardly anything is faster, so it tells what a processor allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from benchmarks.cohorts.nets import BATCH, ITEMS, LR, Net, items


def bare(net: Net, lives: int) -> Callable[[float], int]:
    """Trains so many lives for so many seconds of CPU or a little longer; how many updates of a life were done."""
    pixels, classes = items(net)
    shown, named = torch.from_numpy(pixels).float().reshape(ITEMS, -1) / 255, torch.from_numpy(classes)
    widths = [net.inputs, *net.hidden, 10]
    layers = [_Layer(lives, below, above) for below, above in pairwise(widths)]
    x = torch.empty(lives, BATCH, net.inputs)
    right = torch.full((lives, BATCH, 1), -1.0)

    def go(seconds: float) -> int:
        until, done = time.process_time() + seconds, 0
        while time.process_time() < until:
            index = torch.randint(0, ITEMS, (lives, BATCH))
            torch.index_select(shown, 0, index.flatten(), out=x.view(-1, net.inputs))
            rate = x
            for layer in layers:
                rate = layer.forward(rate, rectified=layer is not layers[-1])
            error = rate.softmax(dim=2).scatter_add_(2, named[index].unsqueeze(2), right).div_(BATCH)
            for layer in reversed(layers):
                error = layer.backward(error, wanted=layer is not layers[0])
            for layer in layers:
                layer.move()
            done += lives
        return done

    return go


class _Layer:
    """A layer with all that an update needs."""

    def __init__(self, lives: int, below: int, above: int) -> None:
        self._weight = torch.randn(lives, below, above) / below**0.5
        self._bias = torch.zeros(lives, 1, above)
        self._down = torch.empty(lives, below, above)
        self._down_bias = torch.zeros(lives, 1, above)
        self._rate = torch.empty(lives, BATCH, above)
        self._error = torch.empty(lives, BATCH, below)
        self._x = self._rate

    def forward(self, x: Tensor, *, rectified: bool) -> Tensor:
        self._x = x
        _product(x, self._weight, self._rate)
        self._rate.add_(self._bias)
        return self._rate.relu_() if rectified else self._rate

    def backward(self, error: Tensor, *, wanted: bool) -> Tensor:
        """The error of the units below, less where they are silent; of the weights into its own place."""
        _product(self._x.mT, error, self._down)
        torch.sum(error, dim=1, keepdim=True, out=self._down_bias)
        if wanted:
            torch.bmm(error, self._weight.mT, out=self._error)
            self._error.mul_(self._x > 0)
        return self._error

    def move(self) -> None:
        self._weight.add_(self._down, alpha=-LR)
        self._bias.add_(self._down_bias, alpha=-LR)


def _product(left: Tensor, right: Tensor, out: Tensor) -> None:
    np.matmul(left.numpy(), right.numpy(), out=out.numpy())
