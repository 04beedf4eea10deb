"""An area's units vote for a class."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.costs import target
from models.costs.compared import Compared
from models.specs.costs.supervised import CrossEntropySpec


@final
class CrossEntropy(Compared[CrossEntropySpec]):
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

    def price(self, rate_NBTU: Tensor, aim: Tensor) -> Tensor:
        """Surprise of every item and step (N, B, T, 1)."""
        log_q_NBTU = rate_NBTU.log_softmax(dim=-1)
        if aim.dim() == 3:
            return -log_q_NBTU.gather(3, aim.unsqueeze(3))
        p_NBTU = target.values(aim, log_q_NBTU.shape[3]).softmax(dim=-1)
        return -(p_NBTU * log_q_NBTU).sum(dim=-1, keepdim=True)
