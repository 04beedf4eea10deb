"""Positions of labels, peaks and their widths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from models.analysis.outcomes import Scale
from models.analysis.trend import peak_of, positions, slopes


def test_numbers_and_durations_are_positions() -> None:
    assert positions(["0.1", "10", "1"]).at.tolist() == [0.1, 1.0, 10.0]
    found = positions(["40ep", "0ep", "none", "20ep"])
    assert (found.labels, found.at.tolist(), found.unit) == (("0ep", "20ep", "40ep"), [0.0, 20.0, 40.0], "ep")
    assert found.left_out == ("none",)
    assert positions(["0sp", "20ep", "40ep"]).unit == "ep"
    assert (positions(["5", "1ep", "2ep"]).unit, positions(["5", "1ep", "2ep"]).left_out) == ("ep", ("5",))


def test_durations_of_several_units_need_a_scale() -> None:
    labels = ["1ep", "20ba", "0sp"]
    assert positions(labels).unit == "order"
    found = positions(labels, Scale(batch=10, pass_sp=400))
    assert (found.at.tolist(), found.unit) == ([0.0, 200.0, 400.0], "sp")


def test_mere_names_stand_in_their_order() -> None:
    assert positions(["blur", "flip", "20k"]).at.tolist() == [0.0, 1.0, 2.0]


def test_slopes_agree_with_scipy() -> None:
    at, values = np.array([0.0, 1.0, 4.0]), np.array([[1.0, 2.0, 9.0], [3.0, 3.0, 3.0]])
    assert slopes(values, at) == pytest.approx([stats.linregress(at, row).slope for row in values])


def test_a_peak_inside_has_two_flanks() -> None:
    """Heights 0, 2, 4, 1, 0 at 0, 1, 2, 3, 5: half is passed at 1 and at 2 + 2/3."""
    at = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    assert peak_of(np.array([0.0, 2.0, 4.0, 1.0, 0.0]), at, 0.0) == (2.0, 4.0, pytest.approx(1.0 + 2.0 / 3.0))


def test_a_dip_is_a_peak_downwards_from_the_last_value() -> None:
    assert peak_of(np.array([0.2, 0.6, 1.0]), np.array([0.0, 1.0, 2.0]), None) == (0.0, -0.8, pytest.approx(1.0))


def test_a_flat_curve_has_no_peak() -> None:
    place, height, width = peak_of(np.ones(3), np.arange(3.0), None)
    assert math.isnan(place)
    assert height == 0.0
    assert math.isnan(width)


def test_a_width_is_bounded_by_the_axis() -> None:
    assert peak_of(np.array([1.0, 0.9, 0.8]), np.array([0.0, 1.0, 2.0]), 0.0)[2] == 2.0
