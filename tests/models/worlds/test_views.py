"""Faces and objects that turn."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from showing import items

from models.specs.worlds.views import CharactersSpec, PairsSpec, TurntableSpec
from models.worlds.characters import Characters
from models.worlds.faces import _PLACES, _painted
from models.worlds.pairs import Pairs
from models.worlds.turntable import Turntable

PARTS = torch.tensor(_PLACES)


def painted(parts: torch.Tensor, condition: int = 0, gaze: tuple[float, float] = (0.0, 0.0)) -> torch.Tensor:
    """One oval in the middle of a large frame, without noise."""
    axis = torch.linspace(-1, 1, 65) / 0.8
    shape = (1, 1, 1)
    return _painted(
        axis.expand(*shape, 65, 65),
        axis[:, None].expand(*shape, 65, 65),
        parts.expand(*shape, 3, 2),
        torch.tensor(gaze).expand(*shape, 2),
        torch.full(shape, condition),
        torch.full((*shape, 1, 1), 26.0),
    )[0, 0, 0]


def test_a_face_upside_down_is_the_face_mirrored() -> None:
    upright = painted(PARTS)
    torch.testing.assert_close(painted(PARTS * torch.tensor([1.0, -1.0]), 1), upright.flip(0))
    torch.testing.assert_close(upright, upright.flip(1))
    assert not torch.allclose(upright, upright.flip(0), atol=0.1)


def test_the_mouth_alone_is_a_face_without_eyes() -> None:
    whole, mouth = painted(PARTS), painted(PARTS, 3)
    differ = ((whole - mouth).abs() > 0.05).nonzero()
    assert bool((differ[:, 0] < 32).all())
    assert mouth[42:44, 30:35].max() < 0.3  # at .42 times .8 half frames below the middle


def test_pupils_go_where_the_gaze_goes() -> None:
    eye = slice(19, 31), slice(14, 28)

    def dark(gaze: tuple[float, float]) -> torch.Tensor:
        weight = (0.9 - painted(PARTS, gaze=gaze)[eye]).clamp(min=0.0) ** 2
        rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(14.0), indexing="ij")
        return torch.stack([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()

    right, left, lower, upper = (dark(gaze) for gaze in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)))
    assert right[0] > left[0] + 0.5
    assert lower[1] > upper[1] + 0.5


def test_conditions_are_even_and_the_oval_stays_inside() -> None:
    channels, label, factors = items({"kind": "faces", "noise": 0.0}, 1200)
    assert label is not None
    counts = torch.bincount(label.flatten(), minlength=4).double()
    assert ((counts - 300).square() / 300).sum().item() < 16.3  # chi squared of 3, one in a thousand
    reach = factors["place"][0, :, 0].abs().amax(1) + factors["size"][0, :, 0]
    assert reach.max().item() <= 1.0
    edge = channels["retina"][0, :, 0, 0]
    assert edge[:, :, 0].max().item() < 0.05
    light = [channels["retina"][0, label[0, :, 0] == each].mean().item() for each in range(3)]
    assert max(light) / min(light) < 1.05


def clips(count: int = 60, steps: int = 12, **options: Any) -> tuple[torch.Tensor, torch.Tensor, Any]:
    channels, label, factors = items({"kind": "turntable", **options}, count, steps)
    assert label is not None
    return channels["retina"][0, :, :, 0], label[0], {name: each[0] for name, each in factors.items()}


def test_objects_turn_by_their_speed() -> None:
    _, label, factors = clips()
    step = factors["angle"].diff(dim=1)
    step = step - 2 * math.pi * (step / (2 * math.pi)).round()
    torch.testing.assert_close(step, factors["speed"][:, 1:], atol=1e-5, rtol=0)
    assert factors["speed"].abs().max().item() <= 0.2
    turned = torch.stack([factors["angle"].cos(), factors["angle"].sin()], dim=-1)
    torch.testing.assert_close(turned, factors["view"], atol=1e-5, rtol=0)
    assert bool((label == label[:, :1]).all())


def test_blobs_are_where_geometry_puts_them() -> None:
    world = Turntable(TurntableSpec(kind="turntable", objects=3, blobs=5), "train", 1)
    places = world._objects()
    assert places.norm(dim=-1).max().item() <= 0.65 + 1e-9
    channels, label, factors = world.sample(torch.tensor([0]), torch.arange(40)[None])
    assert label is not None
    for item in range(40):
        x, y, z = places[label[0, item, 0]].unbind(-1)
        cosine, sine = factors["view"][0, item, 0].double()
        right, front = cosine * x + sine * z, cosine * z - sine * x
        row, column = ((y + 1) * 15.5).round().long(), ((right + 1) * 15.5).round().long()
        seen = channels["retina"][0, item, 0, 0][row, column]
        expected = 0.35 + 0.65 * (0.5 + 0.5 * front / 0.65)
        assert bool((seen >= expected - 0.15).all())
    assert channels["retina"][0, :, 0, 0, [0, 31]].max().item() < 0.05


def test_blobs_fill_a_ball_and_speeds_go_both_ways() -> None:
    places = Turntable(TurntableSpec(kind="turntable", objects=64, blobs=32), "train", 1)._objects() / 0.65
    # of points uniform in a ball the cube of the distance is uniform
    within = places.norm(dim=2) ** 3
    assert (float(within.mean()), float(within.var())) == pytest.approx((1 / 2, 1 / 12), rel=0.06)
    assert float(within.var(dim=1).mean()) == pytest.approx(1 / 12, rel=0.06)
    assert float(places.mean(dim=(0, 1)).abs().max()) < 0.05
    speed = items({"kind": "turntable", "speed": 0.5, "frame": 16}, 1000)[2]["speed"]
    assert (float(speed.min()), float(speed.max())) == pytest.approx((-0.5, 0.5), abs=0.01)
    assert float(speed.mean()) == pytest.approx(0.0, abs=0.04)


def test_blobs_are_soft_and_darker_behind() -> None:
    world = Turntable(TurntableSpec(kind="turntable", frame=31), "train", 1)
    right, down, front = torch.tensor([[-0.2, 0.1], [0.0, 0.05], [0.65, -0.65]]).reshape(3, 1, 1, 1, 2)
    image = world._painted(right, down, front)[0, 0, 0]
    for row in range(31):
        for column in range(31):
            x, y = column / 15 - 1, row / 15 - 1
            near, behind = (
                light * max(0.0, 1 - ((x - left) ** 2 + (y - up) ** 2) / 0.3**2) ** 2
                for light, left, up in ((1.0, -0.2, 0.0), (0.35, 0.1, 0.05))
            )
            assert float(image[row, column]) == pytest.approx(max(near, behind), abs=1e-5)


@pytest.mark.parametrize(("split", "low", "high"), [("train", 0.0, 0.75), ("valid", 0.75, 0.875), ("test", 0.875, 1.0)])
def test_held_out_views_are_of_parts_of_the_circle(split: str, low: float, high: float) -> None:
    _, _, factors = items({"kind": "turntable", "frame": 16, "split_by": "angle"}, 200, 1, split)
    share = factors["angle"] / (2 * math.pi)
    assert bool(((share > low - 1e-6) & (share < high + 1e-6)).all())
    assert share.max().item() - share.min().item() > 0.8 * (high - low)


def test_another_seed_is_other_objects() -> None:
    one, other = (Turntable(TurntableSpec(kind="turntable", seed=seed), "train", 1)._objects() for seed in (0, 1))
    assert not torch.equal(one, other)


def letters(count: int = 200, split: str = "train", **options: Any) -> tuple[torch.Tensor, torch.Tensor, Any]:
    channels, label, factors = items({"kind": "characters", **options}, count, 1, split)
    assert label is not None
    return channels["retina"][0, :, 0, 0], label[0, :, 0], {name: each[0, :, 0] for name, each in factors.items()}


def test_a_letter_is_written_alike_without_jitter_and_turn_and_differently_with() -> None:
    for jitter, turn, same in ((0.0, 0.0, True), (0.06, 0.0, False), (0.0, 0.15, False)):
        pictures, label, _ = letters(alphabets=1, letters=4, jitter=jitter, turn=turn)
        for letter in range(4):
            written = pictures[label == letter]
            assert torch.equal(written[0], written[1]) is same
    pictures, label, _ = letters(alphabets=1, letters=4, jitter=0.0, turn=0.0)
    first = [pictures[label == letter][0] for letter in range(4)]
    assert all(not torch.equal(first[a], first[b]) for a in range(4) for b in range(a))


def test_alphabets_follow_one_another_and_letters_are_even() -> None:
    _, label, factors = letters(2000, alphabets=4, letters=5)
    assert torch.equal(factors["alphabet"], label // 5)
    counts = torch.bincount(label, minlength=20).double()
    assert ((counts - 100).square() / 100).sum().item() < 43.8  # chi squared of 19, one in a thousand
    assert factors["slant"].std().item() == pytest.approx(0.15, rel=0.1)


def test_letters_that_are_held_back_are_in_one_split_alone_and_of_every_alphabet() -> None:
    seen = {
        split: set(letters(3000, split, alphabets=4, letters=10, split_by="class")[1].tolist())
        for split in ("train", "valid", "test")
    }
    assert [len(seen[split]) for split in ("train", "valid", "test")] == [30, 5, 5]
    assert set().union(*seen.values()) == set(range(40))
    assert len({letter // 10 for letter in seen["test"]}) > 1


def test_a_stroke_runs_from_its_first_point_to_its_last() -> None:

    world = Characters(CharactersSpec(kind="characters", jitter=0.0, turn=0.0), "train")
    channels, label, _ = world.sample(torch.tensor([0]), torch.arange(100)[None])
    assert label is not None
    for item in range(100):
        letter = label[0, item, 0]
        lead = world._strokes[letter][world._used[letter]]
        for end in (0, 3):
            column, row = ((lead[:, end] + 1) * 13.5).round().long().unbind(1)
            assert channels["retina"][0, item, 0, 0][row, column].min().item() > 0.8


def test_a_word_is_of_what_is_seen_unless_it_is_mixed_up() -> None:
    for mismatch in (0.0, 0.4, 1.0):
        _, label, factors = items({"kind": "pairs", "mismatch": mismatch}, 600)
        assert label is not None
        assert torch.equal(factors["matched"], (factors["heard"] == label).long())
        assert 1 - factors["matched"].double().mean().item() == pytest.approx(mismatch, abs=0.06)


def test_formants_are_where_their_word_has_them() -> None:
    world = Pairs(PairsSpec(kind="pairs", lag=5), "train")
    channels, label, factors = world.sample(torch.tensor([0]), torch.arange(50)[None])
    assert label is not None
    for item in range(50):
        first = int(2 + factors["onset"][0, item, 0])
        sound = channels["sound"][0, item, 0, 0]
        for start, _ in world._formants[label[0, item, 0]]:
            assert sound[round(float(start)), first].item() > 0.7
        assert sound[:, :first].mean().item() < 0.05
        assert sound[:, first + 36 :].mean().item() < 0.05


def test_patterns_are_the_thing_s_own_and_move_as_a_whole() -> None:
    world = Pairs(PairsSpec(kind="pairs", things=3), "train")
    channels, label, _ = world.sample(torch.tensor([0]), torch.arange(60)[None])
    assert label is not None
    mass = channels["retina"][0, :, 0, 0].sum((1, 2))
    for thing in range(3):
        own = mass[label[0, :, 0] == thing]
        assert own.std().item() < 0.03 * own.mean().item()
