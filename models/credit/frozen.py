"""A circuit that never learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from models.crediting import CreditRule
from models.draw import Draw
from models.protocols import Params, Synapse


@final
class Frozen:
    """Nothing moves; errors pass through as under the rule it stands in for.

    Update:      none: the plasticity of its areas is 0 for life
    Information: none
    Shapes:      no parameters in, none out
    Units:       none
    Exactness:   hidden parameters stay bit-identical to birth
    Out:         the gradient at the circuit's inputs
    Reference:   none; the control that a claim about any rule needs, under the same dynamics
    """

    def __init__(self, through: CreditRule) -> None:
        self._through = through

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """That of the rule it stands in for."""
        return self._through.synapse()
