"""Credit carried forward by the simplest trace, met by an error that random feedback brings."""

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
from models.specs.credit.temporal import RfloSpec


@final
class Rflo:
    """Random feedback, local online learning: a trace decays by the unit's leak alone; a random error meets it.

    Update:      e_t = leak e_{t-1} + psi_t x_t, psi_t = (1 - leak) f'(z_t) (lif units: as eprop); dW = -rate * sum_t
                 L_t e_t, L_t the read-out's error of the moment through fixed random weights B
    Information: the presynaptic rate, the unit's own state, the random error of the moment
    Shapes:      e (N, B, S + U, U), of no more than one step at a time; L (N, B, T, U); B like the read-out's weights
    Units:       cost per unit of weight
    Exactness:   the gradient where units hear nothing of the area and B is the read-out's weight; else neither in
                 space nor in time
    Out:         none
    Reference:   Murray (2019) eLife 8:e43299
    """

    def __init__(self, spec: RfloSpec, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """Random feedback for the read-out's pathways."""
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
        unit = Unit(leak_of(spec), self._circuit.act.get(area), self._spec.slope, diagonal=False)
        return traced(area, member, self._circuit, unit, inputs, by)
