"""An area names the few causes that a scene is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import decoder, target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.statistics import SparseCodeSpec

_LEAST = 1e-12


@final
class SparseCode:
    r"""A dictionary that rebuilds the target from few of its words, and an area that learns to guess which.

    Formula:    a = argmin_a |x - a D|^2 + sparsity |a|_1 by `steps` steps of ISTA from 0, step length 1 / L, L the
                largest row sum of 2 |D D'|; rows of D have length 1
                J_n = mean_{b,t} ( |x - a D|^2 + sparsity |a|_1 ) / S + mean_{b,t,u} (h - a)^2,   a held fixed
    Shapes:     rate (N, B, T, U), target (N, B, T, S), D (N, U, S) -> (N,)
    Units:      squared units of the target; h and a in units of the target
    Gradient:   the dictionary through the first term, the area's rates through the second; none for the target or a;
                per_sample: yes
    Development: sensory cortex, before and at eye opening
    Not to be confused with: autoencode with `code`, which makes rates small, not few; l1, of weights
    Reference:  Olshausen & Field (1996) Nature 381:607; ISTA: Daubechies, Defrise & De Mol (2004); area that guesses:
                Kavukcuoglu, Ranzato & LeCun (2008) Fast inference in sparse coding algorithms, arXiv:1010.3467
    """

    def __init__(self, name: str, spec: SparseCodeSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """The dictionary: directions evenly spread."""
        units = torch.Size(shapes[self.spec.at]).numel()
        width = target.width(self.spec.target, self._sense, shapes)
        words = draw.at("init", self._address).normal(units, width) / width**0.5
        return {self._address: words}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._effort(moment).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._effort(moment).mean(dim=2)

    def code(self, moment: Moment) -> Tensor:
        """The causes (N, B, T, U) that the dictionary finds in the target."""
        x_NBTS = self._target(moment)
        return self._found(x_NBTS, self._words(moment).detach())

    @property
    def _address(self) -> str:
        return f"cost/{self.name}/dictionary"

    def _target(self, moment: Moment) -> Tensor:
        aim = target.read(self.spec.target, self.name, self._sense, moment)
        return target.values(aim, moment.own[self._address].shape[2])

    def _words(self, moment: Moment) -> Tensor:
        """The dictionary (N, U, S), every word of length 1."""
        raw = moment.own[self._address]
        return raw / (raw.square().sum(dim=2, keepdim=True) + _LEAST).sqrt()

    def _effort(self, moment: Moment) -> Tensor:
        """Of every item and step (N, B, T)."""
        x_NBTS, words_NUS = self._target(moment), self._words(moment)
        code_NBTU = self._found(x_NBTS, words_NUS.detach())
        rebuilt = decoder.product(code_NBTU.flatten(1, 2), words_NUS).reshape(x_NBTS.shape)
        error = (x_NBTS - rebuilt).square().sum(dim=3) + self.spec.sparsity * code_NBTU.abs().sum(dim=3)
        guess = target.during(moment.rate[self.spec.at].flatten(3), x_NBTS)
        return error / x_NBTS.shape[3] + (guess - code_NBTU).square().mean(dim=3)

    def _found(self, x_NBTS: Tensor, words_NUS: Tensor) -> Tensor:
        drive = 2.0 * decoder.product(x_NBTS.flatten(1, 2), words_NUS.mT)
        gram_NUU = 2.0 * decoder.product(words_NUS, words_NUS.mT)
        step = 1.0 / gram_NUU.abs().sum(dim=2).amax(dim=1).reshape(-1, 1, 1)
        code = torch.zeros_like(drive)
        for _ in range(self.spec.steps):
            code = code + step * (drive - decoder.product(code, gram_NUU))
            code = code.sign() * (code.abs() - self.spec.sparsity * step).clamp(min=0.0)
        return code.reshape(*x_NBTS.shape[:3], -1)
