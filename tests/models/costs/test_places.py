"""Maps as places, against hand values; maps that follow what they show."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from models.costs import places, target
from models.specs.costs.target import AreaTarget, TrackTarget


def dots(*steps: tuple[int, int, float], rows: int = 5, columns: int = 6) -> torch.Tensor:
    """A clip (1, 1, T, 1, rows, columns) of one dot at (row, column) of a height per step."""
    clip = torch.zeros(1, 1, len(steps), 1, rows, columns)
    for step, (row, column, height) in enumerate(steps):
        clip[0, 0, step, 0, row, column] = height
    return clip


def test_a_dot_is_where_it_is_x_first() -> None:
    map_ = dots((0, 5, 2.0), (4, 0, 1.0))
    expected = torch.tensor([[5 / 6, -4 / 5], [-5 / 6, 4 / 5]]).reshape(1, 1, 2, 2)
    torch.testing.assert_close(places.centre(map_), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(places.largest(map_), expected)


def test_two_dots_pull_the_centre_by_their_heights_and_the_largest_takes_the_place() -> None:
    map_ = dots((2, 1, 3.0))
    map_[..., 2, 4] = 1.0
    left, right = -3 / 6, 3 / 6
    assert places.centre(map_).flatten().tolist() == pytest.approx([(3 * left + right) / 4, 0.0], abs=1e-5)
    assert places.largest(map_).flatten().tolist() == pytest.approx([left, 0.0])


def test_what_is_below_nothing_pulls_no_centre() -> None:
    map_ = dots((2, 1, 3.0))
    map_[..., 2, 4] = -1.0
    assert places.centre(map_).flatten().tolist() == pytest.approx([-3 / 6, 0.0], abs=1e-5)


def test_the_direction_has_length_one_and_points_from_the_middle() -> None:
    found = places.direction(dots((4, 5, 0.3), rows=5, columns=5 + 1)).flatten()
    assert found.norm().item() == pytest.approx(1.0, abs=1e-4)
    assert math.degrees(math.atan2(found[1], found[0])) == pytest.approx(
        math.degrees(math.atan2(4 / 5, 5 / 6)), abs=0.1
    )


def test_where_nothing_is_on_the_middle_is_meant_and_no_direction() -> None:
    empty = torch.zeros(1, 1, 1, 1, 4, 4)
    assert places.centre(empty).tolist() == [[[[0.0, 0.0]]]]
    assert places.direction(empty).tolist() == [[[[0.0, 0.0]]]]
    assert places.largest(empty).tolist() == [[[[0.0, 0.0]]]]


def test_a_vector_is_a_square_of_rows() -> None:
    rate = torch.zeros(1, 1, 1, 9)
    rate[..., 5] = 1.0  # row 1, column 2
    assert places.largest(rate).flatten().tolist() == pytest.approx([2 / 3, 0.0])
    with pytest.raises(ValueError, match="fill no square"):
        places.largest(torch.zeros(1, 1, 1, 10))


def test_a_map_moves_with_its_dot_and_keeps_its_height() -> None:
    clip = dots((1, 1, 0.9), (1, 2, 0.2), (2, 3, 0.1), (3, 3, 0.1))
    expected = dots((1, 1, 0.9), (1, 2, 0.9), (2, 3, 0.9), (3, 3, 0.2))
    torch.testing.assert_close(places.carried(clip, horizon=2, reach=1), expected)


def test_what_leaps_beyond_reach_is_lost() -> None:
    clip = dots((1, 1, 0.9), (1, 4, 0.8))
    stayed = places.carried(clip, horizon=1, reach=1)[0, 0, 1, 0]
    assert stayed.argmax().item() != 6 + 4
    followed = places.carried(clip, horizon=1, reach=3)[0, 0, 1, 0]
    assert followed[1, 4].item() == pytest.approx(0.9)


def test_what_moves_out_is_gone_and_nothing_comes_in() -> None:
    clip = dots((0, 4, 0.5), (0, 5, 0.5))
    clip[0, 0, 0, 0, 3, 5] = 0.1  # will be carried out at the right
    moved = places.carried(clip, horizon=1, reach=1)[0, 0, 1, 0]
    assert moved[0, 5].item() == pytest.approx(0.5)
    assert moved.sum().item() == pytest.approx(0.5)


def test_items_and_lives_are_followed_each_for_itself(toy_moment: Any) -> None:
    clips = torch.rand(3, 4, 5, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    together = places.carried(clips, horizon=3, reach=1)
    for life in range(3):
        for item in range(4):
            alone = places.carried(clips[life : life + 1, item : item + 1], horizon=3, reach=1)
            assert torch.equal(alone[0, 0], together[life, item])


def test_targets_read_and_carry_without_gradient(moment_by_hand: Any) -> None:
    clip = dots((1, 1, 0.9), (1, 2, 0.4)).requires_grad_()
    moment = moment_by_hand({"HAND": clip})
    where = target.read(AreaTarget(kind="area", area="HAND", read="argmax"), "gaze", "", moment)
    assert where.shape == (1, 1, 2, 2)
    there = target.read(TrackTarget(kind="track", area="HAND"), "hand", "", moment)
    assert there.shape == (1, 1, 2, 30)
    assert not where.requires_grad
    assert not there.requires_grad
    shapes = {"HAND": (1, 5, 6)}
    assert target.width(AreaTarget(kind="area", area="HAND", read="centre"), "", shapes) == 2
    assert target.width(TrackTarget(kind="track", area="HAND"), "", shapes) == 30
