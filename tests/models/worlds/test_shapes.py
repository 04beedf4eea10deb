"""Shapes, easy and hard."""

from __future__ import annotations

import math

import pytest
import torch
from showing import items
from sklearn.linear_model import LogisticRegression

from models.specs.worlds.scenes import ShapesSpec
from models.worlds import shapes
from models.worlds.splits import held_out, held_out_of

INDEX = torch.arange(3000)[None]


def test_classes_are_even_and_greys_are_apart() -> None:
    for level, greys in (("easy", 8), ("hard", 32)):
        channels, label, _ = items({"kind": "shapes", "level": level}, 3000)
        assert label is not None
        assert torch.bincount(label.flatten()).tolist() == [1000] * 3
        retina = channels["retina"][0, :, 0, 0].flatten(1)
        ground = retina[:, :16].median(dim=1).values
        steps = ground * (greys - 1)
        assert ((steps - steps.round()).abs() < 0.1).float().mean().item() > 0.9
        assert ((retina.amax(dim=1) - retina.amin(dim=1)) > 0.11).float().mean().item() > 0.99


def test_easy_shapes_have_four_angles_and_equal_axes() -> None:
    _, _, easy = items({"kind": "shapes", "level": "easy"}, 500)
    assert set((easy["angle"] / (math.pi / 2)).flatten().round().tolist()) == {0.0, 1.0, 2.0, 3.0}
    _, _, hard = items({"kind": "shapes"}, 500)
    assert len(torch.unique(hard["angle"])) == 500
    for factors in (easy, hard):
        assert 0.38 <= factors["size"].min().item() < 0.4
        assert 0.73 < factors["size"].max().item() <= 0.75
    assert hard["difficulty"].mean().item() > easy["difficulty"].mean().item() + 0.05


def test_a_half_covered_pixel_lies_on_the_outline() -> None:
    channels, label, factors = items({"kind": "shapes", "level": "easy"}, 3000)
    assert label is not None
    retina, size = channels["retina"][0, :, 0, 0], factors["size"][0, :, 0]
    ground = retina[:, :1, :1]
    figure = (retina - ground).abs().flatten(1).amax(dim=1)
    area = (retina - ground).abs().flatten(1).sum(dim=1) / figure * 4 / 15**2
    large = size > 0.5
    for kind, per_size in ((0, (2 * 0.85) ** 2), (1, math.pi)):
        chosen = large & (label[0, :, 0] == kind)
        assert (area[chosen] / (per_size * size[chosen].square())).median().item() == pytest.approx(1.0, abs=0.08)


def test_easy_shapes_are_easier_for_a_linear_reader_of_their_outline() -> None:
    def score(level: str) -> float:
        (x, label, _), (test_x, test_label, _) = (
            items({"kind": "shapes", "level": level}, 1500, split=split) for split in ("train", "test")
        )
        assert label is not None
        assert test_label is not None

        def seen(channels: dict[str, torch.Tensor]) -> torch.Tensor:
            retina = channels["retina"][0, :, 0, 0].flatten(1)
            figure = (retina - retina[:, :1]).abs()
            return figure / figure.amax(dim=1, keepdim=True)

        reader = LogisticRegression(max_iter=300).fit(seen(x).numpy(), label.flatten().numpy())
        return float(reader.score(seen(test_x).numpy(), test_label.flatten().numpy()))

    assert score("easy") > score("hard") + 0.05


def test_angles_can_be_held_back() -> None:
    for split, low, high in (("train", 0.0, 0.75), ("valid", 0.75, 0.875), ("test", 0.875, 1.0)):
        _, _, factors = items({"kind": "shapes", "split_by": "angle"}, 400, split=split)
        turn = factors["angle"] / (2 * math.pi)
        assert low <= turn.min().item() <= turn.max().item() <= high


def cluttered(count: int, **options: object) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    """Fields, cues and truths of that many items."""
    channels, label, factors = items({"kind": "shapes", "level": "easy", "clutter": 6, **options}, count)
    assert label is not None
    told = {name: each[0, :, 0] for name, each in factors.items()} | {"label": label[0, :, 0]}
    return channels["retina"][0, :, 0, 0], channels["cue"][0, :, 0], told


def test_a_shape_lies_whole_in_front_of_the_pieces() -> None:
    field, _, told = cluttered(300, items=300)
    assert field.shape == (300, 32, 32)
    assert torch.bincount(told["label"]).tolist() == [100] * 3
    centre = ((told["place"] + 1.0) * 15.5).round().long()
    there = field[torch.arange(300), centre[:, 1], centre[:, 0]]
    greys = there * 7
    assert float((greys - greys.round()).abs().max()) < 0.2
    assert float(there.min()) > 0.5
    assert float(field[:, 0].mean()) < 0.1
    assert 0.17 < float(told["size"].min()) < float(told["size"].max()) <= 0.75 * 0.45


def test_pieces_are_smaller_than_the_shape_and_more_of_them_are_more() -> None:
    covered = [float((cluttered(200, clutter=count)[0] > 0.3).float().sum(dim=(1, 2)).mean()) for count in (1, 6, 24)]
    assert covered[0] < covered[1] < covered[2]
    assert (covered[1] - covered[0]) / 5 < 0.4 * covered[0]


def test_a_cue_names_the_quarter_as_often_as_it_is_valid() -> None:
    for validity in (0.0, 0.8, 1.0):
        _, cue, told = cluttered(1000, validity=validity)
        quarter = (told["place"][:, 0] > 0).long() + 2 * (told["place"][:, 1] > 0).long()
        assert torch.equal(cue.sum(dim=1), torch.ones(1000))
        assert torch.equal((cue.argmax(dim=1) == quarter).long(), told["valid"])
        assert float(told["valid"].float().mean()) == pytest.approx(validity, abs=0.04)
        wrong = (cue.argmax(dim=1) - quarter)[told["valid"] == 0] % 4
        assert validity == 1.0 or len(wrong.unique()) == 3


def test_splits_share_a_range_out_between_them() -> None:
    unit = torch.tensor([0.0, 0.5, 1.0])
    assert [held_out(unit, split).tolist() for split in ("train", "valid", "test")] == [
        [0.0, 0.375, 0.75],
        [0.75, 0.8125, 0.875],
        [0.875, 0.9375, 1.0],
    ]
    assert [held_out_of(16, split) for split in ("train", "valid", "test")] == [(0, 12), (12, 2), (14, 2)]
    assert [held_out_of(3, split) for split in ("train", "valid", "test")] == [(0, 1), (1, 1), (2, 1)]


def world(**options: object) -> shapes.Shapes:
    return shapes.Shapes(ShapesSpec(kind="shapes", **options), "train")  # type: ignore[arg-type]


def test_hard_shapes_are_stretched_moved_and_of_greys_at_least_four_steps_apart() -> None:
    told = world()._shape(INDEX)
    for drawn, low, high in ((told.place, -0.25, 0.25), (told.stretch, 0.5, 1.0), (told.size, 0.38, 0.75)):
        assert (float(drawn.min()), float(drawn.max())) == pytest.approx((low, high), abs=0.001)
        assert float(drawn.mean()) == pytest.approx((low + high) / 2, abs=0.01)
    steps = ((told.figure - told.ground) * 31).round().long() % 32
    # .12 of 31 steps are 3.7: lighter by 4 to 28 or, round the circle, darker by 28 to 4
    assert set(steps.flatten().tolist()) == set(range(4, 29))
    assert float((told.figure - told.ground).abs().min()) >= 0.12


def one(kind: int, stretch: tuple[float, float] = (1.0, 1.0), angle: float = 0.0, size: float = 0.4) -> shapes._Shape:
    plain = {"ground": 0.3, "figure": 0.9, "size": size, "angle": angle}
    numbers = {name: torch.full((1, 1), value) for name, value in plain.items()}
    place = {"place": torch.zeros(1, 1, 2), "stretch": torch.tensor([[stretch]])}
    return shapes._Shape(kind=torch.full((1, 1), kind), **place, **numbers)


@pytest.mark.parametrize(
    ("size", "stretch", "expected"),
    [
        # small, faint: (1 - .6) / .88, unequal
        (0.75, (1.0, 1.0), (0.0 + 0.4 / 0.88 + 0.0) / 3),
        (0.38, (0.8, 0.8), (1.0 + 0.4 / 0.88 + 0.0) / 3),
        (0.565, (0.6, 0.8), (0.5 + 0.4 / 0.88 + 0.5) / 3),
        (0.565, (1.0, 0.5), (0.5 + 0.4 / 0.88 + 1.0) / 3),
    ],
)
def test_difficulty_by_hand(
    monkeypatch: pytest.MonkeyPatch, size: float, stretch: tuple[float, float], expected: float
) -> None:
    hard = world()
    monkeypatch.setattr(hard, "_shape", lambda index: one(0, stretch, size=size))
    assert hard._drawn(INDEX[:, :1])[2]["difficulty"].item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("shape", "x", "y"),
    [
        # half width .4: a square has half sides of .85 of it, a triangle its corner at 1 and its base at .7
        (one(0), 0.34, 0.1),
        (one(0), -0.1, -0.34),
        (one(1), 0.4, 0.0),
        (one(1, (1.0, 0.5)), 0.0, 0.2),
        (one(1, (0.5, 1.0)), 0.2, 0.0),
        (one(2), 0.0, -0.4),
        (one(2), 0.1, 0.28),
        (one(2), 0.25, 0.0),
        (one(2), -0.25, 0.0),
        (one(2, angle=math.pi / 2), 0.4, 0.0),
        (one(2, angle=math.pi / 2), -0.28, 0.1),
    ],
)
def test_outlines_are_half_covered_within_and_without_as_a_logistic(shape: shapes._Shape, x: float, y: float) -> None:
    covered = shapes._covered(shape, 201)[0, 0]
    assert float(covered[round(100 * y) + 100, round(100 * x) + 100]) == pytest.approx(0.5, abs=0.01)
    assert float(covered[100, 100]) > 0.999


def test_edges_are_about_a_pixel_wide_and_halves_end_at_their_axis() -> None:
    row = shapes._covered(one(1), 21)[0, 0, 10]
    for column in range(10, 21):
        assert float(row[column]) == pytest.approx(1 / (1 + math.exp(1.2 * 21 * ((column - 10) / 10 - 0.4))), abs=1e-4)
    half = shapes._covered(one(1), 201, halved=True)[0, 0]
    assert (float(half[100, 80]), float(half[100, 100]), float(half[100, 120])) == pytest.approx(
        (1.0, 0.5, 0.0), abs=0.01
    )
    assert (float(half[80, 80]), float(half[120, 80])) == pytest.approx((1.0, 1.0), abs=0.01)


def test_in_a_field_shapes_and_pieces_have_their_places_and_sizes() -> None:
    field = world(clutter=4)
    shape, pieces = field._shape(INDEX), field._pieces(INDEX)
    assert pieces.kind.shape == (1, 3000, 4)
    for drawn, low, high in (
        (shape.place, -0.6, 0.6),
        (shape.size, 0.45 * 0.38, 0.45 * 0.75),
        (pieces.place, -1.0, 1.0),
        (pieces.size, 0.6 * 0.45 * 0.38, 0.6 * 0.45 * 0.75),
    ):
        assert (float(drawn.min()), float(drawn.max())) == pytest.approx((low, high), abs=0.002)
