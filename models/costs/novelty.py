"""What is new is sought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.costs.choosing import liked, places
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.intrinsic import NoveltySpec


@final
class Novelty:
    r"""Policy gradient for places that have been met seldom.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   A and G as in curiosity, with
                r_t = 1 / sqrt(N(k_{t+1})),   k the strongest unit of `place`, N(k) how often it was met before this
                update, and once more; each update adds the frames it met but the first of each fragment
    Shapes:     rate (N, B, T, K), place (N, B, T, C), counts (N, C), action, done (N, B, T) -> (N,)
    Units:      nats
    Gradient:   the rates of `at`, as in curiosity; none through the place; per_sample: no (mean and sd over the batch)
    Development: high in infancy; what everybody has met calls nobody any more
    Not to be confused with: the entropy of policy_gradient, which asks for other actions and not for other places
    Reference:  Lisman & Grace (2005) Neuron 46:703; counts: Strehl & Littman (2008) J. Comput. Syst. Sci. 74:1309;
                Bellemare et al. (2016) NeurIPS
    """

    def __init__(self, name: str, spec: NoveltySpec) -> None:
        self.spec = spec
        self._met = f"cost/{name}/met"

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Nothing has been met."""
        count = torch.Size(shapes[self.spec.place]).numel()
        return {}, {self._met: torch.zeros(draw.seeds_N.shape[0], count, dtype=torch.int64)}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        met_NC, place_NBT = moment.own[self._met], places(self.spec.place, moment)
        often_NBT = met_NC.gather(1, place_NBT.flatten(1)).reshape(place_NBT.shape) + 1
        return liked(self.spec, moment, often_NBT.float().rsqrt()).mean(dim=(1, 2))

    def remember(self, moment: Moment) -> Params:
        """Counts, with what was met now."""
        met_NC = moment.own[self._met]
        now_NBTC = functional.one_hot(places(self.spec.place, moment), met_NC.shape[1])
        return {self._met: met_NC + now_NBTC.sum(dim=(1, 2))}
