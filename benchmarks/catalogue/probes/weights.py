"""Entries of the probes of weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.catalogue.probes.lives import grown
from benchmarks.catalogue.probes.seen import Seen, value
from benchmarks.catalogue.table import Figure, entry

_NOTHING = Seen({"V1": torch.zeros(1, 1, 1, 1)})


def _healthy(data: dict[str, Any]) -> None:
    data.pop("deficits")


def _weight_norm(quick: bool) -> Iterator[Figure]:
    weight = {"area/V1/from/retina/weight": torch.full((1, 3, 4), 2.0), "area/V1/bias": torch.ones(1, 1, 4)}
    yield Figure("twos", value(_NOTHING, weight, kind="weight_norm"), "1", "within 6.928 6.929", "twelve twos: sqrt 48")
    still = {name: torch.zeros_like(each) if name.endswith("weight") else each for name, each in weight.items()}
    yield Figure("control", value(_NOTHING, still, kind="weight_norm"), "1", "== 0", "biases alone")


def _update_ratio(quick: bool) -> Iterator[Figure]:
    weight = {"area/V1/from/retina/weight": torch.full((1, 3, 4), 2.0), "area/V1/bias": torch.ones(1, 1, 4)}
    moved = Seen({"V1": torch.zeros(1, 1, 1, 1)}, change={"V1": torch.tensor([0.26])})
    told = value(moved, weight, kind="update_ratio")
    yield Figure("step", told, "1", "within 0.03605 0.03606", ".26 of sqrt 52")
    still = Seen({"V1": torch.zeros(1, 1, 1, 1)}, change={"V1": torch.zeros(1)})
    yield Figure("control", value(still, weight, kind="update_ratio"), "1", "== 0", "stands still")


def _ocular_dominance(quick: bool) -> Iterator[Figure]:
    lives = 3 if quick else 5
    _, last = grown("ocular_dominance", lives)
    yield Figure("deprived", float(last["dominance"].mean()), "1", ">= 0.02", "left eye saw noise for four passes")
    _, well = grown("ocular_dominance", lives, _healthy)
    yield Figure("control", float(well["dominance"].mean()), "1", "within -0.02 0.02", "both eyes saw")


def _pathway_share(quick: bool) -> Iterator[Figure]:
    _, last = grown("pathway_share", 8)
    yield Figure("cut_early", float(last["share"].mean()), "share", "<= 0.2", "left cut for 40 updates")
    _, well = grown("pathway_share", 8, _healthy)
    yield Figure("control", float(well["share"].mean()), "share", "within 0.4 0.6", "never cut")


def _traces(quick: bool) -> Iterator[Figure]:
    def still(data: dict[str, Any]) -> None:
        data["stages"][0]["plasticity"] = {"*": 1.0, "head": 0.0}

    lives = 2 if quick else 5
    for name, required, change in (("moved", ">= 0.02", None), ("control", "== 0", still)):
        first, last = grown("traces", lives, change)
        apart = (last["synapses"] - first["synapses"])[:8]
        told = "weights of eight synapses, rms" if change is None else "of a head that stands still"
        yield Figure(name, float((apart**2).mean() ** 0.5), "1", required, told)


def _mode_strength(quick: bool) -> Iterator[Figure]:
    def longer(data: dict[str, Any]) -> None:
        data["stages"][0]["until"] = {"after": "2000ba"}

    first, last = grown("mode_strength", 4, longer)
    yield Figure("first", float(last["first"].mean()), "1", "within 5.98 6.02", "singular value 6")
    yield Figure("last", float(last["last"].mean()), "1", "within 0.68 0.72", "singular value .7")
    yield Figure("control", float(abs(first["first"]).mean()), "1", "<= 0.01", "at birth")


ENTRIES = (
    entry("weight_norm", _weight_norm),
    entry("update_ratio", _update_ratio),
    entry("ocular_dominance", _ocular_dominance),
    entry("pathway_share", _pathway_share),
    entry("mode_strength", _mode_strength),
    entry("traces", _traces),
)
