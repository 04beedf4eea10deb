"""Outlines, edges and layers, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.worlds import drawing

DOWN, UP_LEFT, UP_RIGHT = (0.0, 1.0), (-math.sqrt(0.75), -0.5), (math.sqrt(0.75), -0.5)
"""The ways to the sides of an equilateral triangle with a corner up; corners lie opposite, twice as far."""


def at(*points: tuple[float, float]) -> tuple[Tensor, Tensor]:
    x, y = torch.tensor(points).unbind(1)
    return x, y


def test_a_disc_has_radius_8_tenths() -> None:
    assert drawing.disc(*at((0, 0), (0.8, 0), (0, -0.8), (3, 4))).tolist() == pytest.approx([-0.8, 0.0, 0.0, 4.2])


def test_a_square_has_half_sides_of_7_tenths() -> None:
    found = drawing.square(*at((0, 0), (0.7, 0.2), (-0.3, 0.7), (1.0, -0.2)))
    assert found.tolist() == pytest.approx([-0.7, 0.0, 0.0, 0.3], abs=1e-6)


def test_a_triangle_has_its_sides_6_tenths_away_and_its_corners_twice_that() -> None:
    sides = [(0.6 * x, 0.6 * y) for x, y in (DOWN, UP_LEFT, UP_RIGHT)]
    corners = [(-1.2 * x, -1.2 * y) for x, y in (DOWN, UP_LEFT, UP_RIGHT)]
    assert drawing.triangle(*at(*sides, *corners)).abs().max().item() < 0.005
    assert drawing.triangle(*at((0.0, 0.0))).item() == pytest.approx(-0.6)


def test_a_cross_has_arms_9_tenths_long_and_28_hundredths_wide_to_either_side() -> None:
    on_it = at((0.9, 0.1), (-0.9, 0.0), (0.1, 0.9), (0.0, -0.9), (0.5, 0.28), (-0.28, 0.5))
    assert drawing.cross(*on_it).abs().max().item() < 1e-6
    assert drawing.cross(*at((0.0, 0.0), (0.6, 0.6))).tolist() == pytest.approx([-0.28, 0.32])


def test_a_capsule_is_as_far_as_the_line_or_its_nearer_end() -> None:
    start, end = at((0.0, 0.0)), at((2.0, 0.0))
    assert drawing.capsule(*at((1, 3), (5, 4), (-3, -4)), start, end).tolist() == pytest.approx([3.0, 5.0, 5.0])


def test_in_a_frame_turned_by_a_quarter_what_lay_on_y_lies_on_x() -> None:
    x, y = drawing.turned(*at((0.0, 1.0), (1.0, 0.0)), torch.tensor(math.pi / 2))
    torch.testing.assert_close(torch.stack([x, y], 1), torch.tensor([[1.0, 0.0], [0.0, -1.0]]), atol=1e-6, rtol=0)


def test_edges_are_logistic_and_layers_hide_what_they_cover() -> None:
    covered = drawing.cover(torch.tensor([-0.1, 0.0, 0.1]), 20.0)
    assert covered.tolist() == pytest.approx([1 / (1 + math.exp(-2)), 0.5, 1 / (1 + math.exp(2))])
    assert drawing.over(torch.tensor(0.2), torch.tensor(0.25), 1.0).item() == pytest.approx(0.4)
