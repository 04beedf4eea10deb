"""What was done for its own sake: probabilities of it, and how it is made more or less likely."""

from __future__ import annotations

from torch import Tensor

from models.costs import target
from models.costs.returns import ahead, taken
from models.protocols import Moment
from models.specs.costs.intrinsic import IntrinsicCost, PredictedBase

_ALIKE = 1e-6
"""Below this standard deviation all actions brought the same."""


def liked(spec: IntrinsicCost, moment: Moment, reward_NBT: Tensor) -> Tensor:
    """Loss (N, B, T - 1) of every action, by what each brought (N, B, T - 1).

    -A log p(a) - entropy H(p), A = (G - mean G) / sd G, G the rewards of the fragment from there on, mean and sd over
    batch and steps: what is done is weighed against what else was, whatever the units. An action that ended an episode
    brought what nobody sees: it counts for nothing.
    """
    log_NBT, entropy_NBT = taken(moment, spec.at)
    seen_NBT = 1.0 - moment.batch.factors["done"][:, :, :-1].to(log_NBT.dtype)
    nothing = moment.batch.factors["reward"].new_zeros(moment.batch.factors["reward"].shape)
    gain_NBT = ahead(moment.batch, nothing, spec.discount, 1.0, reward_NBT * seen_NBT)
    count_N = seen_NBT.sum(dim=(1, 2)).clamp(min=1.0)
    mean_N = (gain_NBT * seen_NBT).sum(dim=(1, 2)) / count_N
    apart_NBT = (gain_NBT - mean_N[:, None, None]) * seen_NBT
    sd_N = (apart_NBT.square().sum(dim=(1, 2)) / count_N).sqrt()
    advantage_NBT = apart_NBT / sd_N.clamp(min=_ALIKE)[:, None, None]
    return -advantage_NBT * log_NBT - spec.entropy * entropy_NBT


def surprise(spec: PredictedBase, name: str, sense: str, moment: Moment) -> Tensor:
    """Squared error (N, B, T - 1), mean over what is foretold, of the step that each action led to."""
    aim_NBTD = target.read(spec.target, name, sense, moment)
    told_NBTD = moment.said(spec.model).detach().flatten(3)
    error_NBT = (target.during(told_NBTD, aim_NBTD) - aim_NBTD).square().mean(dim=3)
    return error_NBT if aim_NBTD.shape[2] < told_NBTD.shape[2] else error_NBT[:, :, 1:]


def places(where: str, moment: Moment) -> Tensor:
    """Where each action led, (N, B, T - 1): the strongest unit of an area or sense."""
    return moment.said(where)[:, :, 1:].detach().flatten(3).argmax(dim=3)
