"""Shapes, easy and hard."""

from __future__ import annotations

import math

import pytest
import torch
from showing import items
from sklearn.linear_model import LogisticRegression

from models.worlds.splits import held_out, held_out_of


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
