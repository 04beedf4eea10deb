"""Drawing several batches at once shows no other items."""

from __future__ import annotations

import numpy as np
import torch

from models.engine.ahead import Ahead
from models.protocols import Shown

calls: list[int] = []


def drawn(shown_N: np.ndarray, presentation: torch.Tensor) -> tuple[torch.Tensor, Shown]:
    """Items that are their presentation."""
    calls.append(presentation.shape[1])
    told = presentation[..., None]
    return presentation, ({"x": told.to(torch.float32)}, told % 7, {"half": told / 2})


def at(ahead: Ahead, *shown: int) -> list[list[int]]:
    """Items, which every part of what is shown must tell too."""
    item, (channels, label, factors) = ahead.at(np.array(shown, dtype=np.int64))
    assert torch.equal(channels["x"][..., 0], item.to(torch.float32))
    assert label is not None
    assert torch.equal(label[..., 0], item % 7)
    assert torch.equal(factors["half"][..., 0], item / 2)
    assert channels["x"].is_contiguous()
    found: list[list[int]] = item.tolist()
    return found


def test_batches_are_cut_from_one_block() -> None:
    calls.clear()
    ahead = Ahead(drawn, 3, floats=6)
    for turn in range(32):
        first = 5 + 3 * turn
        assert at(ahead, first, first + 100) == [[first + k for k in range(3)], [first + 100 + k for k in range(3)]]
    assert calls == [96]
    at(ahead, 101, 201)
    assert calls == [96, 96]


def test_a_life_that_stands_still_keeps_its_place() -> None:
    calls.clear()
    ahead = Ahead(drawn, 2, floats=4)
    assert at(ahead, 0, 0) == [[0, 1], [0, 1]]
    assert at(ahead, 2, 0) == [[2, 3], [0, 1]]
    assert at(ahead, 4, 0) == [[4, 5], [0, 1]]
    assert calls == [64]


def test_going_back_and_leaping_ahead_draw_anew() -> None:
    calls.clear()
    ahead = Ahead(drawn, 2, floats=4)
    assert at(ahead, 10) == [[10, 11]]
    assert at(ahead, 8) == [[8, 9]]
    assert at(ahead, 71) == [[71, 72]]
    assert at(ahead, 71 + 63) == [[134, 135]]
    assert len(calls) == 4


def test_heavy_batches_are_drawn_one_by_one_and_nobody_shares_memory() -> None:
    calls.clear()
    ahead = Ahead(drawn, 2, floats=1 << 30)
    item, _ = ahead.at(np.array([0]))
    item += 5
    assert at(ahead, 0) == [[0, 1]]
    assert calls == [2]
