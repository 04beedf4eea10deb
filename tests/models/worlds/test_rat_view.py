"""Walks through a box: laws of motion, walls by hand, what turning does to a view."""

from __future__ import annotations

import math

import pytest
import torch
from showing import items

from models.protocols import LATER
from models.specs.worlds.views import RatViewSpec
from models.worlds.rat_view import EYE, HEIGHT, MARGIN, SIDE, RatView

TURNED = 2.0 * math.pi / 64
"""From one column to the next."""


def box(**options: float) -> RatView:
    return RatView(RatViewSpec(kind="rat_view", **options), "train", 8)  # type: ignore[arg-type]


def view(x: float, y: float, heading: float) -> torch.Tensor:
    """(rows, columns)."""
    x_NBT, y_NBT, heading_NBT = (torch.tensor([[[each]]], dtype=torch.float64) for each in (x, y, heading))
    return box().view(x_NBT, y_NBT, heading_NBT)[0, 0, 0]


def test_what_is_ahead_is_the_wall_at_its_distance() -> None:
    """From the middle, half a metre away: rows look .4375, .3125, ... up or down of that."""
    ahead = view(0.5, 0.5, 0.5 * TURNED)[:, 32]
    heights = [EYE + 0.5 * slope / 8 for slope in (7, 5, 3, 1, -1, -3, -5, -7)]
    assert heights[0] > HEIGHT
    assert ahead[0] == 1.0
    assert [height < 0 for height in heights] == [False] * 5 + [True] * 3
    assert ahead[5:].tolist() == [0.5] * 3
    across, upward, phase = box()._waves[1].unbind(-1)
    for row in range(1, 5):
        waves = (2.0 * math.pi * (across * 0.5 + upward * heights[row] + phase)).cos()
        expected = min(1.0, max(0.0, 0.4 + 0.2 * float(waves.mean())))
        assert float(ahead[row]) == pytest.approx(expected, abs=1e-5)


def test_turning_moves_the_view_and_not_what_is_seen() -> None:
    first = view(0.3, 0.8, 0.7)
    for columns in (1, 16, -5):
        torch.testing.assert_close(view(0.3, 0.8, 0.7 + columns * TURNED), first.roll(columns, dims=1))
    assert not torch.allclose(view(0.31, 0.8, 0.7), first)


def test_speed_and_turns_have_the_laws_that_they_are_said_to_have() -> None:
    walk = box().walked(torch.arange(4000)[None], 40)
    assert walk.speed.mean().item() == pytest.approx(0.08, rel=0.02)
    rayleigh = math.sqrt(4.0 / math.pi - 1.0)
    assert (walk.speed.std() / walk.speed.mean()).item() == pytest.approx(rayleigh, rel=0.02)
    turn = walk.turn[0]
    assert math.degrees(turn.std()) == pytest.approx(120.0, rel=0.02)
    for apart in (1, 3):
        kept = (turn[:, apart:] * turn[:, :-apart]).mean() / turn.square().mean()
        assert kept.item() == pytest.approx(math.exp(-0.05 * apart / 0.08), abs=0.02)


def test_first_places_and_headings_are_anywhere_and_speeds_go_on() -> None:
    walk = box().walked(torch.arange(4000)[None], 20)
    first = torch.stack([walk.x[0, :, 0], walk.y[0, :, 0], walk.heading[0, :, 0] / (2.0 * math.pi)])
    assert first.mean(dim=1).tolist() == pytest.approx([0.5] * 3, abs=0.02)
    assert first.var(dim=1).tolist() == pytest.approx([0.96**2 / 12, 0.96**2 / 12, 1 / 12], rel=0.05)
    # the square of the speed is a sum of squares of normals, which correlate by exp(-t / .7 s)
    square = walk.speed[0].square()
    for apart in (4, 14):
        kept = torch.corrcoef(torch.stack([square[:, 0], square[:, apart]]))[0, 1].item()
        assert kept == pytest.approx(math.exp(-2 * 0.05 * apart / 0.7), abs=0.05)
    at_first = torch.stack([walk.speed[0, :, 0], walk.turn[0, :, 0].abs()])
    assert abs(torch.corrcoef(at_first)[0, 1].item()) < 0.05


def test_waves_of_walls_are_a_tenth_of_a_metre_or_longer() -> None:
    size = torch.cat([box(seed=seed)._waves[..., :2].norm(dim=-1) for seed in range(40)])
    assert (float(size.min()), float(size.max())) == pytest.approx((1.0, 10.0), abs=0.2)
    assert float(size.mean()) == pytest.approx(5.5, abs=0.3)


def test_a_step_goes_where_the_rat_is_headed_unless_a_wall_is_there() -> None:
    walk = box().walked(torch.arange(300)[None], 30)
    gone = torch.stack([walk.x.diff(dim=2), walk.y.diff(dim=2)])
    way = torch.stack([walk.heading.cos(), walk.heading.sin()])
    inside = (torch.stack([walk.x, walk.y]) - SIDE / 2).abs().amax(dim=0)[..., 1:] < SIDE / 2 - MARGIN - 1e-9
    far = gone.square().sum(dim=0).sqrt()
    torch.testing.assert_close(far[inside], (walk.speed[..., :-1] * 0.05)[inside])
    told = (gone * way[..., 1:]).sum(dim=0)
    torch.testing.assert_close(told[inside], far[inside])
    assert 0.5 < float(inside.double().mean()) < 1.0


@pytest.mark.parametrize(("thigmotaxis", "expected"), [(0.0, (-0.6, 0.8)), (1.0, (0.0, 1.0)), (0.5, (-0.3, 0.8))])
def test_a_heading_into_a_wall_loses_so_much_of_it(thigmotaxis: float, expected: tuple[float, float]) -> None:
    x, y, heading, far = (torch.tensor([each], dtype=torch.float64) for each in (0.97, 0.5, math.atan2(0.8, 0.6), 0.1))
    x, y, heading = box(thigmotaxis=thigmotaxis)._moved(x, y, heading, far)
    assert (x.item(), y.item()) == pytest.approx((SIDE - MARGIN, 0.58))
    assert heading.item() == pytest.approx(math.atan2(expected[1], expected[0]))


@pytest.mark.parametrize("quarter", range(4))
def test_all_four_walls_turn_a_rat_alike(quarter: int) -> None:
    """The box turned by quarters: at (.97, .5), headed (.6, .8), 0.1 m on; and from the wall away."""
    for way, expected, reached in ((0.6, -0.3, 0.98), (-0.6, -0.6, 0.91)):
        cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
        place = torch.tensor([0.47, 0.0], dtype=torch.float64)
        turn = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=torch.float64)
        x, y = (turn @ place + 0.5)[:, None]
        heading = torch.tensor([math.atan2(0.8, way) + quarter * math.pi / 2], dtype=torch.float64)
        x, y, heading = box(thigmotaxis=0.5)._moved(x, y, heading, torch.tensor([0.1], dtype=torch.float64))
        here = turn.mT @ (torch.cat([x, y]) - 0.5)
        assert here.tolist() == pytest.approx([reached - 0.5, 0.08])
        apart = heading.item() - quarter * math.pi / 2 - math.atan2(0.8, expected)
        assert math.cos(apart) == pytest.approx(1.0)


def test_windows_of_a_scene_are_one_walk() -> None:
    world = RatView(RatViewSpec(kind="rat_view"), "train", 8)
    whole, _, told = RatView(RatViewSpec(kind="rat_view"), "train", 16)._seen(torch.tensor([[5]]))
    parts = [world._seen(torch.tensor([[5 + window * LATER]])) for window in (1, 2)]
    assert torch.equal(torch.cat([each[0]["panorama"] for each in parts], dim=2), whole["panorama"])
    for name, value in told.items():
        assert torch.equal(torch.cat([each[2][name] for each in parts], dim=2), value)


def test_places_are_squares_of_the_box() -> None:
    _, _, factors = items({"kind": "rat_view"}, 50, steps=4)
    where = ((factors["where"] + 1.0) / 2.0 * 12).long()
    assert torch.equal(factors["place"], where[..., 1] * 12 + where[..., 0])
    torch.testing.assert_close(factors["head"].norm(dim=-1), torch.ones(1, 50, 4))
