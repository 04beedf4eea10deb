"""Hebbian rules that find principal components: no cost, no label, one area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.decomposition import PCA

from benchmarks.report import Row
from benchmarks.rules.benches import A
from benchmarks.rules.training import LIVES, Lives, born, lived, updates_of
from models.engine.cohort import Cohort
from models.specs.worlds.real import DigitsSpec
from models.worlds.digits import Digits


@dataclass(frozen=True)
class Components:
    """Units of one linear area against the first components of the centred digits, in order."""

    rule: Mapping[str, Any]
    units: int
    lr: float
    passes: int
    quick: int
    least: float = 0.99
    """Mean over lives of the least |cos| of a unit to its component."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.components"

    def row(self, quick: bool) -> Row:
        """The weights at the end, and at birth."""
        updates = updates_of(A, self.quick if quick else self.passes)
        given = self._document(updates)
        length, cosine = self._found(lived(given)[0])
        _, first = self._found(born(given))
        parts = (
            Row("control", float(first.mean()), "|cos|"),
            Row("length", float(length.mean()), "1", "within 0.95 1.05"),
        )
        return Row(self.title, float(cosine.mean()), "|cos|", f">= {self.least:g}", "weights at birth", parts)

    def _found(self, cohort: Cohort) -> tuple[Lives, Lives]:
        """Mean length of the units, and the least |cos| of one to its component, life by life."""
        weight_NSU = cohort.params["area/V1/from/retina/weight"].detach().double().numpy()
        length_NU = np.linalg.norm(weight_NSU, axis=1)
        cosine_NU = np.abs(np.einsum("us,nsu->nu", _components(self.units), weight_NSU)) / length_NU
        return length_NU.mean(axis=1), cosine_NU.min(axis=1)

    def _document(self, updates: int) -> dict[str, Any]:
        area = {
            "kind": "linear",
            "size": self.units,
            "act": "none",
            "bias": False,
            "init": {"kind": "normal", "sd": 0.1},
        }
        until = {"after": f"{updates}ba"}
        return {
            "ontogeny": "1",
            "kind": "schedule",
            "name": "components",
            "seeds": {"start": 0, "count": LIVES},
            "clock": {"batch": A.batch},
            "organism": {
                "senses": {"retina": {"shape": A.frame}},
                "areas": {"V1": area},
                "pathways": [{"from": "retina", "to": "V1"}],
                "credit": [{"areas": ["V1"], "rule": self.rule}],
                "optimizer": {"kind": "sgd", "lr": self.lr},
            },
            "worlds": {"crib": A.world},
            "costs": {},
            "stages": [{"name": "crib", "world": "crib", "until": until}],
        }


def _components(count: int) -> npt.NDArray[np.float64]:
    """The first principal components (count, 64) of the scans to train with."""
    scans = Digits(DigitsSpec(kind="digits"), "train")
    shown, _, _ = scans.sample(torch.zeros(1, dtype=torch.int64), torch.arange(scans.size)[None])
    found = PCA(count).fit(shown["image"].reshape(scans.size, -1).double().numpy())
    return np.asarray(found.components_, dtype=np.float64)
