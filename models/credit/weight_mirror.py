"""Feedback weights that learn to mirror the forward weights from what noise does to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.credit.aligned import Aligned, drawn, feedback_address
from models.crediting import Judge
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.credit.gradient import WeightMirrorSpec


@final
class WeightMirror:
    """Errors go down through B; beside every batch, noise sent through W shows B what W is.

    Update:      dW_l = -rate * x_{l-1}^T d_l, d_{l-1} = (d_l B_l^T) * f'; dB_l = -own * (B_l - xi^T (xi W_l) / draws),
                 xi ~ N(0, 1) (draws, S), own = `rate` of the rule x plasticity; plain steps whatever the optimizer
    Information: W: the presynaptic rate and the error of its own area as B brings it; B: the noise at one end and
                 what W makes of it at the other
    Shapes:      B like W, (N, S, U) or (N, out, in, k, k); at first N(0, 1 / fan_out)
    Units:       W: cost per unit of weight; B: units of weight
    Exactness:   the mean of B tends to W; the angle that is left falls with the square root of rate / draws
    Out:         the error below the circuit, sent through B
    Reference:   Akrout, Wilson, Humphreys, Lillicrap & Tweed (2019) NeurIPS 32:976; here B decays to the mean of
                 the products instead of adding them up under a norm, and noise passes W alone, without bias and f
    """

    alone = False

    def __init__(self, spec: WeightMirrorSpec, exact: Synapse) -> None:
        self._spec = spec
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One B for every weight whose input carries an error; it learns."""
        return {feedback_address(weight): drawn(draw, weight, shape) for weight, shape in shapes.items()}, {}

    def synapse(self) -> Synapse:
        """The multiplication with feedback weights."""
        return Aligned(self._exact)

    def teaches(self, address: str) -> bool:
        """Everything."""
        return True

    def steer(self, found: Params, moment: Moment, judge: Judge | None) -> Params:
        """Where every B goes whose forward weight learns."""
        more: Params = {}
        for name in found:
            feedback = moment.own.get(feedback_address(name))
            if feedback is not None:
                more[feedback_address(name)] = feedback.detach() - self._shown(name, moment)
        return more

    def _shown(self, name: str, moment: Moment) -> Tensor:
        """What noise says of a weight, like the weight."""
        assert moment.draw.index_NB is not None
        weight = moment.weight[name].detach()
        matrix_NSU = weight if weight.dim() == 3 else weight.flatten(2).mT
        draw = moment.draw.indexed(moment.draw.index_NB[:, :1]).at("rule", f"{feedback_address(name)}/noise")
        xi_NDS = draw.normal(self._spec.draws, matrix_NSU.shape[1]).squeeze(1)
        shown_NSU = torch.bmm(xi_NDS.mT, torch.bmm(xi_NDS, matrix_NSU)) / self._spec.draws
        return shown_NSU if weight.dim() == 3 else shown_NSU.mT.reshape(weight.shape)
