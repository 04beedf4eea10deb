"""Moving shapes: scenes whose factors say what is drawn."""

from __future__ import annotations

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
