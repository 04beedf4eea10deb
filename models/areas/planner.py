"""What follows from where, kept apart from what is to be had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params, Pass, State
from models.specs.structures import PlannerSpec


@final
class Planner:
    """The successor representation: when rewards move, values follow at once.

    Dynamics:   V = x M w, or x M; M_ss' is how often s' follows s, discounted, w_s the reward of leaving s.
                After an update, over its steps t but the last of every item, with c_t = 0 at the end of an episode:
                M <- M + eta rate (sum_t x_t (x_t + discount c_t x_{t+1} M - x_t M)) / n_s,
                w <- w + eta reward_rate (sum_t x_t (reward_t - x_t w)) / n_s,  n_s = max(1, sum_t x_ts),
                eta the plasticity of the area; where the world gives no rewards w stands still
    Parameters: none; kept/A/successors (N, S, S), the identity at first, and kept/A/rewards (N, S), 0, outlast items
    Shapes:     inputs (N, B, T, *source units), S places in all, one of them 1 -> (N, B, T, 1), or (N, B, T, S)
    Units:      V in those of reward, M in visits
    Rules:      none teaches it, it keeps what it meets; errors pass below by backprop and bptt
    Reference:  Dayan (1993) Neural Comput. 5:613; as a map of places Stachenfeld, Botvinick & Gershman (2017) Nat.
                Neurosci. 20:1643; here the steps of a batch are averaged for every place
    """

    def __init__(self, name: str, spec: PlannerSpec, inputs: Mapping[str, tuple[int, ...]]) -> None:
        self.shape: tuple[int, ...] = (1,) if spec.read == "value" else (spec.size,)
        self._name = name
        self._spec = spec
        self._sources = tuple(inputs)
        self._map, self._worth = f"kept/{name}/successors", f"kept/{name}/rewards"

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def contents(self, draw: Draw) -> Params:
        """Every place is followed by itself alone, and nothing is to be had."""
        N, S = draw.seeds_N.shape[0], self._spec.size
        return {self._map: torch.eye(S).repeat(N, 1, 1), self._worth: torch.zeros(N, S)}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, 1) or (N, B, T, S)."""
        x = self._joined(inputs)
        following = torch.bmm(x.flatten(1, 2), by.own[self._map].to(x.dtype)).reshape(x.shape)
        if self._spec.read == "successors":
            return following, state
        return (following * by.own[self._worth][:, None, None]).sum(dim=-1, keepdim=True), state

    def remember(self, moment: Moment) -> Params:
        """The map and the rewards after what was met."""
        x, told = self._joined(moment.inputs[self._name]).detach(), moment.batch.factors
        here, there = x[:, :, :-1].flatten(1, 2), x[:, :, 1:].flatten(1, 2)
        after, pace = moment.own[self._map], moment.pace[self._name]
        goes_on = 1.0 - told["done"][:, :, :-1].flatten(1, 2).to(x.dtype) if "done" in told else x.new_ones(1, 1)
        error = here + self._spec.discount * goes_on[..., None] * torch.bmm(there, after) - torch.bmm(here, after)
        share = here / here.sum(dim=1, keepdim=True).clamp(min=1.0)
        rate = (self._spec.rate * pace)[:, None, None]
        kept = {self._map: after + rate * torch.bmm(share.mT, error)}
        if "reward" in told:
            worth = moment.own[self._worth]
            lacks = told["reward"][:, :, :-1].flatten(1, 2) - (here * worth[:, None]).sum(dim=-1)
            moved = (share * lacks[..., None]).sum(dim=1)
            kept[self._worth] = worth + (self._spec.reward_rate * pace)[:, None] * moved
        return kept

    def _joined(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([inputs[source].flatten(3) for source in self._sources], dim=-1)
