"""Moving shapes: scenes whose factors say what is drawn."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from models.specs.worlds.scenes import MovingShapesSpec
from models.worlds import build_world, drawing, moving_shapes

LIFE = torch.zeros(1, dtype=torch.int64)
INDEX = torch.arange(200)[None]


def shown(steps: int = 16, **options: Any) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    world = build_world(MovingShapesSpec(kind="moving_shapes", frame=16, **options), "train", steps)
    senses, label, factors = world.sample(LIFE, INDEX)
    assert label is not None
    return senses["retina"], label, factors


def test_a_longer_clip_begins_as_the_shorter() -> None:
    for options in ({}, {"jump": 0.2, "clutter": 2}):
        short, long = shown(5, **options), shown(9, **options)
        assert torch.equal(short[0], long[0][:, :, :5])
        assert torch.equal(short[1], long[1][:, :, :5])


def test_every_kind_is_drawn_at_its_position() -> None:
    retina, label, factors = shown(1)
    assert set(label.flatten().tolist()) == {0, 1, 2, 3, 4}
    assert retina.min().item() >= 0.0
    assert retina.max().item() <= 1.0
    mass = retina.sum(dim=(-1, -2))
    axis = torch.linspace(-1, 1, 16)
    centre = torch.stack([(retina.sum(-2) * axis).sum(-1), (retina.sum(-1) * axis).sum(-1)], dim=-1) / mass[..., None]
    whole = factors["position"].abs().amax(-1) < 0.6
    apart = (centre[:, :, :, 0] - factors["position"]).norm(dim=-1)[whole]
    assert apart.quantile(0.95).item() < 0.12


def test_shapes_stay_between_the_walls_and_move_as_their_velocity_says() -> None:
    _, _, factors = shown(speed=0.2)
    position, velocity = factors["position"], factors["velocity"]
    assert position.abs().max().item() <= 0.8 + 1e-5
    step = position.diff(dim=2)
    same = (
        (velocity[:, :, 1:] == velocity[:, :, :-1])
        & (position[:, :, 1:].abs() < 0.7)
        & (position[:, :, :-1].abs() < 0.7)
    )
    fits = (step - velocity[:, :, 1:]).abs() < 1e-5
    assert fits[same].float().mean().item() > 0.98
    assert (velocity[:, :, 1:] != velocity[:, :, :-1]).any()


def test_the_next_place_is_told_by_the_velocity_better_than_by_the_place() -> None:
    _, _, factors = shown()
    position, velocity = factors["position"], factors["velocity"]
    copied = position.diff(dim=2).square().mean()
    extrapolated = (position[:, :, 1:] - position[:, :, :-1] - velocity[:, :, :-1]).square().mean()
    assert copied > 3 * extrapolated


def test_shuffled_frames_lose_their_correlation_in_time() -> None:
    retina, label, factors = shown()
    mixed, mixed_label, mixed_factors = shown(shuffle="time")

    def correlation(series: torch.Tensor) -> float:
        # Sixteen frames less their own mean correlate by -1/15 when nothing connects them.
        within = series - series.mean(dim=2, keepdim=True)
        return ((within[:, :, 1:] * within[:, :, :-1]).mean() / within.square().mean()).item() + 1 / 15

    assert correlation(factors["position"]) > 0.6
    assert abs(correlation(mixed_factors["position"])) < 0.05
    assert retina.diff(dim=2).square().mean() < 0.5 * mixed.diff(dim=2).square().mean()
    assert torch.equal(label, mixed_label)


def test_a_jump_brings_a_new_scene() -> None:
    _, still, _ = shown(jump=0.0)
    assert torch.equal(still, still[:, :, :1].expand_as(still))
    _, label, factors = shown(jump=1.0)
    assert (label[:, :, 1:] != label[:, :, :-1]).float().mean().item() == pytest.approx(0.8, abs=0.04)
    assert factors["position"].diff(dim=2).square().mean() > 10 * shown()[2]["position"].diff(dim=2).square().mean()


def test_clutter_adds_shapes_in_front_without_touching_what_the_first_is() -> None:
    sparse, _, _ = shown(1, clutter=1)
    crowded, _, _ = shown(1, clutter=3)
    assert (crowded > 0.1).float().mean() > 1.5 * (sparse > 0.1).float().mean()


def test_the_star_is_the_cosine_of_five_angles() -> None:
    angle = torch.linspace(0, 6.28, 50, dtype=torch.float64)
    outline = 0.62 + 0.28 * torch.cos(5 * angle)
    on_it = drawing.star(outline * angle.cos(), outline * angle.sin())
    torch.testing.assert_close(on_it, torch.zeros_like(on_it), atol=1e-9, rtol=0)


def test_a_centre_is_reflected_at_the_walls() -> None:
    place, turned = moving_shapes._reflected(torch.tensor([0.0, 0.9, 2.4, -1.0, 3.2]))
    torch.testing.assert_close(place, torch.tensor([0.0, 0.7, -0.8, -0.6, 0.0]))
    assert turned.tolist()[:2] == [False, True]
    assert bool(turned[3])


def scene(**options: Any) -> moving_shapes._Scene:
    """2000 scenes over 16 steps."""
    world = moving_shapes.MovingShapes(MovingShapesSpec(kind="moving_shapes", **options), "train", 16)
    return world._scene(world._scenes.indexed(torch.arange(2000)[None]), torch.arange(16).expand(1, 2000, 16))


def test_shapes_have_the_sizes_greys_and_motions_of_the_page() -> None:
    told = scene(clutter=3)
    for drawn, low, high in (
        (told.half_width, 0.20, 0.35),
        (told.grey, 0.3, 1.0),
        (told.place[:, :, 0], -0.7, 0.7),
        (told.angle[:, :, 0], 0.0, 2 * math.pi),
    ):
        assert (float(drawn.min()), float(drawn.max())) == pytest.approx((low, high), abs=0.005)
        assert float(drawn.mean()) == pytest.approx((low + high) / 2, abs=0.02 * (high - low))
    velocity, spin = told.velocity[0, :, 0], told.angle.diff(dim=2)[0]
    assert float(velocity.std()) == pytest.approx(0.12, rel=0.03)
    assert float(spin.std()) == pytest.approx(0.1, rel=0.03)
    torch.testing.assert_close(spin, spin[:, :1].expand_as(spin), atol=1e-4, rtol=0)
    assert abs(float(torch.corrcoef(torch.stack([velocity[..., 0].flatten(), spin[:, 0].flatten()]))[0, 1])) < 0.05
    assert torch.bincount(told.shown[0, :, 0].sum(dim=1)).tolist() == pytest.approx([0] + [2000 / 3] * 3, abs=80)
    fast = scene(speed=0.3, spin=0.02)
    assert float(fast.velocity[:, :, 0].std()) == pytest.approx(0.3, rel=0.04)
    assert float(fast.angle.diff(dim=2).std()) == pytest.approx(0.02, rel=0.04)


def test_scenes_that_follow_a_cut_begin_anew() -> None:
    told = scene(jump=1.0, speed=0.5)
    assert float(told.place.abs().max()) <= 0.7
    cut = (scene(jump=0.3).half_width.diff(dim=2) != 0).float().mean()
    assert float(cut) == pytest.approx(0.3, abs=0.02)


def alone(kind: int, angle: float = 0.0, half_width: float = 0.4) -> torch.Tensor:
    """One shape in the middle of 51 x 51 pixels."""
    one = torch.ones(1, 1, 1, 1)
    still = {"place": torch.zeros(1, 1, 1, 1, 2), "velocity": torch.zeros(1, 1, 1, 1, 2), "grey": one}
    turned = {"kind": kind * one.long(), "shown": one > 0, "angle": angle * one, "half_width": half_width * one}
    return moving_shapes._render(moving_shapes._Scene(**still, **turned), 51)[0, 0, 0]


def test_edges_are_a_pixel_wide_and_shapes_turn_clockwise() -> None:
    disc = alone(0)
    for column in range(25, 51):
        # radius .8 times the half width
        expected = 1 / (1 + math.exp(1.5 * 51 * ((column - 25) / 25 - 0.32)))
        assert float(disc[25, column]) == pytest.approx(expected, abs=1e-4)
    # a triangle has its corner 1.2 half widths off and its base .6
    for angle, corner, base in (
        (0.0, (15, 25), (35, 25)),
        (math.pi / 2, (25, 35), (25, 15)),
        (math.pi, (35, 25), (15, 25)),
    ):
        triangle = alone(2, angle)
        assert (float(triangle[corner]), float(triangle[base])) == pytest.approx((1.0, 0.0), abs=0.1)


def test_later_shapes_are_in_front() -> None:
    two = torch.ones(1, 1, 1, 2)
    there = {
        "place": torch.zeros(1, 1, 1, 2, 2),
        "velocity": torch.zeros(1, 1, 1, 2, 2),
        "grey": two * torch.tensor([0.9, 0.4]),
    }
    for shown, expected in (([True, True], 0.4), ([True, False], 0.9)):
        rest = {
            "kind": two.long() * 0,
            "shown": torch.tensor(shown).expand(1, 1, 1, 2),
            "angle": two,
            "half_width": two * 0.3,
        }
        image = moving_shapes._render(moving_shapes._Scene(**there, **rest), 33)
        assert float(image[0, 0, 0, 16, 16]) == pytest.approx(expected, abs=1e-3)
