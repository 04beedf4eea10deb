"""Worlds before and after the eyes open: spectra, edges, intervals, and the controls that lack them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import pace
from models.draw import Draw, word
from models.specs.worlds.nature import RetinalWavesSpec
from models.worlds.retinal_waves import _BURN_IN, _SEEDS_PER_STEP, _WAVES, _Sheets


def _disks(quick: bool) -> Iterator[Figure]:
    channels, _, factors = readers.items({"kind": "noisy_disks"}, 2000)
    mass = channels["retina"][0, :, 0, 0] - 0.15
    axis = torch.linspace(-1, 1, 32)
    place = torch.stack([(mass.sum(1) * axis).sum(1), (mass.sum(2) * axis).sum(1)], dim=1) / mass.sum((1, 2))[:, None]
    centre = factors["centre"][0, :, 0]
    whole = (centre.abs() < 0.4).all(dim=1)
    off = (place - centre)[whole].norm(dim=1)
    yield Figure("centre_off", float(off.median()), "half frames", "<= 0.06", "centre of mass")
    wrong = (place - centre.roll(1, 0))[whole].norm(dim=1)
    yield Figure("control", float(wrong.median()), "half frames", ">= 0.5", "centres of other items")


def _gratings(quick: bool) -> Iterator[Figure]:
    options = {"kind": "gratings", "frame": 16, "orientations": 8, "frequencies": [2.0, 3.0], "grid": 8}
    channels, label, _ = readers.items(options)
    assert label is not None
    retina = channels["retina"][0, :, 0].flatten(1) - 0.5
    alike = torch.corrcoef(retina).abs()
    # A grating correlates with one of its own orientation and frequency at a quarter turn of phase least, at half most.
    same, frequency = (
        label[0] == label[0].T,
        (torch.arange(len(retina)) // 8)[:, None] == torch.arange(len(retina)) // 8,
    )
    yield Figure("same_orientation", float(alike[same & frequency].mean()), "abs r", ">= 0.6")
    yield Figure("control", float(alike[~same].mean()), "abs r", "<= 0.1", "other orientations")


def _bars(quick: bool) -> Iterator[Figure]:
    channels, _, factors = readers.items({"kind": "bars"}, 20_000)
    yield Figure("pixels_on", float(channels["retina"].mean()), "share", "within 0.230 0.239", "1 - (7/8)^2 = .234")
    pair = torch.corrcoef(factors["bars"][0, :, 0].mT) - torch.eye(16)
    yield Figure("control", float(pair.abs().max()), "abs r", "<= 0.04", "any two bars")


def power_slope(picture: Tensor) -> float:
    """Exponent of the mean power spectrum of square pictures, from 3 cycles to a quarter of their side."""
    side = picture.shape[-1]
    window = torch.hann_window(side)
    power = torch.fft.fft2((picture - picture.mean(dim=(-1, -2), keepdim=True)) * window * window[:, None])
    cycles = torch.fft.fftfreq(side) * side
    radius, rings = (cycles.square() + cycles[:, None].square()).sqrt(), torch.arange(3, side // 4)
    mean = power.abs().square().mean(dim=0)
    value = torch.stack([mean[(radius >= k - 0.5) & (radius < k + 0.5)].mean() for k in rings])
    design = torch.stack([rings.float().log(), torch.ones(len(rings))], dim=1)
    return float(torch.linalg.lstsq(design, value.log()[:, None]).solution[0])


def _leaves(quick: bool) -> Iterator[Figure]:
    count = 16 if quick else 64
    channels, _, _ = readers.items({"kind": "dead_leaves"}, 16 * count)
    windows = channels["retina"][0, :, 0, 0].reshape(count, 4, 4, 32, 32)
    scene = windows.permute(0, 1, 3, 2, 4).reshape(count, 128, 128)
    noise = torch.rand(count, 128, 128, generator=torch.Generator().manual_seed(0))
    for name, picture, slopes, edges in (
        ("", scene, "within -2.4 -1.8", ">= 8"),
        ("control.", noise, "within -0.2 0.2", "<= 3"),
    ):
        step = picture.diff(dim=2)
        peer = "white noise" if name else None
        yield Figure(f"{name}power_slope", power_slope(picture), "1", slopes, peer)
        yield Figure(f"{name}kurtosis", float(step.pow(4).mean() / step.square().mean().square()), "1", edges, peer)


def _waves(quick: bool) -> Iterator[Figure]:
    draw = Draw(torch.zeros(1, dtype=torch.int64), address=word("catalogue"))
    sheets = _Sheets(RetinalWavesSpec(kind="retinal_waves"), draw, torch.arange(6 if quick else 16))
    gap = (-sheets._of_seeds("gap").neg().log1p() / _SEEDS_PER_STEP).round()
    fired, shares = [], []
    for number in range(_BURN_IN + _WAVES):
        before = sheets._rest_until.clone()
        shares.append(sheets._wave(number, gap[:, number])[1])
        fired.append(torch.where(sheets._rest_until != before, sheets._now[:, None, None] / 10.0, -1.0))
    times = torch.stack(fired[_BURN_IN:], dim=1)[:, :, ::5, ::5].flatten(2).permute(0, 2, 1).flatten(0, 1)
    interval = torch.cat([each[each >= 0].diff() for each in times]).median()
    yield Figure("interval", float(interval), "s", "within 60 120", "median, of a cell")
    share = torch.stack(shares[_BURN_IN:])
    middle = ((share > 0.02) & (share < 0.6)).float().mean()
    yield Figure("middle_waves", float(middle), "share", "within 0.1 0.6", "waves that take 2 to 60 % of the sheet")
    for shuffle, bounds in (("none", ">= 0.5"), ("pixels", "within -0.3 0.3")):
        channels, _, _ = readers.items({"kind": "retinal_waves", "shuffle": shuffle}, 64 if quick else 256, 16)
        x = channels["retina"][0, :, :, 0] - channels["retina"][0, :, :, 0].mean(dim=(0, 1))
        near = float((x[..., 1:] * x[..., :-1]).mean() / x.square().mean())
        name, peer = ("neighbours", None) if shuffle == "none" else ("control", "shuffle: pixels")
        yield Figure(name, near, "r", bounds, peer)
        if shuffle == "none":
            far = float((x[..., 16:] * x[..., :-16]).mean() / x.square().mean())
            yield Figure("distant_over_near", far / near, "1", "<= 0.5", "16 pixels against 1")


ENTRIES = (
    entry("noisy_disks", _disks, pace("noisy_disks")),
    entry("gratings", _gratings, pace("gratings")),
    entry("bars", _bars, pace("bars")),
    entry("dead_leaves", _leaves, pace("dead_leaves")),
    entry("retinal_waves", _waves, pace("retinal_waves")),
)
