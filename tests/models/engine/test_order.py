"""Which items lives are shown: orders of endless worlds."""

from __future__ import annotations

import numpy as np
import torch

from models.draw import Draw
from models.engine.order import Scenes
from models.protocols import LATER

SEEDS = torch.tensor([1, 2])


def shown(order: Scenes, start: int, batch: int) -> torch.Tensor:
    begun = np.full(2, start, dtype=np.int64)
    return order.items(begun, torch.from_numpy(begun)[:, None] + torch.arange(batch))


def scenes(batch: int, reuse: int | None = None, windows: int = 1) -> Scenes:
    draw = Draw(SEEDS, torch.zeros(2, 1, dtype=torch.int64), 7)
    return Scenes(draw, batch, reuse, windows)


def test_a_world_of_ones_own_shows_one_new_item_after_another() -> None:
    assert shown(scenes(4), 8, 4).tolist() == [[8, 9, 10, 11]] * 2


def test_a_tile_comes_round_in_so_many_passes_each_in_another_order_for_each_life() -> None:
    order = scenes(4096, reuse=3)
    passes = [shown(order, 4096 * each, 4096) for each in range(7)]
    for number, items in enumerate(passes):
        first = 4096 * (number // 3)
        assert items.sort(dim=1).values.tolist() == [list(range(first, first + 4096))] * 2
    assert not torch.equal(passes[0][0], passes[0][1])
    assert not torch.equal(passes[0][0], passes[1][0])


def test_an_item_depends_on_the_position_alone() -> None:
    order = scenes(64, reuse=2)
    whole = torch.cat([shown(order, start, 64) for start in range(8000, 8384, 64)], dim=1)
    assert torch.equal(shown(scenes(64, reuse=2), 8000, 384), whole)


def test_every_slot_follows_its_own_stream_to_the_end_of_a_scene() -> None:
    order = scenes(3, windows=4)
    items = torch.stack([shown(order, 3 * turn, 3)[0] for turn in range(8)])
    assert (items % LATER).tolist() == [[0, 1, 2]] * 4 + [[3, 4, 5]] * 4
    assert (items // LATER)[:, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_streams_run_through_tiles_too() -> None:
    order = scenes(8, reuse=2, windows=2)
    items = torch.stack([shown(order, 8 * turn, 8)[1] for turn in range(4)])
    assert torch.equal(items[0], items[1] - LATER)
    assert not set((items[0] % LATER).tolist()) & set((items[2] % LATER).tolist())
    assert (items % LATER).max() < 4096
