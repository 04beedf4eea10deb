"""Pairs of a pattern and a word: both by their formulas, and when a word is heard."""

from __future__ import annotations

import math

import pytest
import torch
from showing import items

from models.specs.worlds.views import PairsSpec
from models.worlds.pairs import Pairs


def world(**options: float) -> Pairs:
    return Pairs(PairsSpec(kind="pairs", **options), "train")  # type: ignore[arg-type]


def test_a_pattern_is_the_brightest_of_six_blobs_moved_together() -> None:
    pairs, place = world(), (0.2, -0.1)
    image = pairs._shown(torch.tensor([[3]]), torch.tensor([[[place]]])[0])[0, 0]
    blobs = pairs._blobs[3].tolist()
    assert len(blobs) == 6
    for row in range(0, 32, 3):
        for column in range(32):
            x, y = column / 15.5 - 1 - place[0], row / 15.5 - 1 - place[1]
            far = [((x - right) ** 2 + (y - down) ** 2) / 0.28**2 for right, down in blobs]
            expected = max(max(0.0, 1.0 - each) ** 2 for each in far)
            assert float(image[row, column]) == pytest.approx(expected, abs=1e-5)


def test_a_word_slides_from_its_first_bands_to_its_last_in_36_frames() -> None:
    pairs = world()
    sound = pairs._spoken(torch.tensor([[5]]), torch.tensor([[[4.0]]])[0])[0, 0]
    formants = pairs._formants[5].tolist()
    assert len(formants) == 3
    for frame in range(64):
        share = (frame - 6) / 36
        for band in range(32):
            away = [(band - first - (last - first) * share) / 2.0 for first, last in formants]
            expected = max(max(0.0, 1.0 - each**2) for each in away) if 0 <= share < 1 else 0.0
            assert float(sound[band, frame]) == pytest.approx(expected, abs=1e-4)


def test_blobs_and_formants_fill_their_ranges() -> None:
    many = [world(things=64, seed=seed) for seed in range(5)]
    blobs = torch.stack([each._blobs for each in many])
    assert 0.54 < float(blobs.abs().max()) <= 0.55
    assert float(blobs.square().mean()) == pytest.approx(0.55**2 / 3, rel=0.05)
    formants = torch.stack([each._formants for each in many])
    assert (float(formants.min()), float(formants.max())) == pytest.approx((2.0, 29.0), abs=0.15)
    assert float(formants.var()) == pytest.approx(27.0**2 / 12, rel=0.06)


def test_patterns_move_by_a_quarter_and_words_wait_up_to_the_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs, places = world(lag=3, mismatch=0.5), list[torch.Tensor]()

    def shown(thing: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        places.append(place)
        return torch.zeros(*thing.shape, 32, 32)

    monkeypatch.setattr(pairs, "_shown", shown)
    channels, _, factors = pairs._met(torch.arange(800)[None])
    assert 0.245 < float(places[0].abs().max()) <= 0.25
    assert float(places[0].square().mean()) == pytest.approx(0.25**2 / 3, rel=0.1)
    for told in (factors["matched"].float(), factors["onset"]):
        both = torch.stack([told[0, :, 0], *places[0][0].reshape(800, 2).unbind(1)])
        assert float((torch.corrcoef(both) - torch.eye(3)).abs().max()) < 0.15
    onsets = torch.bincount(factors["onset"].flatten().long())
    assert onsets.tolist() == pytest.approx([200] * 4, abs=50)
    # before the word there is noise alone, of which half is cut off at 0
    silence = channels["sound"][0, :, 0, 0, :, :2]
    assert float(silence.mean()) == pytest.approx(0.05 / math.sqrt(2 * math.pi), rel=0.03)


def test_a_word_that_does_not_match_is_of_another_thing() -> None:
    _, label, factors = items({"kind": "pairs", "mismatch": 1.0, "things": 3}, 600)
    assert label is not None
    step = (factors["heard"] - label) % 3
    assert torch.bincount(step.flatten(), minlength=3).tolist() == pytest.approx([0, 300, 300], abs=45)
    assert not factors["matched"].any()
