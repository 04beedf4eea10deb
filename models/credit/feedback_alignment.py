"""Errors sent back through fixed random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from models.credit.aligned import Aligned, drawn, feedback_address
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.gradient import FeedbackAlignmentSpec


@final
class FeedbackAlignment:
    """The error below an area is sent through fixed random weights B instead of the transposed forward weights.

    Update:      dW_l = -rate * x_{l-1}^T d_l; d_{l-1} = (d_l B_l^T) * f'
    Information: the presynaptic rate, and the error of its own area as B brings it; no other synapse's weight
    Shapes:      B like W, (N, S, U) or (N, out, in, k, k); entries N(0, scale^2 / fan_out)
    Units:       cost per unit of weight
    Exactness:   B := W gives the gradient; the uppermost area of the circuit always gets the gradient
    Out:         the error below the circuit, sent through B
    Reference:   Lillicrap, Cownden, Tweed & Akerman (2016) Nat. Commun. 7:13276; conv: transposed convolution with B
    """

    def __init__(self, spec: FeedbackAlignmentSpec, exact: Synapse) -> None:
        self._spec = spec
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """One B for every weight whose input carries an error."""
        return {}, {
            feedback_address(weight): drawn(draw, weight, shape, self._spec.scale) for weight, shape in shapes.items()
        }

    def synapse(self) -> Synapse:
        """The multiplication with feedback weights."""
        return Aligned(self._exact)
