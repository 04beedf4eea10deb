"""Ways of acting that go on for a while: which is begun is chosen above, what is done in each is learned here."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import final

import torch
from torch import Tensor

from models.areas.activation import sigmoid
from models.areas.membrane import carried
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.structures import OptionsSpec

_LEAST = 1e-12
"""Probabilities below it count as this one."""


@final
class Options:
    """K options, each with a policy and a probability to stop; when one stops, `choice` says which begins.

    Dynamics:   [q_k, z_k]_t = b + sum_p x_p,t W_p for each of K options; pi_k,t = softmax(q_k,t) over actions, and
                s(z_k,t), s the logistic function, the probability to stop; mu_t = softmax(c_t), c the choice, over K
                options and then all actions, each done once. With h_k,t-1 the probability that option k was in force,
                p_k,t = (1 - s(z_k,t)) h_k,t-1 + f_t mu_k,t, f_t = 1 - sum_k (1 - s(z_k,t)) h_k,t-1;
                r_a,t = log( sum_k p_k,t pi_k,a,t + f_t mu_K+a,t ), the probability of every action; once a was done,
                h_k,t = p_k,t pi_k,a,t / exp(r_a,t), and p_k,t where nobody tells what was done
    Parameters: area/A/from/SOURCE/weight (N, S, K (U + 1)), U actions of each option, then whether it stops, of all
                sources but choice and efference; area/A/bias (N, 1, K (U + 1)); weights by `init` with fan_in =
                inputs, biases 0 but -lasting of the stops
    Shapes:     inputs (N, B, T, *source units), choice K + U, efference U -> (N, B, T, U); at first no option is in
                force
    Units:      rates in nats, log probabilities
    Rules:      backprop and bptt, and perturbation of weights
    Reference:  Sutton, Precup & Singh (1999) Artif. Intell. 112:181; what option is in force is inferred from what was
                done, so that no draw is hidden and all levels hear one gradient: Smith, van Hoof & Pineau (2018) An
                inference-based policy gradient method for learning options, ICML; Botvinick, Niv & Barto (2009)
                Cognition 113:262
    """

    def __init__(self, name: str, spec: OptionsSpec, inputs: Mapping[str, tuple[int, ...]], fill: Fill) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._fill = fill
        self._count = prod(inputs[spec.choice]) - spec.size
        self._widths = {
            source: prod(units) for source, units in inputs.items() if source not in (spec.choice, spec.efference)
        }
        self._address = {source: f"area/{name}/from/{source}/weight" for source in self._widths}
        self._bias = f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address; options lean to going on."""
        fan_in, wide = sum(self._widths.values()), self._count * (self._spec.size + 1)
        params = {
            address: self._fill(draw.at("parameter", address), (self._widths[source], wide), fan_in)
            for source, address in self._address.items()
        }
        params[self._bias] = torch.zeros(draw.seeds_N.shape[0], 1, wide)
        params[self._bias][..., self._spec.size :: self._spec.size + 1] = -self._spec.lasting
        return params

    def start(self, like: Tensor) -> State:
        """That any option is in force (N, B, K): none is."""
        return (like.new_zeros(*like.shape[:2], self._count),)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        choice, told = (inputs[source].flatten(3) for source in (self._spec.choice, self._spec.efference))
        N, B, T = told.shape[:3]
        drive = by.weight[self._bias]
        for source, address in self._address.items():
            x = inputs[source].reshape(N, B * T, -1)
            drive = by.synapse.linear(x, by.weight[address], drive, address, by.own)
        drive = drive.reshape(N, B, T, self._count, -1)
        policy, goes_on = torch.softmax(drive[..., :-1], dim=-1), sigmoid(-drive[..., -1])
        begun = torch.softmax(choice, dim=-1)
        rates = []
        for step in range(T):
            (held,) = state if step == 0 else carried(state, step, by)
            kept = goes_on[:, :, step] * held
            first = (1.0 - kept.sum(dim=-1, keepdim=True)) * begun[:, :, step]
            there, once = kept + first[..., : self._count], first[..., self._count :]
            ways = there[..., None] * policy[:, :, step]
            likely = (ways.sum(dim=2) + once).clamp(min=_LEAST)
            rates.append(likely.log())
            done = told[:, :, step]
            meant = (ways * done[:, :, None]).sum(dim=3) / (likely * done).sum(dim=2, keepdim=True).clamp(min=_LEAST)
            state = (torch.where(done.sum(dim=2, keepdim=True) > 0, meant, there),)
        return torch.stack(rates, dim=2), state
