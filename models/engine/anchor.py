"""Anchors: parameters as they are at an age, and how much each matters for what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from torch import Tensor

from models.engine.measure import Exam, Items
from models.protocols import Moment, Params


def anchored(items: Items, name: str, areas: Iterable[str], answers: str) -> Params:
    """Parameters of areas and the diagonal of their Fisher information, by address `anchor/NAME/...`."""
    squares = Exam(items, {}).mean_squares(partial(_log_likelihood, answers, name))
    weight = items.portion.weight
    starts = tuple(f"area/{area}/" for area in areas)
    kept = [address for address in weight if address.startswith(starts)]
    here = {f"anchor/{name}/weight/{address}": weight[address].detach().clone() for address in kept}
    return here | {f"anchor/{name}/fisher/{address}": squares[address] for address in kept}


def _log_likelihood(area: str, name: str, moment: Moment) -> Tensor:
    """Log probability (N,) of answers drawn from the softmax of an area, one for each step."""
    log_p_NBTU = moment.rate[area].flatten(3).log_softmax(dim=-1)
    unit_NBT1 = moment.draw.at("anchor", name).uniform(log_p_NBTU.shape[2], 1)
    below = log_p_NBTU.detach().double().exp().cumsum(dim=-1) < unit_NBT1
    answer = below.sum(dim=-1, keepdim=True).clamp(max=log_p_NBTU.shape[3] - 1)
    return log_p_NBTU.gather(3, answer).sum(dim=(1, 2, 3))
