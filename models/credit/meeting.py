"""What meets at the synapses of an area: what Hebbian rules share.

Weights into an area count as one matrix (N, S, U) with a row for every input and a column for every unit, whatever
pathways they come by. Kernels of a convolution are such a matrix too: every place of a map is one more sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from models.credit.products import lone
from models.crediting import Circuit
from models.draw import Draw
from models.protocols import Moment, Params, Synapse
from models.specs.areas import ConvSpec
from models.specs.shapes import padding

S = TypeVar("S")


class Meeting(Generic[S]):
    """A rule by which weights go alone where what meets at them says; it hears no error, and biases stand still."""

    alone = True

    def __init__(self, spec: S, circuit: Circuit, exact: Synapse) -> None:
        self._spec = spec
        self._circuit = circuit
        self._exact = exact

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No state."""
        return {}, {}

    def synapse(self) -> Synapse:
        """The exact multiplication."""
        return self._exact

    def teaches(self, address: str) -> bool:
        """Weights."""
        return address.endswith("/weight")


def weights(circuit: Circuit, area: str, value: Mapping[str, Tensor]) -> dict[str, str]:
    """Source -> address of the weight by which it reaches the area; what a pathway brings back against its direction
    has none of its own.
    """
    named = {source: f"area/{area}/from/{source}/weight" for source in circuit.sources[area]}
    return {source: address for source, address in named.items() if address in value}


def presynaptic(circuit: Circuit, area: str, moment: Moment) -> Tensor:
    """All that arrives at an area, joined: (N, M, S), M folds samples, time and, of a convolution, places."""
    spec = circuit.spec[area]
    arriving = [moment.inputs[area][source].detach() for source in weights(circuit, area, moment.weight)]
    if not isinstance(spec, ConvSpec):
        return torch.cat([each.flatten(3).flatten(1, 2) for each in arriving], dim=2)
    patches = []
    for each in arriving:
        cut = functional.unfold(each.flatten(0, 2), spec.kernel, padding=padding(spec), stride=spec.stride)
        patches.append(cut.mT.reshape(each.shape[0], -1, cut.shape[1]))
    return torch.cat(patches, dim=2)


def joined(circuit: Circuit, area: str, value: Mapping[str, Tensor]) -> Tensor:
    """The weights into an area as one matrix (N, S, U), in the order of `presynaptic`."""
    found = [value[address].detach() for address in weights(circuit, area, value).values()]
    return torch.cat([each if each.dim() == 3 else each.flatten(2).mT for each in found], dim=1)


def parted(matrix_NSU: Tensor, circuit: Circuit, area: str, value: Mapping[str, Tensor]) -> Params:
    """A change of the joined weights as a change of each."""
    found: Params = {}
    start = 0
    for address in weights(circuit, area, value).values():
        like = value[address]
        width = like.shape[1] if like.dim() == 3 else like[0, 0].numel()
        rows = matrix_NSU[:, start : start + width]
        found[address] = rows if like.dim() == 3 else rows.mT.reshape(like.shape)
        start += width
    return found


def postsynaptic(area: str, moment: Moment) -> Tensor:
    """The rates of a linear area (N, M, U), M folds samples and time."""
    return moment.rate[area].detach().flatten(3).flatten(1, 2)


def product(left_NMS: Tensor, right_NSU: Tensor) -> Tensor:
    """The products (N, M, U) of each life; a life whose bits would tell that it is alone is given a companion."""
    if lone(left_NMS, right_NSU):
        return torch.bmm(torch.cat([left_NMS, left_NMS]), torch.cat([right_NSU, right_NSU]))[:1]
    return torch.bmm(left_NMS, right_NSU)


def mean_product(left_NMS: Tensor, right_NMU: Tensor) -> Tensor:
    """Mean over samples of the outer products: (N, S, U)."""
    return product(left_NMS.mT, right_NMU) / left_NMS.shape[1]


def distances(x_NMS: Tensor, weight_NSU: Tensor) -> Tensor:
    """Squared distance of each unit's weights to each input, less what is the same for all units: (N, M, U)."""
    return torch.baddbmm(weight_NSU.square().sum(dim=1, keepdim=True), x_NMS, weight_NSU, alpha=-2.0)


def approach(x_NMS: Tensor, weight_NSU: Tensor, share_NMU: Tensor) -> Tensor:
    """Minus the way of each unit's weights towards each input, times its share, mean over samples: (N, S, U)."""
    return share_NMU.mean(dim=1, keepdim=True) * weight_NSU - mean_product(x_NMS, share_NMU)


def lengths(matrix_NSU: Tensor) -> Tensor:
    """Of every unit's weights, (N, 1, U)."""
    length_NU: Tensor = torch.linalg.vector_norm(matrix_NSU, dim=1, keepdim=True)
    return length_NU


def unit_length(x: Tensor, dim: int) -> Tensor:
    """Vectors along a dimension, brought to length 1; 0 stays."""
    length = torch.linalg.vector_norm(x, dim=dim, keepdim=True)
    return torch.where(length > 0, x / length, x)
