"""The weights that costs of wiring judge."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from models.protocols import Moment


def incoming(moment: Moment, area: str) -> Iterator[tuple[str, Tensor]]:
    """Where the weights of an area come from, and they themselves; its own name for those between its units.

    Biases are left out, and weights that a symmetric pathway turns round: they belong to the area at its end.
    """
    start = f"area/{area}/"
    for address, weight in moment.weight.items():
        if address.startswith(start) and address.endswith("/weight"):
            part, *source = address.removeprefix(start).removesuffix("/weight").split("/")
            yield (source[0] if part == "from" else area), weight


def units(moment: Moment, area: str) -> int:
    """Units of an area."""
    return torch.Size(moment.rate[area].shape[3:]).numel()
