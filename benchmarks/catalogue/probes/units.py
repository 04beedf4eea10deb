"""Entries of the probes of units and patterns: values known beforehand, and what they are not taken for."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from benchmarks.catalogue.probes.lives import grown
from benchmarks.catalogue.probes.seen import Seen, normal, value
from benchmarks.catalogue.table import Figure, entry


def _activity(quick: bool) -> Iterator[Figure]:
    wave = torch.sin(torch.arange(1000) * 2 * math.pi / 1000).reshape(1, -1, 1, 1)
    yield Figure(
        "rms", value(Seen({"V1": wave}), kind="activity", read="rms"), "1", "within 0.7070 0.7072", "sine: 1/sqrt 2"
    )
    yield Figure("control", value(Seen({"V1": wave}), kind="activity"), "1", "within -0.001 0.001", "its mean")


def _dead_units(quick: bool) -> Iterator[Figure]:
    rate = normal(1, 500, 1, 40).relu()
    rate[..., :10] = 0.0
    yield Figure("silenced", value(Seen({"V1": rate}), kind="dead_units"), "share", "== 0.25", "ten of forty")
    whole = normal(1, 500, 1, 40, seed=1).relu()
    yield Figure("control", value(Seen({"V1": whole}), kind="dead_units"), "share", "== 0", "nobody")


def _sparseness(quick: bool) -> Iterator[Figure]:
    # Of exponential rates E[r]^2 / E[r^2] = 1/2.
    rate = torch.empty(1, 2000, 1, 400).exponential_(generator=torch.Generator().manual_seed(0))
    yield Figure("exponential", value(Seen({"V1": rate}), kind="sparseness"), "1", "within 0.49 0.51", "1/2")
    alike = torch.ones(1, 10, 1, 400)
    yield Figure("control", value(Seen({"V1": alike}), kind="sparseness"), "1", "within -1e-6 1e-6", "all alike")


def _spatial_information(quick: bool) -> Iterator[Figure]:
    place = torch.randint(104, (1, 5000, 1), generator=torch.Generator().manual_seed(0))
    cells = torch.nn.functional.one_hot(place, 104).float()
    sure = value(Seen({"V1": cells}, factors={"place": place}), kind="spatial_information")
    yield Figure("place_cells", sure, "bits", "within 6.6 6.8", "log2 of 104 places: 6.70")
    anywhere = value(Seen({"V1": cells}, factors={"place": place.roll(1, dims=1)}), kind="spatial_information")
    yield Figure("control", anywhere, "bits", "<= 3.5", "the place before, drawn apart")


def _delta_value(quick: bool) -> Iterator[Figure]:
    T, k = 400, 5
    sine = torch.sin(2 * math.pi * k * torch.arange(T) / T).reshape(1, 1, T, 1)
    eta = T / (2 * math.pi) * math.sqrt(value(Seen({"V1": sine}), kind="delta_value"))
    yield Figure("sine", eta, "periods", "within 4.95 5.05", "five periods")
    noise = value(Seen({"V1": normal(1, 200, 100, 5)}), kind="delta_value")
    yield Figure("control", noise, "1", "within 1.97 2.03", "white noise: 2")


def _orientation(quick: bool) -> Iterator[Figure]:
    first, last = grown("orientation", 2 if quick else 5)
    gain = (last["tuning"] - first["tuning"]).mean()
    yield Figure("gained", float(gain), "1", ">= 0.05", "by a V1 that learned to name orientations")
    yield Figure("control", _blob(), "1", "<= 0.05", "a round blob")


def _blob() -> float:
    """Index of a Gaussian blob in the middle of the frame."""
    axis = torch.linspace(-1, 1, 16)
    weight = torch.exp(-(axis[:, None].square() + axis.square()) / 0.3)
    angle, frequency, phase = torch.meshgrid(
        torch.arange(16) * math.pi / 16, torch.tensor([1.0, 2.0]), torch.arange(8) * math.pi / 4, indexing="ij"
    )
    along = angle.cos()[..., None, None] * axis + angle.sin()[..., None, None] * axis[:, None]
    picture = torch.sin(math.pi * frequency[..., None, None] * along + phase[..., None, None])
    rate = (picture * weight).sum(dim=(-1, -2)).reshape(1, -1, 1, 1)
    told = {"orientation": angle.reshape(1, -1, 1), "frequency": frequency.reshape(1, -1, 1)}
    return value(Seen({"V1": rate}, factors=told), kind="orientation")


def _rf(quick: bool) -> Iterator[Figure]:
    x, axis = normal(1, 2000, 1, 256), (2.0 * torch.arange(16) + 1.0) / 16 - 1.0
    field = torch.exp(-(axis[:, None].square() + axis.square()) / (2 * 0.3**2)).reshape(256, 1)
    seen = {"V1": x @ field, "retina": x.reshape(1, 2000, 1, 1, 16, 16)}
    yield Figure("blob", value(Seen(seen), kind="rf", sense="retina"), "half frames", "within 0.29 0.31", "sd .3")
    whole = {**seen, "V1": x @ normal(256, 20, seed=1)}
    even = value(Seen(whole), kind="rf", sense="retina")
    yield Figure("control", even, "half frames", "within 0.78 0.85", "random weights: sqrt 2/3")


def _effective_rank(quick: bool) -> Iterator[Figure]:
    basis = torch.linalg.qr(normal(64, 64))[0]
    rate = (normal(1, 4000, 7, seed=1) @ basis[:7]).unsqueeze(2)
    yield Figure("directions", value(Seen({"V1": rate}), kind="effective_rank"), "1", "within 6.95 7.0", "seven")
    still = torch.full((1, 50, 1, 8), 0.3)
    yield Figure("control", value(Seen({"V1": still}), kind="effective_rank"), "1", "== 0", "dead units")


def _retrieval(quick: bool) -> Iterator[Figure]:
    first, last = grown("retrieval", 2 if quick else 5)
    yield Figure("learned", float(last["found"].mean()), "share", ">= 0.6", "a sight of the thing by its word")
    yield Figure("control", float(first["found"].mean()), "share", "<= 0.15", "at birth: by chance 1 in 16")


def _retinotopy(quick: bool) -> Iterator[Figure]:
    first, last = grown("retinotopy", 2 if quick else 5)
    yield Figure("sheet", float(last["map"].mean()), "1", ">= 0.9", "a Kohonen sheet of 6 x 6 on discs")
    yield Figure("control", float(abs(first["map"]).max()), "1", "<= 0.2", "at birth")


def _gridness(quick: bool) -> Iterator[Figure]:
    place = 2.0 * torch.rand(1, 20000, 2, generator=torch.Generator().manual_seed(0)) - 1.0

    def score(*angles: int) -> float:
        turned = torch.deg2rad(torch.tensor(angles))
        along = place[..., :1] * turned.cos() + place[..., 1:] * turned.sin()
        rate = torch.cos(2 * math.pi * along / 0.6).sum(dim=-1)[..., None, None]
        return value(Seen({"V1": rate}, factors={"position": place.unsqueeze(2)}), kind="gridness")

    yield Figure("triangles", score(0, 60, 120), "1", ">= 1", "three waves at 60 degrees")
    yield Figure("control", score(0, 90), "1", "<= 0", "squares: two waves at a right angle")
    _, last = grown("gridness", 2 if quick else 5)
    yield Figure("components", float(last["lattice"].mean()), "1", "<= 0.2", "components of where a disc is")


def _rsa(quick: bool) -> Iterator[Figure]:
    yield from _likeness("rsa", "within 0.9999 1.0001", "within -0.05 0.05")


def _cka(quick: bool) -> Iterator[Figure]:
    yield from _likeness("cka", "within 0.9999 1.0001", "within -0.05 0.05")


def _likeness(kind: str, same: str, other: str) -> Iterator[Figure]:
    x, wide = normal(1, 128, 1, 20), normal(1, 128, 1, 400, seed=1)
    yield Figure("multiple", value(Seen({"V1": 3.0 * x, "x": x}), kind=kind, to="x"), "1", same, "three times itself")
    yield Figure("control", value(Seen({"V1": wide, "x": x}), kind=kind, to="x"), "1", other, "400 unrelated units")


ENTRIES = (
    entry("activity", _activity),
    entry("dead_units", _dead_units),
    entry("sparseness", _sparseness),
    entry("spatial_information", _spatial_information),
    entry("delta_value", _delta_value),
    entry("orientation", _orientation),
    entry("rf", _rf),
    entry("effective_rank", _effective_rank),
    entry("retrieval", _retrieval),
    entry("retinotopy", _retinotopy),
    entry("gridness", _gridness),
    entry("rsa", _rsa),
    entry("cka", _cka),
)
