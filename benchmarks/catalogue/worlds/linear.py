"""Linear worlds: what least squares, correlations, counts and lives find in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Figure, entry
from benchmarks.catalogue.worlds import readers
from benchmarks.catalogue.worlds.pace import EXAMPLES, pace
from models.specs.document import read
from models.specs.worlds.linear import LowRankSpec
from models.worlds.low_rank import matrix


def _linear_map(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "linear_map"}, 2000)
    assert label is not None
    x, y = channels["x"][0, :, 0].double(), label[0, :, 0].double()
    asked = torch.tensor([6.0, 4.0, 3.0, 2.0, 1.2, 0.7], dtype=torch.float64)
    found = torch.linalg.svdvals(torch.linalg.lstsq(x, y).solution)[:6]
    yield Figure("singular_values_off", float((found - asked).abs().max()), "1", "<= 1e-4", "those of the document")
    shuffled = torch.linalg.svdvals(torch.linalg.lstsq(x, y.roll(1, 0)).solution)[0]
    yield Figure("control", float(shuffled), "1", "<= 1", "largest one with targets moved by one item")


def _low_rank(quick: bool) -> Iterator[Figure]:
    source = LowRankSpec(kind="low_rank")
    values = torch.linalg.svdvals(matrix(source).double())
    expected = torch.zeros(100, dtype=torch.float64)
    expected[:10] = 1000.0**0.5
    yield Figure("singular_values_off", float((values - expected).abs().max()), "1", "<= 1e-4", "sqrt(1000), ten times")
    for rank, bounds, peer in ((2, "<= 0.15", None), (40, ">= 1", "a matrix of full rank")):
        found = lives.grown(_table(rank, 25 if quick else 60))
        yield from lives.figures("control" if peer else "missed", found.last["missed"], "1", bounds, peer)


def _table(rank: int, passes: int) -> dict[str, Any]:
    """The example, with a table of this rank: what lives make of entries they have not seen."""
    document: dict[str, Any] = dict(read((EXAMPLES / "low_rank.yaml").read_bytes()).data)
    for world in document["worlds"].values():
        world["source"]["rank"] = rank
    document["stages"][0]["until"] = {"after": f"{passes}ep"}
    return document


def _two_pathway(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "two_pathway", "d": 2}, 500)
    assert label is not None
    a, b, y = channels["a"][0, :, 0], channels["b"][0, :, 0], label[0, :, 0]
    halves = torch.linalg.lstsq(torch.cat([a, b], dim=1), y, driver="gelsd").solution
    gain = halves[:2] + halves[2:]
    yield Figure("gains_off", float((gain - 10.0 * torch.eye(2)).abs().max()), "1", "<= 1e-3", "K_a + K_b = s")


def _hierarchy(quick: bool) -> Iterator[Figure]:
    broad, fine = [], []
    for seed in range(5 if quick else 40):
        _, label, _ = readers.items({"kind": "hierarchy", "features": 512, "seed": seed}, 8)
        assert label is not None
        alike = label[0, :, 0] @ label[0, :, 0].mT / 512
        fine.append(float(alike[0, 1]))
        broad.append(float(alike[0, 7]))
    yield Figure("siblings", sum(fine) / len(fine), "1", "within 0.13 0.19", "(1 - 2 flip)^2 = .16")
    yield Figure("control", abs(sum(broad) / len(broad)), "1", "<= 0.04", "items of different halves: .004")


def _mixed_sources(quick: bool) -> Iterator[Figure]:
    for law, bounds, peer in (("laplace", "within 5.2 6.8", None), ("gaussian", "within 2.8 3.2", "law gaussian")):
        _, _, factors = readers.items({"kind": "mixed_sources", "law": law}, 20_000)
        kurtosis = float(factors["source"].pow(4).mean() / factors["source"].square().mean().square())
        yield Figure("control" if peer else "kurtosis", kurtosis, "1", bounds, peer)


def _ring(quick: bool) -> Iterator[Figure]:
    channels, label, _ = readers.items({"kind": "ring"}, 8000)
    assert label is not None
    shares = torch.bincount(label.flatten(), minlength=8) / 8000
    yield Figure("rarest_place", float(shares.min()), "share", "within 0.11 0.125")
    radius = channels["point"].norm(dim=-1)
    yield Figure("radius_off", float((radius - 2.0).abs().max()), "1", "<= 0.3", "sd .05 about radius 2")


def _stereograms(quick: bool) -> Iterator[Figure]:
    for coherent, bounds, peer in ((1.0, ">= 0.99", None), (0.0, "within -0.05 0.05", "coherent 0")):
        _, _, factors = readers.items({"kind": "stereograms", "coherent": coherent}, 6000)
        pair = torch.stack([factors["disparity"].flatten(), factors["other"].flatten()])
        found = float(torch.corrcoef(pair)[0, 1])
        yield Figure("control" if peer else "neighbours_correlate", found, "1", bounds, peer)


def _vor(quick: bool) -> Iterator[Figure]:
    """How fast the eye must turn, as least squares reads it from the canals."""
    for lens, bounds in ((2.0, "within 1.98 2.02"), (1.0, "within 0.98 1.02")):
        channels, _, _ = readers.items({"kind": "vor", "lens": lens}, 5000)
        canals, scene = channels["canals"][0, :, 0].double(), channels["scene"][0, :, 0].double()
        weight = torch.linalg.lstsq(canals, scene).solution[:, 0]
        gain = float((weight * (1.0 - 2.0 * (torch.arange(8) % 2))).sum())
        yield Figure("gain" if lens == 2.0 else "control", gain, "1", bounds, None if lens == 2.0 else "no lens")


ENTRIES = (
    entry("linear_map", _linear_map, pace("linear_map")),
    entry("low_rank", _low_rank, pace("low_rank")),
    entry("two_pathway", _two_pathway, pace("two_pathway")),
    entry("hierarchy", _hierarchy, pace("hierarchy")),
    entry("mixed_sources", _mixed_sources, pace("mixed_sources")),
    entry("ring", _ring, pace("ring")),
    entry("stereograms", _stereograms, pace("stereograms")),
    entry("vor", _vor, pace("vor")),
)
