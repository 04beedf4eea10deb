"""What an area draws by the rates of its control."""

from __future__ import annotations

from torch import Tensor

from models.protocols import Choice, Pass


def drawn(area: str, control: Tensor, since_NB: Tensor, by: Pass) -> Choice:
    """The control's rates as logits (N, B, T, K), and one of K (N, B, T) by their softmax, anew at every time step.

    `since_NB` says how many steps of the item went before these.
    """
    assert by.draw is not None
    logits_NBTK = control.flatten(3)
    return logits_NBTK, by.draw.at("choice", area).chosen(logits_NBTK, since_NB.long())
