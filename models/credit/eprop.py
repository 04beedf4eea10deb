"""Credit carried forward: every synapse keeps a trace of what it did, and the error of the moment is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.credit.aligned import Aligned, drawn, feedback_address
from models.credit.eligible import Unit, traced
from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Area, Params, Pass, Synapse
from models.specs.areas import leak_of
from models.specs.credit.temporal import EpropSpec


@final
class Eprop:
    """Traces of recurrent synapses are carried forward in time; each moment's error at the units meets them.

    Update:      rate units: e_t = (leak + psi_t R_jj) e_{t-1} + psi_t x_t, psi_t = (1 - leak) f'(z_t); lif units:
                 s_t = leak s_{t-1} + x_t, e_t = psi_t s_t, psi_t = 1 / (1 + slope |v_t - 1|)^2; x_t what arrives, from
                 sources and from the area one step before; dW = -rate * sum_t L_t e_t, L_t the error at the rates of
                 that moment; areas of the circuit without recurrence get the gradient of each moment
    Information: the presynaptic rate, the unit's own state and self-weight, the error of the moment
    Shapes:      e (N, B, S + U, U), of no more than one step at a time; L (N, B, T, U)
    Units:       cost per unit of weight
    Exactness:   bptt where units hear only themselves, and the feedback is symmetric; else the credit that would pass
                 other units in time is missing
    Out:         none
    Reference:   Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass (2020) Nat. Commun. 11:3625; there a leaky
                 read-out filters traces, here the read-out is an area of its own
    """

    def __init__(self, spec: EpropSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Random feedback for the read-out's pathways, if it is asked for."""
        if self._spec.feedback == "symmetric":
            return {}, {}
        pathways = {each: shape for each, shape in shapes.items() if "/from/" in each}
        return {}, {feedback_address(each): drawn(draw, each, shape) for each, shape in pathways.items()}

    def synapse(self) -> Synapse:
        """That of the read-out."""
        return Aligned(self._exact)

    def run(self, area: str, member: Area, inputs: Mapping[str, Tensor], by: Pass) -> Tensor:
        """Rates (N, B, T, U); those of a recurrent area with its traces."""
        spec = self._circuit.spec[area]
        if spec.kind != "recurrent":
            return member.apply(inputs, member.start(next(iter(inputs.values()))), by)[0]
        unit = Unit(leak_of(spec), self._circuit.act.get(area), self._spec.slope, diagonal=True)
        return traced(area, member, self._circuit, unit, inputs, by)
