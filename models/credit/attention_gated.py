"""Reward tells whether the chosen action was right; attention, going back from it, tells which synapses it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.crediting import Circuit, Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.reward import AttentionGatedSpec

_SURE = 1e-2
"""Keeps the effect of a reward finite that was almost certain not to come."""


@final
class AttentionGated:
    """An action is drawn from the output's softmax; the reward it brings teaches what fed it, and nothing else.

    Update:      a ~ p = softmax(h_L), r = 1 where a is the target, else 0; linear: q = r - p_a; expansive:
                 q = min((1 - p_a) / (p_a + .01), cap) where rewarded, else -1; dW_l = +rate * h_{l-1}^T d_l with
                 d_L = q onehot(a), d_{l-1} = (d_l W_l^T) * f', batch means at the cost's weight
    Information: the presynaptic rate, one number q for all, and the feedback that reaches its own unit from the action
    Shapes:      q (N, B, T), d_l (N, M, U)
    Units:       that of cross entropy: nats per unit of weight
    Exactness:   linear: averaged over actions the output's error is p (p - y), element by element; a certain action
                 that is rewarded changes nothing
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Roelfsema & van Ooyen (2005) Neural Comput. 17:2176; there the output is winner-take-all with one
                 winner drawn from a softmax, as here; expansive is their function of the global error, capped
    """

    cuts = False

    def __init__(self, spec: AttentionGatedSpec, circuit: Circuit, exact: Synapse) -> None:
        (self._end,) = circuit.ends
        self._spec = spec
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication: attention goes back through the forward weights."""
        return self._exact

    def aim(self, judge: Judge, weight_N: Tensor, moment: Moment) -> Tensor:
        """A value whose gradient at the output is what was learned from the reward."""
        logits = moment.rate[self._end]
        with torch.no_grad():
            p_NBTK = logits.softmax(dim=-1)
            action = self._drawn(p_NBTK, moment.draw)
            p_a = p_NBTK.gather(3, action.unsqueeze(3)).squeeze(3)
            rewarded = action == judge.target(moment)
            if self._spec.expansive:
                gained = ((1.0 - p_a) / (p_a + _SURE)).clamp(max=self._spec.cap)
                q = torch.where(rewarded, gained, -1.0)
            else:
                q = rewarded.to(p_a.dtype) - p_a
            pull = q.unsqueeze(3) * functional.one_hot(action, p_NBTK.shape[3])
        return -weight_N * (pull * logits).sum(dim=3).mean(dim=(1, 2))

    def _drawn(self, p_NBTK: Tensor, draw: Draw) -> Tensor:
        """Actions (N, B, T): the class at which the cumulated probability passes a uniform draw."""
        level = draw.at("rule", f"{self._end}/action").uniform(p_NBTK.shape[2], 1)
        return (p_NBTK.cumsum(dim=3) < level).sum(dim=3).clamp(max=p_NBTK.shape[3] - 1)
