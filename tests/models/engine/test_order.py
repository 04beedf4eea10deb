"""Which items lives are shown: orders of endless worlds."""

from __future__ import annotations

import numpy as np
import torch

from models.draw import Draw
from models.engine.order import Passes, Scenes
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
    assert (items // LATER)[:, 0].tolist() == [1, 2, 3, 4, 1, 2, 3, 4]


def test_streams_run_through_tiles_too() -> None:
    order = scenes(8, reuse=2, windows=2)
    items = torch.stack([shown(order, 8 * turn, 8)[1] for turn in range(4)])
    assert torch.equal(items[0], items[1] - LATER)
    assert not set((items[0] % LATER).tolist()) & set((items[2] % LATER).tolist())
    assert (items % LATER).max() < 4096


def orders(size: int) -> Passes:
    draw = Draw(SEEDS, torch.zeros(2, 1, dtype=torch.int64), 7)
    return Passes(draw, torch.arange(size).expand(2, size), given=False)


def walk(order: Passes, starts: list[list[int]], batch: int) -> list[torch.Tensor]:
    return [order.items(np.array(each), torch.tensor(each)[:, None] + torch.arange(batch)) for each in starts]


def test_orders_of_passes_do_not_depend_on_how_they_were_reached() -> None:
    for size in (5, 4000, 9000):
        whole = walk(orders(size), [[0, 0]], 2 * size + 40)[0]
        steps = range(0, 2 * size, max(7, size // 3))
        walked = walk(orders(size), [[start, start] for start in steps], 40)
        assert all(torch.equal(part, whole[:, start : start + 40]) for start, part in zip(steps, walked, strict=True))
        apart = walk(orders(size), [[0, size + 2], [7, size + 9], [size + 1, 3]], 30)
        assert torch.equal(apart[1][1], whole[1, size + 9 : size + 39])
        assert torch.equal(apart[2][0], whole[0, size + 1 : size + 31])
        assert torch.equal(apart[2][1], whole[1, 3:33])


def test_a_given_order_comes_again() -> None:
    draw = Draw(SEEDS, torch.zeros(2, 1, dtype=torch.int64), 7)
    given = Passes(draw, torch.tensor([[4, 2, 9]] * 2), given=True)
    assert walk(given, [[1, 5]], 4)[0].tolist() == [[2, 9, 4, 2], [9, 4, 2, 9]]
