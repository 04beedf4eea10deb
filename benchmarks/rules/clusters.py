"""Hebbian rules whose units share out what is seen: no cost, no label, one area, clusters on a ring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.report import Row
from benchmarks.rules.training import LIVES, Lives, born, lived
from models.engine.cohort import Cohort


@dataclass(frozen=True)
class Clusters:
    """Units of one linear area against the directions of three clusters: each should have a unit of its own."""

    rule: Mapping[str, Any]
    units: int = 6
    lr: float = 0.5
    updates: int = 1000
    least: float = 0.98
    """Mean over lives of the least cosine of a cluster to the unit nearest to it."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.clusters"

    def row(self, quick: bool) -> Row:
        """The weights at the end, and at birth; the quick form is as long."""
        given = self._document()
        last, first = _served(lived(given)[0]), _served(born(given))
        parts = (Row("control", float(first.mean()), "cos"), Row("worst_life", float(last.min()), "cos"))
        return Row(self.title, float(last.mean()), "cos", f">= {self.least:g}", "weights at birth", parts)

    def _document(self) -> dict[str, Any]:
        return {
            "ontogeny": "1",
            "kind": "schedule",
            "name": "clusters",
            "seeds": {"start": 0, "count": LIVES},
            "clock": {"batch": 50},
            "organism": {
                "senses": {"place": {"shape": [2]}},
                "areas": {"V1": {"kind": "linear", "size": self.units, "act": "none", "bias": False}},
                "pathways": [{"from": "place", "to": "V1"}],
                "credit": [{"areas": ["V1"], "rule": self.rule}],
                "optimizer": {"kind": "sgd", "lr": self.lr},
            },
            "worlds": {"crib": {"source": {"kind": "ring", "modes": 3}}},
            "costs": {},
            "stages": [
                {
                    "name": "crib",
                    "world": "crib",
                    "plasticity": {"*": {"kind": "decay", "half_life": "300ba"}},
                    "until": {"after": f"{self.updates}ba"},
                }
            ],
        }


def _served(cohort: Cohort) -> Lives:
    """Cosine of the cluster that is served worst to its nearest unit, life by life."""
    weight_NSU = cohort.params["area/V1/from/place/weight"].detach().double().numpy()
    turn = 2.0 * np.pi * np.arange(3) / 3.0
    dot_NUK = np.einsum("nsu,sk->nuk", weight_NSU, np.stack([np.cos(turn), np.sin(turn)]))
    cosine_NUK = dot_NUK / np.linalg.norm(weight_NSU, axis=1)[..., None]
    found: Lives = cosine_NUK.max(axis=1).min(axis=1)
    return found
