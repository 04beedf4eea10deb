"""Two senses that agree on what there is, without a name for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.properties import CrossModalSpec


@final
class CrossModal:
    r"""Cross entropy of an area's classes with those another sense votes for, less the entropy of their use.

    Formula:    J_n = - mean_{b,t} sum_u q_nbtu log p_nbtu - balance H(mean_{b,t} p_nbt),   p = softmax_u(h_nbt),
                q = softmax_u((v_nbt - mean_{b,t} v_nbt) / temperature), v the target, H(p) = - sum_u p_u log p_u. A
                cost at either area makes CE(p_v, p_a) + CE(p_a, p_v)
    Shapes:     rate (N, B, T, U), target (N, B, T, U) -> (N,)
    Units:      nats; (1 - balance) log U where nothing is told, least -balance log U: all agree, on U classes alike
    Gradient:   the area's rates; none for the target: the other sense learns by a cost of its own; per_sample: no (the
                mean over the batch is inside the entropy)
    Development: auditory and visual areas together, after each has learned alone; no label is needed
    Not to be confused with: cross_entropy with an area as target, which one class for everything satisfies; imax, of
                numbers
    Reference:  de Sa (1994) Learning classification with unlabeled data, NIPS 6: there the other's winner is the label
                (temperature near 0), and a first stage alone keeps classes apart; votes less their mean: Caron et al.
                (2021) ICCV; the entropy of their use: Assran et al. (2022) ECCV
    """

    def __init__(self, name: str, spec: CrossModalSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Owns nothing."""
        return {}, {}

    def target(self, moment: Moment) -> Tensor:
        """What the other sense says (N, B, T, U)."""
        return target.read(self.spec.target, self.name, self._sense, moment)

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        other_NBTU = self.target(moment)
        rate_NBTU = target.during(moment.rate[self.spec.at].flatten(3), other_NBTU)
        besides_NBTU = other_NBTU - other_NBTU.mean(dim=(1, 2), keepdim=True)
        vote_NBTU = (besides_NBTU / self.spec.temperature).softmax(dim=-1)
        log_NBTU = rate_NBTU.log_softmax(dim=-1)
        apart_N = -(vote_NBTU * log_NBTU).sum(dim=-1).mean(dim=(1, 2))
        use_NU = log_NBTU.exp().mean(dim=(1, 2))
        balance: Tensor = torch.special.entr(use_NU).sum(dim=1)
        return apart_N - self.spec.balance * balance
