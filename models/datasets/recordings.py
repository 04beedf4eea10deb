"""Folders of wav recordings: the central second as a log-mel spectrogram."""

from __future__ import annotations

import math
import wave
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.datasets.folders import read_folder
from models.datasets.parts import Array, Unreadable, Whole

ENDINGS = (".wav",)
BANDS, FRAMES = 32, 64
MOST_FILE_BYTES = 64 << 20
_LOWEST_HZ, _WINDOW_SECONDS, _FLOOR = 50.0, 0.032, 1e-6

Floats = npt.NDArray[np.float64]


def read_recordings(root: Path) -> Whole:
    """All recordings of a folder as (1, 32 bands, 64 frames) float32.

    One second from the middle, zeros around a shorter one; power spectra of 64 Hann windows of 32 ms, evenly spaced;
    32 triangular bands, evenly spaced in mel = 2595 log10(1 + f/700) from 50 Hz to half the rate; log10(power + 1e-6).
    Amplitudes are shares of full scale. All recordings have one rate.
    """
    like = np.empty((1, BANDS, FRAMES), np.float32)
    rates: set[int] = set()
    return read_folder(root, ENDINGS, ("recordings", "sound"), partial(_recording, rates), like)


def _recording(rates: set[int], path: Path) -> Array:
    amplitudes, rate = read_wave(path)
    rates.add(rate)
    if len(rates) > 1:
        raise Unreadable(path, f"{rate} Hz, others have {min(rates - {rate})} Hz", "resample them to one rate")
    return log_mel(amplitudes, rate)


def read_wave(path: Path) -> tuple[Floats, int]:
    """Amplitudes as shares of full scale, and samples per second; several channels are averaged."""
    if path.stat().st_size > MOST_FILE_BYTES:
        raise Unreadable(path, f"more than {MOST_FILE_BYTES >> 20} MiB", "cut it")
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise Unreadable(path, f"no wav file that can be read ({error})", "write it as PCM of 8 or 16 bits") from error
    if width not in (1, 2) or rate < 1000 or len(data) < width * channels:
        told = f"{8 * width} bits, {rate} Hz, {len(data)} bytes"
        raise Unreadable(path, told, "write it as PCM of 8 or 16 bits, 1000 Hz or more")
    whole = data[: len(data) // (width * channels) * width * channels]
    samples = np.frombuffer(whole, "u1" if width == 1 else "<i2").astype(np.float64)
    shares = (samples - 128.0) / 128.0 if width == 1 else samples / 32768.0
    return shares.reshape(-1, channels).mean(axis=1), rate


def log_mel(amplitudes: Floats, rate: int) -> npt.NDArray[np.float32]:
    """(1, bands, frames), as `read_recordings` says."""
    size = round(_WINDOW_SECONDS * rate)
    second = _central(amplitudes, rate)
    starts = np.round(np.linspace(0, rate - size, FRAMES)).astype(np.int64)
    windows = second[starts[:, None] + np.arange(size)] * np.hanning(size + 1)[:-1]
    power = np.square(np.abs(np.fft.rfft(windows, axis=1))) / size
    return np.log10(power @ _bands(size, rate).T + _FLOOR).T[None].astype(np.float32)


def _central(amplitudes: Floats, rate: int) -> Floats:
    before = max(0, (len(amplitudes) - rate) // 2)
    chosen = amplitudes[before : before + rate]
    left = (rate - len(chosen)) // 2
    return np.pad(chosen, (left, rate - len(chosen) - left))


@cache
def _bands(size: int, rate: int) -> Floats:
    """Weights of the frequencies in each band, (bands, frequencies); every band's add up to 1 where it has any."""
    low, high = (2595.0 * math.log10(1.0 + hertz / 700.0) for hertz in (_LOWEST_HZ, rate / 2))
    mel = np.linspace(low, high, BANDS + 2)
    edge = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    frequency = np.fft.rfftfreq(size, 1.0 / rate)
    rise = (frequency - edge[:-2, None]) / np.diff(edge)[:-1, None]
    fall = (edge[2:, None] - frequency) / np.diff(edge)[1:, None]
    weight = np.clip(np.minimum(rise, fall), 0.0, None)
    nearest = np.abs(frequency - edge[1:-1, None]).argmin(axis=1)
    empty = weight.sum(axis=1) == 0.0
    weight[empty, nearest[empty]] = 1.0
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
