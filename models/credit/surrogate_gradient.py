"""The gradient, as it would be if spikes were smooth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor

from models.credit.backprop import surrogate
from models.credit.through import Through
from models.draw import Draw
from models.protocols import Params, Synapse
from models.specs.credit.temporal import SurrogateGradientSpec


@final
class Smooth(Through):
    """Exact multiplication; errors pass a spike by a surrogate of chosen slope."""

    def __init__(self, exact: Synapse, slope: float) -> None:
        super().__init__(exact)
        self._slope = slope

    def spike(self, potential: Tensor) -> Tensor:
        """1 above 0, else 0; backward 1 / (1 + slope |v|)^2."""
        return surrogate(potential, self._slope)


@final
class SurrogateGradient:
    """Errors go back through time and through spikes, whose derivative is taken to be that of a fast sigmoid.

    Update:      dW = -rate * dJ/dW with dr/dv = 1 / (1 + slope |v - threshold|)^2 for r = [v > threshold]
    Information: the transposed forward and recurrent weights, all potentials of the item
    Shapes:      down like the parameters, (N, ...)
    Units:       cost per unit of weight; slope per unit of potential
    Exactness:   it is no gradient: that of a spike is 0 almost everywhere; where nothing spikes it is backprop
    Out:         the same, at the circuit's inputs
    Reference:   Zenke & Ganguli (2018) Neural Comput. 30:1514; Neftci, Mostafa & Zenke (2019) IEEE Signal Process. Mag.
                 36:51
    """

    def __init__(self, spec: SurrogateGradientSpec, exact: Synapse) -> None:
        self._synapse = Smooth(exact, spec.slope)

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication with smooth spikes."""
        return self._synapse
