"""Where much can be done is sought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.costs.choosing import liked, places
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.intrinsic import EmpowermentSpec


@final
class Empowerment:
    r"""Policy gradient for places from which many places can be reached.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   A and G as in curiosity, with
                r_t = E(k_{t+1}),   E(k) = log2 of the number of places in which `horizon` actions from k can end, 0 if
                none is known: the capacity max_w I(a_1..a_horizon; k) of a world that answers alike each time. Known is
                where each action last led from each place; of several places in one update, the one of the highest
                number
    Shapes:     rate (N, B, T, K), place (N, B, T, C), where actions led (N, C, K), action, done (N, B, T) -> (N,)
    Units:      nats; E in bits
    Gradient:   the rates of `at`, as in curiosity; none through the place; per_sample: no (mean and sd over the batch)
    Development: after what can be done has been tried
    Not to be confused with: novelty, which seeks places for their own sake
    Reference:  Klyubin, Polani & Nehaniv (2005) IEEE Congress on Evolutionary Computation, 128
    """

    def __init__(self, name: str, spec: EmpowermentSpec) -> None:
        self.spec = spec
        self._led = f"cost/{name}/led"

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Nothing has been tried: -1."""
        count, actions = (torch.Size(shapes[name]).numel() for name in (self.spec.place, self.spec.at))
        return {}, {self._led: torch.full((draw.seeds_N.shape[0], count, actions), -1, dtype=torch.int64)}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        bits_NC = bits(moment.own[self._led], self.spec.horizon)
        place_NBT = places(self.spec.place, moment)
        reward_NBT = bits_NC.gather(1, place_NBT.flatten(1)).reshape(place_NBT.shape)
        return liked(self.spec, moment, reward_NBT).mean(dim=(1, 2))

    def remember(self, moment: Moment) -> Params:
        """Where actions led, with what was tried now."""
        led_NCK = moment.own[self._led]
        there_NBT = places(self.spec.place, moment)
        here_NBT = moment.said(self.spec.place)[:, :, :-1].flatten(3).argmax(dim=3)
        action_NBT, done_NBT = (moment.batch.factors[name][:, :, :-1] for name in ("action", "done"))
        way_NX = (here_NBT * led_NCK.shape[2] + action_NBT).flatten(1)
        found_NX = torch.where(done_NBT == 0, there_NBT, -1).flatten(1)
        now_N = torch.full_like(led_NCK.flatten(1), -1).scatter_reduce(1, way_NX, found_NX, "amax")
        now_NCK = now_N.reshape(led_NCK.shape)
        return {self._led: torch.where(now_NCK >= 0, now_NCK, led_NCK)}


def bits(led_NCK: Tensor, horizon: int) -> Tensor:
    """Log2 of how many places so many actions can end in, from every place (N, C); 0 where none is known."""
    places_ = led_NCK.shape[1]
    can_NCC = functional.one_hot(led_NCK + 1, places_ + 1)[..., 1:].amax(dim=2).float()
    reached_NCC = torch.eye(places_).expand_as(can_NCC)
    for _ in range(horizon):
        reached_NCC = (torch.bmm(reached_NCC, can_NCC) > 0).float()
    return reached_NCC.sum(dim=2).clamp(min=1.0).log2()
