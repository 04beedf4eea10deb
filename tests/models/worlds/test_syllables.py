"""Songs: written out by hand, one tutor's alike, and who can be chosen."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from showing import items

from models.draw import Draw, word
from models.specs.worlds.social import SyllablesSpec

SMALL: dict[str, Any] = {"kind": "syllables", "tutors": 3, "renditions": 5, "bands": 16, "frames": 6, "jitter": 0.0}


def written_out(tutor: int, seed: int = 0) -> list[list[float]]:
    """The song of a tutor in 16 bands and 6 frames."""
    drawn = Draw(torch.tensor([seed]), torch.arange(3)[None], word("syllables", "tutors"))
    pitch, glide, peak = (float(drawn.at(name).uniform(1)[0, tutor, 0]) for name in ("pitch", "glide", "peak"))
    timbre = drawn.at("timbre").uniform(4)[0, tutor].tolist()
    song = []
    for band in range(1, 17):
        row = []
        for frame in range(6):
            x = frame / 5
            p = (2.0 + 3.0 * pitch) * (1.0 + 0.6 * (2.0 * glide - 1.0) * (2.0 * x - 1.0))
            voice = max(0.0, 1.0 - ((x - 0.2 - 0.6 * peak) / 0.75) ** 2)
            sound = sum(c / max(timbre) / (1.0 + ((band - h * p) / 0.7) ** 2) for h, c in enumerate(timbre, start=1))
            row.append(min(1.0, voice * sound))
        song.append(row)
    return song


@pytest.mark.parametrize("seed", [0, 3])
def test_songs_are_those_written_out(seed: int) -> None:
    channels, label, factors = items(SMALL | {"seed": seed}, 15)
    assert label is not None
    for item in range(15):
        tutor = int(label[0, item, 0])
        assert tutor == item % 3
        torch.testing.assert_close(
            channels["song"][0, item, 0, 0], torch.tensor(written_out(tutor, seed)), atol=1e-5, rtol=1e-4
        )
        drawn = Draw(torch.tensor([seed]), torch.tensor([[tutor]]), word("syllables", "tutors")).at("pitch").uniform(1)
        assert float(factors["pitch"][0, item, 0]) == pytest.approx(250.0 * (2.0 + 3.0 * float(drawn)))
    assert torch.equal(channels["urge"], torch.ones_like(channels["urge"]))


def test_a_tutor_sings_alike_alone_and_among_others_and_never_twice_the_same() -> None:
    varied = SMALL | {"jitter": 0.03, "renditions": 200}
    among, label, factors = items(varied, 600)
    alone, who, _ = items(varied | {"tutor": 1}, 200)
    assert label is not None
    assert who is not None
    assert set(who.flatten().tolist()) == {1}
    his = among["song"][0, label[0, :, 0] == 1].mean(dim=0)
    torch.testing.assert_close(alone["song"][0].mean(dim=0), his, atol=0.04, rtol=0)
    pitch = factors["pitch"][0, label[0, :, 0] == 1, 0]
    assert float(pitch.std() / pitch.mean()) == pytest.approx(0.03, rel=0.15)


def test_renditions_of_one_pitch_differ_in_loudness() -> None:
    channels, _, factors = items(SMALL | {"jitter": 0.03, "tutor": 1, "renditions": 400}, 400)
    song, order = channels["song"][0, :, 0, 0], factors["pitch"][0, :, 0].argsort()
    uncut = song[:, (song < 0.95).all(dim=0)].sum(dim=1)
    # two numbers with a spread of .03 each
    assert float(uncut[order].log().diff().std()) == pytest.approx(0.03 * 2**0.5, rel=0.15)


def test_splits_share_tutors_and_no_rendition() -> None:
    (train, _, _), (test, _, _) = (items(SMALL | {"jitter": 0.03}, 15, split=split) for split in ("train", "test"))
    assert not torch.equal(train["song"], test["song"])
    for tutor in range(3):
        both = torch.stack([each["song"][0, tutor].flatten() for each in (train, test)])
        assert float(torch.corrcoef(both)[0, 1]) > 0.9


def test_a_tutor_who_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="there is no such tutor"):
        SyllablesSpec(**SMALL | {"tutor": 3})
