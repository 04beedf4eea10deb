"""What comes is told from what might have come, by what was."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.protocols import Moment
from models.specs.costs.statistics import InfonceSpec

_LEAST = 1e-8


@final
class Infonce(Decoding[InfonceSpec]):
    r"""Negative log probability of finding what belongs to an item among what belongs to all items of the batch.

    Formula:    q_bt = h_bt V + c;   s_t(b, b') = <q_bt, x_b't> / (|q_bt| |x_b't| temperature)
                J_n = - mean_{b,t} log( e^{s_t(b, b)} / sum_{b'} e^{s_t(b, b')} ),   x the target: what comes, another
                area, a sense
    Shapes:     rate (N, B, T, U), target (N, B, T, D), V (N, U, D), c (N, 1, D) -> (N,)
    Units:      nats; log B where nothing is known, and log B - J bounds the information from below
    Gradient:   the area's rates and the decoder; none for the target; per_sample: no, items are held against each other
    Development: early, higher visual areas
    Not to be confused with: predict_next, which must foretell every value; here only what sets items apart
    Reference:  van den Oord, Li & Vinyals (2018) arXiv:1807.03748; cosine and temperature: Chen, Kornblith, Norouzi &
                Hinton (2020) ICML
    """

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        aim = self.aim(moment)
        asked = self.decoded(target.during(moment.rate[self.spec.at], aim), moment)
        items, steps = aim.shape[1:3]
        query_XBD, answer_XBD = (_unit(each).transpose(1, 2).flatten(0, 1) for each in (asked, aim))
        score_XBB = torch.bmm(query_XBD, answer_XBD.mT) / self.spec.temperature
        surprise_XB = -score_XBB.log_softmax(dim=2).diagonal(dim1=1, dim2=2)
        return surprise_XB.reshape(-1, steps * items).mean(dim=1)


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=-1, keepdim=True) + _LEAST).sqrt()
