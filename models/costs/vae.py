"""An area says what may have caused its input, and how sure it is."""

from __future__ import annotations

from typing import final

from torch import Tensor

from models.costs import target
from models.costs.decoder import Decoding
from models.protocols import Moment
from models.specs.costs.statistics import VaeSpec


@final
class Vae(Decoding[VaeSpec]):
    r"""Negative evidence lower bound of a linear generative model whose causes the area infers.

    Formula:    the first half of the area's units is m, the second l; q(z) = N(m, exp(l)), z = m + exp(l / 2) e,
                e ~ N(0, 1) new at every presentation and step
                J_n = mean_{b,t} [ sum_d (x_d - (z V + c)_d)^2 / (2 sd^2) + beta * KL ],
                KL(q, N(0, 1)) = 1/2 sum_k ( exp(l_k) + m_k^2 - 1 - l_k )
    Shapes:     rate (N, B, T, 2 Z), target (N, B, T, D), V (N, Z, D), c (N, 1, D) -> (N,)
    Units:      nats per step, less the constant D log(sd sqrt(2 pi)); sums, not means, over d and k, so that both terms
                are of one measure
    Gradient:   the area's rates, through z, and the decoder; none for the target; per_sample: yes
    Development: early; beta above 1 asks for few and independent causes
    Not to be confused with: autoencode, which has no doubt and no prior; at beta 0 doubt vanishes
    Reference:  Kingma & Welling (2014) ICLR; beta: Higgins et al. (2017) ICLR; at the optimum a linear model is
                probabilistic PCA: Lucas, Tucker, Grosse & Norouzi (2019) NeurIPS
    """

    def told(self, units: int) -> int:
        """One number of each cause: a mean and a log variance make one."""
        return units // 2

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        return self._bound(moment).mean(dim=(1, 2))

    def per_sample(self, moment: Moment) -> Tensor:
        """Values (N, B)."""
        return self._bound(moment).mean(dim=2)

    def _bound(self, moment: Moment) -> Tensor:
        """Of every item and step (N, B, T)."""
        rate_NBTU = moment.rate[self.spec.at].flatten(3)
        causes = rate_NBTU.shape[3] // 2
        mean, log_variance = rate_NBTU[..., :causes], rate_NBTU[..., causes : 2 * causes]
        noise = moment.draw.at("vae", self.name).banked(*mean.shape[2:]).to(mean.dtype)
        cause = mean + (0.5 * log_variance).exp() * noise
        aim = self.aim(moment)
        rebuilt = target.during(self.decoded(cause, moment), aim)
        error = (target.values(aim, rebuilt.shape[3]) - rebuilt).square().sum(dim=3)
        divergence = 0.5 * (log_variance.exp() + mean.square() - 1.0 - log_variance).sum(dim=3)
        return error / (2.0 * self.spec.sd**2) + self.spec.beta * target.during(divergence, aim)
