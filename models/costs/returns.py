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


def chosen(moment: Moment, at: str) -> tuple[Tensor, Tensor]:
    """Log probability of what an area chose inside, and the entropy of what it might have, each (N, B, T)."""
    logits_NBTK, choice_NBT = moment.choice(at)
    log_NBTK = logits_NBTK.log_softmax(dim=-1)
    return log_NBTK.gather(3, choice_NBT[..., None])[..., 0], -(log_NBTK.exp() * log_NBTK).sum(dim=-1)


def beyond_others(moment: Moment, answer: str, discount: float) -> Tensor:
    """How much more each item brings from every step on (N, B, T) than the others of its batch do, on average.

    Reward is 1 where the strongest unit of the answer is the label, else 0.
    """
    assert moment.batch.label is not None
    told_NBT = moment.said(answer).detach().flatten(3).argmax(dim=3)
    gain, found = torch.zeros_like(told_NBT[:, :, 0], dtype=torch.get_default_dtype()), []
    for right in (told_NBT == moment.batch.label).flip(2).unbind(2):
        gain = right.to(gain.dtype) + discount * gain
        found.append(gain)
    gain_NBT = torch.stack(found[::-1], dim=2)
    others = gain_NBT.shape[1] - 1
    return (gain_NBT - gain_NBT.mean(dim=1, keepdim=True)) * ((others + 1) / max(1, others))


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
