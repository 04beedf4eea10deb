"""What meets at the synapses of a linear area: what Hebbian rules share."""

from __future__ import annotations

import torch
from torch import Tensor

from models.crediting import Circuit
from models.protocols import Moment, Params


def weights(circuit: Circuit, area: str) -> list[str]:
    """Addresses of the weights into an area, one for each of its sources."""
    return [f"area/{area}/from/{source}/weight" for source in circuit.sources[area]]


def presynaptic(circuit: Circuit, area: str, moment: Moment) -> Tensor:
    """All that arrives at an area, joined: (N, M, S), M folds samples and time."""
    arriving = (moment.inputs[area][source].detach() for source in circuit.sources[area])
    return torch.cat([each.flatten(3).flatten(1, 2) for each in arriving], dim=2)


def joined(circuit: Circuit, area: str, moment: Moment) -> Tensor:
    """The weights into an area as one matrix (N, S, U), in the order of `presynaptic`."""
    return torch.cat([moment.weight[address].detach() for address in weights(circuit, area)], dim=1)


def parted(matrix_NSU: Tensor, circuit: Circuit, area: str, moment: Moment) -> Params:
    """A direction of the joined weights as a direction of each."""
    found: Params = {}
    start = 0
    for address in weights(circuit, area):
        end = start + moment.weight[address].shape[1]
        found[address] = matrix_NSU[:, start:end]
        start = end
    return found


def mean_product(left_NMS: Tensor, right_NMU: Tensor) -> Tensor:
    """Mean over samples and time of the outer products: (N, S, U)."""
    return torch.bmm(left_NMS.mT, right_NMU) / left_NMS.shape[1]
