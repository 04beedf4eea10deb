"""What was done, and what followed: returns that mix rewards and values, by temporal differences."""

from __future__ import annotations

import torch
from torch import Tensor

from models.protocols import Batch, Moment


def taken(moment: Moment, at: str) -> tuple[Tensor, Tensor]:
    """Log probability of what was done, and the entropy of what might have been, each (N, B, T - 1)."""
    log_NBTK = moment.rate[at].flatten(3)[:, :, :-1].log_softmax(dim=-1)
    action_NBT = moment.batch.factors["action"][:, :, :-1]
    done_NBT = log_NBTK.gather(3, action_NBT[..., None])[..., 0]
    return done_NBT, -(log_NBTK.exp() * log_NBTK).sum(dim=-1)


def ahead(batch: Batch, value_NBT: Tensor, discount: float, trace: float, reward_NBT: Tensor | None = None) -> Tensor:
    """Returns G (N, B, T - 1) of every frame but the last, which only lends its value.

    G_t = r_t + discount c_t ((1 - trace) V_{t+1} + trace G_{t+1}), c_t = 0 where the way from t ended an episode, else
    1; G at the last frame is its V; r the world's rewards, if no others are given. Sutton & Barto (2018), section 12.1.
    """
    if reward_NBT is None:
        reward_NBT = batch.factors["reward"]
    goes_on_NBT = 1.0 - batch.factors["done"].to(value_NBT.dtype)
    after, found = value_NBT[:, :, -1], []
    for step in range(value_NBT.shape[2] - 2, -1, -1):
        later = (1.0 - trace) * value_NBT[:, :, step + 1] + trace * after
        after = reward_NBT[:, :, step] + discount * goes_on_NBT[:, :, step] * later
        found.append(after)
    return torch.stack(found[::-1], dim=2)
