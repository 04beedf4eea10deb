"""The gradient through time, whole or in windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.credit.through import Through
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.temporal import BpttSpec


@final
class Windowed(Through):
    """Exact multiplication; states and late messages lose their errors on the border of every window."""

    def __init__(self, exact: Synapse, window: int) -> None:
        super().__init__(exact)
        self._window = window

    def carry(self, state: Tensor, step: int) -> Tensor:
        """The state, without its errors where a window begins."""
        return state.detach() if step % self._window == 0 else state


@final
class Bptt:
    """Errors go back through every time step of an item, or until the window in which they arose began.

    Update:      dW = -rate * dJ/dW over all time steps; with `window` k, what is carried into the steps 0, k, 2 k, ...
                 is a constant
    Information: the transposed forward and recurrent weights, all rates of the window
    Shapes:      down like the parameters, (N, ...)
    Units:       cost per unit of weight
    Exactness:   always with a window that holds the item; window 1 passes no credit from one step to another
    Out:         the gradient at the circuit's inputs
    Reference:   Werbos (1990) Proc. IEEE 78:1550; windows: Williams & Peng (1990) Neural Comput. 2:490, here side by
                 side, not sliding
    """

    def __init__(self, spec: BpttSpec, exact: Synapse) -> None:
        self._synapse = exact if spec.window is None else Windowed(exact, spec.window)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication, with windows in time."""
        return self._synapse
