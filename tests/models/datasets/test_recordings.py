"""Recordings: which second is heard, and what a click in it looks like."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np
import pytest

from models.datasets.recordings import _bands, log_mel, read_wave

RATE, SIZE = 8000, 256
"""Samples of a second, and of a window of 32 ms."""


def clicked(length: int, at: int) -> np.ndarray:
    """A click of half of full scale in silence."""
    sound = np.zeros(length)
    sound[at] = 0.5
    return sound


def expected(at: int) -> np.ndarray:
    """(bands, frames): a click has its power at every frequency, as much as the window lets through."""
    levels = []
    for frame in range(64):
        within = at - round(frame * (RATE - SIZE) / 63)
        weight = 0.5 - 0.5 * math.cos(2 * math.pi * within / SIZE) if 0 <= within < SIZE else 0.0
        levels.append(math.log10((0.5 * weight) ** 2 / SIZE + 1e-6))
    return np.tile(levels, (32, 1))


@pytest.mark.parametrize(
    ("length", "at", "heard"),
    [
        (RATE, 1000, 1000),
        # the second in the middle of three
        (3 * RATE, RATE + 6000, 6000),
        # half a second, with a quarter of silence to either side
        (RATE // 2, 200, 2200),
    ],
)
def test_a_click_is_heard_when_it_comes_as_loud_as_its_window_has_it(length: int, at: int, heard: int) -> None:
    sound = log_mel(clicked(length, at), RATE)
    assert sound.shape == (1, 32, 64)
    np.testing.assert_allclose(sound[0], expected(heard), atol=1e-4)


def test_bands_that_no_frequency_lies_in_have_the_nearest() -> None:
    weight, size, rate = _bands(32, 1000), 32, 1000
    mel = np.linspace(*(2595 * np.log10(1 + hertz / 700) for hertz in (50.0, 500.0)), 34)
    centre = 700 * (10 ** (mel / 2595) - 1)[1:-1]
    np.testing.assert_allclose(weight.sum(axis=1), 1.0)
    assert np.abs(weight @ np.fft.rfftfreq(size, 1 / rate) - centre).max() <= rate / size / 2


def written(path: Path, samples: np.ndarray, width: int, channels: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


def test_amplitudes_are_shares_of_full_scale_and_channels_are_averaged(tmp_path: Path) -> None:
    stereo = np.array([[16384, 0], [-32768, -16384], [8192, -8192]], "<i2")
    amplitudes, rate = read_wave(written(tmp_path / "a.wav", stereo, 2, 2))
    assert (amplitudes.tolist(), rate) == ([0.25, -0.75, 0.0], RATE)
    coarse = np.array([128, 192, 0, 64], np.uint8)
    assert read_wave(written(tmp_path / "b.wav", coarse, 1, 1))[0].tolist() == [0.0, 0.5, -1.0, -0.5]
