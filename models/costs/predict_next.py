"""An area knows what comes next."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.protocols import Moment
from models.specs.costs.statistics import PredictNextSpec


@final
class PredictNext(Decoding[PredictNextSpec]):
    r"""Error of a learned linear prediction of what comes some steps later, from what the area has heard so far.

    Formula:    p_nbt = h_nbt V + c;   error squared: J_n = mean_{b,t,d} (x_nb,t+k,d - p_nbtd)^2,   k the horizon;
                error surprise: J_n = - mean_{b,t} sum_d x_nb,t+k,d log softmax(p_nbt)_d,   x probabilities of symbols
    Shapes:     rate (N, B, T, U), target (N, B, T - k, D), V (N, U, D), c (N, 1, D) -> (N,); the last k steps of an
                item have nothing to predict
    Units:      squared units of the target; nats per step
    Gradient:   the area's rates and the decoder; none for the target; per_sample: yes
    Development: everywhere and always, wherever the world goes on by itself
    Not to be confused with: autoencode, which rebuilds what is there; slow_feature, whose prediction is that nothing
                changes
    Reference:  O'Reilly, Wyatte & Rohrlich (2014) arXiv:1407.3432; Elman (1990) Cogn. Sci. 14:179
    """

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._error(moment).mean(dim=(1, 2, 3))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._error(moment).mean(dim=(2, 3))

    def _error(self, moment: Moment) -> Tensor:
        """Of every value (N, B, T - k, D), or of every step (N, B, T - k, 1)."""
        aim = self.aim(moment)
        rate = target.during(moment.rate[self.spec.at], aim)
        predicted_NBTD = self.decoded(rate, moment)
        if self.spec.error == "squared":
            return (aim - predicted_NBTD).square()
        return -(aim * predicted_NBTD.log_softmax(dim=-1)).sum(dim=-1, keepdim=True)
