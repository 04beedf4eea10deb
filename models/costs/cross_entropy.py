"""An area's units vote for a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.supervised import CrossEntropySpec


@final
class CrossEntropy:
    r"""Negative log probability of the target class under a softmax over the area's units.

    Formula:    J_n = - mean_{b,t} log q_nbt[y_nbt],   q = softmax_u(h_nbtu);
                a target of values v: J_n = - mean_{b,t} sum_u softmax(v)_u log q_u
    Shapes:     rate (N, B, T, U), label (N, B, T) or values (N, B, T, U) -> (N,)
    Units:      nats; at equal outputs log U
    Gradient:   the area's rates: (q - onehot(y)) / (B T); per_sample: yes
    Development: late, once the areas below carry the classes; a taught area can be the teacher of the next
    Not to be confused with: mse on one-hot labels, whose error fades where the outputs saturate
    Reference:  Bridle (1990) Probabilistic interpretation of feedforward classification network outputs
    """

    def __init__(self, name: str, spec: CrossEntropySpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns a template, if that is its target."""
        return {}, target.born(self.spec.target, self.name, shapes, draw)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return target.mean(self._surprise(moment), self.spec.target, moment)

    def target(self, moment: Moment) -> Tensor:
        """Classes (N, B, T), or values (N, B, T, D)."""
        units = moment.rate[self.spec.at].flatten(3).shape[3]
        return target.read(self.spec.target, self.name, self._sense, moment, units)

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return target.by_item(self._surprise(moment), self.spec.target, moment)

    def _surprise(self, moment: Moment) -> Tensor:
        """Of every item and step, (N, B, T, 1)."""
        aim = self.target(moment)
        log_q_NBTU = target.during(moment.rate[self.spec.at].flatten(3), aim).log_softmax(dim=-1)
        if aim.dim() == 3:
            return -log_q_NBTU.gather(3, aim.unsqueeze(3))
        p_NBTU = target.values(aim, log_q_NBTU.shape[3]).softmax(dim=-1)
        return -(p_NBTU * log_q_NBTU).sum(dim=-1, keepdim=True)
