"""What was done best in places like this one, remembered at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params, Pass, State
from models.specs.structures import EpisodicControlSpec

_TINY = 1e-12
_SAME = 1.0 - 1e-5
"""Likeness above which two things are one."""
_NEVER = -1e30


@final
class EpisodicControl:
    """The largest return that ever followed an action, kept for every state that was met.

    Dynamics:   Q_a = V_ka of the slot k that holds what is met, else the mean of V_ka over the `nearest` slots by cos;
                r_a = sharpness Q_a / max_a Q_a, 0 where nothing is worth anything; silence and empty slots answer 0.
                After an update, for its steps t but the last of every item: R_t = reward_t + discount (1 - done_t)
                R_t+1, with max_a Q_a of the last step in the place of R there; V_ka <- max(V_ka, R_t) for the slot k of
                what was met at t and the action a that followed. What no slot holds takes the least used, its V first
                0; of more new things than there are slots the first. Use u_k <- fade u_k + [met]
    Parameters: none; kept/A/states (N, K, S), kept/A/values (N, K, A), kept/A/use (N, K), 0 at first, outlast items and
                are in the snapshot
    Shapes:     inputs (N, B, T, *source units), S in all -> (N, B, T, A), A actions
    Units:      V in those of reward, not below 0; rates dimensionless, of a softmax over actions
    Rules:      none teaches it, it keeps what it meets at any plasticity above 0; no error passes below
    Reference:  Lengyel & Dayan (2007) Hippocampal contributions to control: the third way, NIPS; nearest ones after
                Blundell et al. (2016) arXiv:1606.04460; there whole episodes, here fragments that end in what is known
    """

    def __init__(self, name: str, spec: EpisodicControlSpec, inputs: Mapping[str, tuple[int, ...]]) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._name = name
        self._spec = spec
        self._sources = tuple(inputs)
        self._states, self._values, self._use = (f"kept/{name}/{each}" for each in ("states", "values", "use"))

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def contents(self, draw: Draw) -> Params:
        """Empty slots."""
        N, K, spec = draw.seeds_N.shape[0], self._spec.slots, self._spec
        return {
            self._states: torch.zeros(N, K, spec.width),
            self._values: torch.zeros(N, K, spec.size),
            self._use: torch.zeros(N, K),
        }

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, A)."""
        met = self._joined(inputs)
        worth = self._worth(met.flatten(1, 2), by.own)
        best = worth.amax(dim=2, keepdim=True)
        rate = torch.where(best > 0, self._spec.sharpness * worth / best.clamp(min=_TINY), 0.0)
        return rate.reshape(*met.shape[:3], -1).to(met.dtype), state

    def remember(self, moment: Moment) -> Params:
        """States, what their actions are worth, and use, after what was met."""
        own, told = moment.own, moment.batch.factors
        if "reward" not in told or "action" not in told:
            return {}
        met = self._joined(moment.inputs[self._name])
        onward = self._worth(met[:, :, -1], own).amax(dim=2)
        returns = self._returns(told["reward"], told["done"], onward).flatten(1)
        x_NMS, action_NM = met[:, :, :-1].flatten(1, 2), told["action"][:, :, :-1].flatten(1)
        slot_NM, taken_NK = self._placed(x_NMS, own)
        holds_NM = slot_NM >= 0
        slot_NM = slot_NM.clamp(min=0)
        states, values = own[self._states], own[self._values]
        fresh = taken_NK >= 0
        offered = x_NMS.gather(1, taken_NK.clamp(min=0)[..., None].expand(-1, -1, x_NMS.shape[2]))
        values = torch.where(fresh[..., None], 0.0, values).flatten(1)
        worth_NM = torch.where(holds_NM, returns, 0.0)
        values = values.scatter_reduce(1, slot_NM * self._spec.size + action_NM, worth_NM, "amax")
        met_NK = torch.zeros_like(own[self._use]).scatter_reduce(1, slot_NM, holds_NM.to(x_NMS.dtype), "amax")
        return {
            self._states: torch.where(fresh[..., None], offered, states),
            self._values: values.reshape(own[self._values].shape),
            self._use: self._spec.fade * torch.where(fresh, 0.0, own[self._use]) + met_NK,
        }

    def _returns(self, reward_NBT: Tensor, done_NBT: Tensor, onward_NB: Tensor) -> Tensor:
        """What followed every step but the last (N, B, T - 1)."""
        found = []
        for step in reversed(range(reward_NBT.shape[2] - 1)):
            goes_on = 1.0 - done_NBT[:, :, step].to(onward_NB.dtype)
            onward_NB = reward_NBT[:, :, step] + self._spec.discount * goes_on * onward_NB
            found.append(onward_NB)
        return torch.stack(found[::-1], dim=2)

    def _placed(self, x_NMS: Tensor, own: Params) -> tuple[Tensor, Tensor]:
        """The slot (N, M) of each thing, -1 if it has none; which thing (N, K) each slot takes anew, -1 if none."""
        unit = _of_length_one(x_NMS)
        alike = torch.bmm(unit, _of_length_one(own[self._states]).mT)
        known_NM, place_NM = (alike > _SAME).any(dim=2), alike.argmax(dim=2)
        first_NM = (torch.bmm(unit, unit.mT) > _SAME).long().argmax(dim=2)
        order = torch.arange(x_NMS.shape[1])
        heard_NM = (x_NMS != 0).any(dim=2)
        fresh_NM = heard_NM & ~known_NM & (first_NM == order)
        rank_NM = fresh_NM.long().cumsum(dim=1) - 1
        busy_NK = torch.zeros_like(own[self._use]).scatter_reduce(1, place_NM, known_NM.to(x_NMS.dtype), "amax")
        # What was met just now is not given away while any other slot is left.
        least_NK = (own[self._use] + busy_NK * (own[self._use].amax(dim=1, keepdim=True) + 1.0)).argsort(
            dim=1, stable=True
        )
        takes_NM = fresh_NM & (rank_NM < self._spec.slots)
        slot_NM = torch.where(takes_NM, least_NK.gather(1, rank_NM.clamp(0, self._spec.slots - 1)), -1)
        taken_NK = torch.full_like(least_NK, -1)
        lives, things = takes_NM.nonzero(as_tuple=True)
        taken_NK[lives, slot_NM[lives, things]] = things
        slot_NM = torch.where(known_NM, place_NM, slot_NM.gather(1, first_NM))
        gone_NM = known_NM & (taken_NK.gather(1, place_NM) >= 0)
        return torch.where(gone_NM | ~heard_NM, -1, slot_NM), taken_NK

    def _worth(self, x_NMS: Tensor, own: Mapping[str, Tensor]) -> Tensor:
        """What actions are worth (N, M, A)."""
        states, values = own[self._states], own[self._values]
        alike = torch.bmm(_of_length_one(x_NMS.to(states.dtype)), _of_length_one(states).mT)
        used_NK = (states != 0).any(dim=2)
        alike = torch.where(used_NK[:, None], alike, _NEVER)
        like, which = alike.topk(min(self._spec.nearest, self._spec.slots), dim=2)
        there = (like > _NEVER).to(values.dtype)
        there = torch.where(like[..., :1] > _SAME, (like > _SAME).to(values.dtype), there)
        near = values.gather(1, which.flatten(1)[..., None].expand(-1, -1, values.shape[2]))
        near = near.reshape(*which.shape, -1) * there[..., None]
        return near.sum(dim=2) / there.sum(dim=2, keepdim=True).clamp(min=1.0)

    def _joined(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([inputs[source].detach().flatten(3) for source in self._sources], dim=-1)


def _of_length_one(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=-1, keepdim=True) + _TINY).sqrt()
