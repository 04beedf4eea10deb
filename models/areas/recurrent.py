"""Units that hear themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import assert_never, final

import torch
from torch import Tensor
from torch.nn import functional

from models.areas.activation import sigmoid
from models.areas.membrane import Membrane, carried
from models.draw import Draw
from models.protocols import Fill, Params, Pass, State
from models.specs.areas import GATES, RecurrentSpec, leak_of


@final
class Recurrent:
    """Units whose rates of one time step are part of what drives them in the next.

    Dynamics:   z_t = b + sum_p x_p,t W_p + r_{t-1} R
                rnn:  r_t = leak r_{t-1} + (1 - leak) f(norm(z_t)); act lif: v_t = leak v_{t-1} + z_t - r_{t-1},
                r_t = [v_t > 1]
                gru:  s, u of z; n_t = f(z^n_x + s (r_{t-1} R^n)); r_t = u r_{t-1} + (1 - u) n_t
                lstm: i, g, c, o of z; k_t = s(g) k_{t-1} + s(i) f(c); r_t = s(o) f(k_t); s the logistic function
    Parameters: area/A/from/SOURCE/weight (N, S, G U), area/A/recurrent/weight (N, U, G U), area/A/bias (N, 1, G U);
                G = 1 for rnn, 3 for gru (s, u, n), 4 for lstm (i, g, c, o); weights by `init` with fan_in = inputs and
                units, biases 0 but 1 for what an lstm keeps
    Shapes:     inputs (N, B, T, *source units) -> (N, B, T, U); before the first step all rates are 0
    Units:      rates dimensionless; of units that spike, spikes per time step
    Rules:      those that see time (bptt, eprop, rflo, surrogate_gradient), backprop, perturbation
    Reference:  Elman (1990) Cogn. Sci. 14:179; Cho et al. (2014) EMNLP; Hochreiter & Schmidhuber (1997) Neural Comput.
                9:1735; Gers, Schmidhuber & Cummins (2000) Neural Comput. 12:2451 for the bias of what is kept
    """

    def __init__(
        self,
        name: str,
        spec: RecurrentSpec,
        inputs: Mapping[str, tuple[int, ...]],
        fill: Fill,
    ) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._spec = spec
        self._wide = GATES[spec.cell] * spec.size
        self._membrane = Membrane(spec)
        self._leak = leak_of(spec)
        self._fill = fill
        self._widths = {source: math.prod(units) for source, units in inputs.items()}
        self._address = {source: f"area/{name}/from/{source}/weight" for source in inputs}
        self._own, self._bias = f"area/{name}/recurrent/weight", f"area/{name}/bias"

    def init(self, draw: Draw) -> Params:
        """Weights by address, biases 0."""
        fan_in = sum(self._widths.values()) + self._spec.size
        rows = {self._address[source]: width for source, width in self._widths.items()} | {self._own: self._spec.size}
        params = {
            address: self._fill(draw.at("parameter", address), (width, self._wide), fan_in)
            for address, width in rows.items()
        }
        if self._spec.bias:
            params[self._bias] = torch.zeros(draw.seeds_N.shape[0], 1, self._wide)
            if self._spec.cell == "lstm":
                params[self._bias][..., self._spec.size : 2 * self._spec.size] = 1.0
        return params

    def start(self, like: Tensor) -> State:
        """Rates (N, B, U) 0; of an lstm what is kept, of lif units their potential, beside them."""
        if self._membrane.spikes:
            return self._membrane.start(like, self.shape)
        rest = like.new_zeros(*like.shape[:2], self._spec.size)
        return (rest, rest) if self._spec.cell == "lstm" else (rest,)

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        first = next(iter(inputs.values()))
        N, B, T = first.shape[:3]
        z = by.weight[self._bias] if self._spec.bias else first.new_zeros(N, 1, self._wide)
        for source, address in self._address.items():
            z = by.synapse.linear(inputs[source].reshape(N, B * T, -1), by.weight[address], z, address, by.own)
        rates = []
        for step, drive in enumerate(z.reshape(N, B, T, -1).unbind(2)):
            state = state if step == 0 else carried(state, step, by)
            rate, state = self._step(drive, state, by)
            rates.append(rate)
        return torch.stack(rates, dim=2), state

    def _step(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, U) and state after one step of a drive (N, B, G U)."""
        match self._spec.cell:
            case "rnn":
                return self._plain(drive, state, by)
            case "gru":
                return self._gru(drive, state, by)
            case "lstm":
                return self._lstm(drive, state, by)
            case _:
                assert_never(self._spec.cell)

    def _heard(self, rate: Tensor, base: Tensor, by: Pass) -> Tensor:
        """The sum base + r R."""
        return by.synapse.linear(rate, by.weight[self._own], base, self._own, by.own)

    def _plain(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        before = state[-1]
        z = self._heard(before, drive, by)
        if self._spec.norm == "layer":
            z = functional.layer_norm(z, z.shape[-1:])
        if self._membrane.spikes:
            return self._membrane.beat(z, state, by)
        (rate, _) = self._membrane.fire(z, (), by)
        if self._leak:
            rate = self._leak * before + (1.0 - self._leak) * rate
        return rate, (rate,)

    def _gru(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        (before,) = state
        reset_x, update_x, new_x = drive.chunk(3, dim=-1)
        reset_r, update_r, new_r = self._heard(before, torch.zeros_like(drive[:, :1]), by).chunk(3, dim=-1)
        reset, update = sigmoid(reset_x + reset_r), sigmoid(update_x + update_r)
        new, _ = self._membrane.fire(new_x + reset * new_r, (), by)
        rate = update * before + (1.0 - update) * new
        return rate, (rate,)

    def _lstm(self, drive: Tensor, state: State, by: Pass) -> tuple[Tensor, State]:
        kept, before = state
        let_in, keep, offered, shown = self._heard(before, drive, by).chunk(4, dim=-1)
        offer, _ = self._membrane.fire(offered, (), by)
        kept = sigmoid(keep) * kept + sigmoid(let_in) * offer
        out, _ = self._membrane.fire(kept, (), by)
        rate = sigmoid(shown) * out
        return rate, (kept, rate)
