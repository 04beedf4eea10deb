"""Units that fire single spikes and bursts: the share of bursts tells those below what those above should have done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from models.credit.aligned import drawn, feedback_address
from models.credit.through import Through
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.compartments import BurstSpec

_LEAST = 1e-6
"""Of what a rate leaves to 1; at 1 itself the limit is taken."""


class _Bursts(torch.autograd.Function):
    """Forward base + e W; backward how far bursts of the units below leave their usual share, for each unit of rate."""

    @staticmethod
    def forward(ctx: Any, rate: Tensor, weight: Tensor, base: Tensor, feedback: Tensor, usual: float) -> Tensor:
        ctx.save_for_backward(rate, feedback)
        ctx.base_rows, ctx.usual = base.shape[1], usual
        return torch.baddbmm(base, rate, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        rate, feedback = ctx.saved_tensors
        wants_rate, wants_weight, wants_base, *_ = ctx.needs_input_grad
        down = None
        if wants_rate:
            per_error = ctx.usual * rate.shape[1]
            left = (1.0 - rate).clamp(min=_LEAST)
            apical = torch.bmm(g, feedback.mT) * (-per_error * left)
            # sigmoid(u) - 1/2 bursts more per event; the derivative of the sigmoid follows, so its e (1 - e) is off.
            down = torch.tanh(0.5 * apical) / left * (-0.5 / per_error)
        weight = torch.bmm(rate.mT, g) if wants_weight else None
        base = (g.sum(1, keepdim=True) if ctx.base_rows == 1 else g) if wants_base else None
        return down, weight, base, None, None


@final
class _Multiplexed(Through):
    """Multiplication whose way back is made of bursts; exact where inputs are senses."""

    def __init__(self, exact: Synapse, usual: float) -> None:
        super().__init__(exact)
        self._usual = usual

    def linear(self, x_NMS: Tensor, weight_NSU: Tensor, base: Tensor, address: str, own: Params) -> Tensor:
        """The sum base + x W."""
        feedback = own.get(feedback_address(address))
        if feedback is None:
            return super().linear(x_NMS, weight_NSU, base, address, own)
        return _Bursts.apply(x_NMS, weight_NSU, base, feedback.detach(), self._usual)  # type: ignore[no-any-return, no-untyped-call]


@final
class Burst:
    """A unit's events go up, its bursts come down: fixed weights Y bring changes of bursts to the dendrites below.

    Update:      output: b~ - b = -p0 n d, d the error at its drive; below: u = ((b~ - b) Y^T) (1 - e),
                 b~ - b = (sigmoid(u) - 1/2) e, e the rate; dW = +rate / p0 mean_b x^T (b~ - b)
    Information: the presynaptic rate, its own unit's rate and change of bursts
    Shapes:      Y like W, (N, S, U), entries N(0, scale^2 / fan_out); e, b like rates
    Units:       rates and bursts in events; p0 the output's usual share of bursts, n items of the batch
    Exactness:   the output gets the gradient; as p0 -> 0 feedback_alignment through Y / 4; in between changes of bursts
                 saturate: none is larger than half the unit's events
    Out:         none; pathways into the circuit act as `gradient: block`
    Reference:   Payeur, Guerguiev, Zenke, Richards & Naud (2021) Nat. Neurosci. 24:1010, the rate-based form; there
                 recurrent weights learn to centre u, here u is centred, and all areas learn alike, here over p0
    """

    def __init__(self, spec: BurstSpec, exact: Synapse) -> None:
        self._spec = spec
        self._synapse = _Multiplexed(exact, spec.p0)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One Y for every weight whose input carries an error."""
        return {}, {
            feedback_address(weight): drawn(draw, weight, shape, self._spec.scale) for weight, shape in shapes.items()
        }

    def synapse(self) -> Synapse:
        """The multiplication with bursts on its way back."""
        return self._synapse
