"""Rules without a cost on an area of their own: selectivity for patterns, maps of a square, causes of pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import torch

from benchmarks.report import Row
from benchmarks.rules.training import LIVES, Lives, born, lived
from models.draw import Draw
from models.engine.cohort import Cohort
from models.engine.organism import Organism
from models.protocols import Batch
from models.specs.organism import OrganismSpec
from models.specs.worlds.facts import Source
from models.specs.worlds.linear import LinearMapSpec, MixedSourcesSpec
from models.specs.worlds.nature import BarsSpec
from models.specs.worlds.sources import facts
from models.worlds.bars import Bars
from models.worlds.linear_map import LinearMap
from models.worlds.mixed_sources import MixedSources


@dataclass(frozen=True)
class Selectivity:
    """Units of one area on four orthogonal patterns, equally frequent: each should answer to one, with a rate of 4."""

    rule: Mapping[str, Any]
    units: int = 6
    lr: float = 0.02
    updates: int = 1500
    least: float = 0.7
    """Mean over lives and units of 1 - mean / max of the rates over patterns; 3 / 4 can be had."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.patterns"

    def row(self, quick: bool) -> Row:
        """The rates at the end, and at birth; the quick form is as long."""
        source = LinearMapSpec(kind="linear_map", d=4, s=(1.0,), inputs="basis")
        area = {"size": self.units, "act": "relu", "init": {"kind": "about", "mean": 0.1, "sd": 0.05}}
        given = document(self.rule, area, source, 4, self.lr, self.updates)
        (last, answer), (first, _) = self._found(lived(given)[0], source), self._found(born(given), source)
        parts = (
            Row("control", float(first.mean()), "1"),
            Row("worst_life", float(last.min()), "1"),
            Row("answer", float(answer.mean()), "rate", "within 3.5 4.5"),
        )
        return Row(self.title, float(last.mean()), "1", f">= {self.least:g}", "weights at birth", parts)

    def _found(self, cohort: Cohort, source: LinearMapSpec) -> tuple[Lives, Lives]:
        """Mean selectivity of the units and mean of their largest rates, life by life."""
        shown, _, _ = LinearMap(source, "train").sample(_ONE, torch.arange(4)[None])
        patterns_PS = shown["x"][0, :, 0].double().numpy()
        rate_NPU = np.maximum(np.einsum("ps,nsu->npu", patterns_PS, _weight(cohort)), 0.0)
        most_NU = rate_NPU.max(axis=1)
        return (1.0 - rate_NPU.mean(axis=1) / most_NU).mean(axis=1), most_NU.mean(axis=1)


@dataclass(frozen=True)
class Map:
    """A grid of units over a square: near it everywhere, and neighbours where neighbours are wanted."""

    rule: Mapping[str, Any]
    lr: float = 1.0
    updates: int = 1000
    quantisation: float = 0.058
    """Most that the mean distance of a point to its nearest unit may be, in sides of the square."""
    topographic: float = 0.03
    """Largest share of points whose two nearest units are no neighbours on the grid."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.map"

    def row(self, quick: bool) -> Row:
        """The map at the end, and at birth; the quick form is as long."""
        source = MixedSourcesSpec(kind="mixed_sources", sources=2, law="uniform", seed=_SQUARE)
        area = {"size": math.prod(self.rule["grid"]), "init": {"kind": "normal", "sd": 0.5}}
        given = document(self.rule, area, source, 50, self.lr, self.updates)
        (near, torn), (first_near, first_torn) = self._found(lived(given)[0], source), self._found(born(given), source)
        parts = (
            Row("control", float(first_near.mean()), "side"),
            Row("topographic_error", float(torn.mean()), "share", f"<= {self.topographic:g}"),
            Row("topographic_error_control", float(first_torn.mean()), "share"),
        )
        return Row(self.title, float(near.mean()), "side", f"<= {self.quantisation:g}", "weights at birth", parts)

    def _found(self, cohort: Cohort, source: MixedSourcesSpec) -> tuple[Lives, Lives]:
        """Quantisation and topographic error, life by life."""
        shown, _, _ = MixedSources(source, "test", 1).sample(_ONE, torch.arange(2000)[None])
        point_PS, weight_NSU = shown["x"][0, :, 0].double().numpy(), _weight(cohort)
        distance_NPU = np.linalg.norm(point_PS[None, :, :, None] - weight_NSU[:, None], axis=2)
        nearest = np.argsort(distance_NPU, axis=2)[:, :, :2]
        places = np.stack(np.unravel_index(nearest, tuple(self.rule["grid"])))
        steps = np.abs(places[..., 0] - places[..., 1]).max(axis=0)
        return distance_NPU.min(axis=2).mean(axis=1) / math.sqrt(12.0), (steps > 1).mean(axis=1)


@dataclass(frozen=True)
class Causes:
    """Units of one area on pictures made of 16 bars, each there with probability 1 / 8: each should follow one."""

    rule: Mapping[str, Any]
    lr: float = 0.1
    updates: int = 2000
    least: float = 0.95
    """Mean over lives of the share of bars that some unit follows more closely than any other bar."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.bars"

    def row(self, quick: bool) -> Row:
        """The answers at the end, and at birth; the quick form is as long."""
        area = {"size": 16, "act": "binary", "init": {"kind": "about", "mean": 0.1, "sd": 0.05}}
        given = document(self.rule, area, BarsSpec(kind="bars"), 10, self.lr, self.updates)
        (last, off), (first, _) = self._found(lived(given)[0], given), self._found(born(given), given)
        parts = (
            Row("control", float(first.mean()), "share"),
            Row("worst_life", float(last.min()), "share"),
            Row("rate_off", float(off.mean()), "1", "<= 0.2"),
        )
        return Row(self.title, float(last.mean()), "share", f">= {self.least:g}", "weights at birth", parts)

    def _found(self, cohort: Cohort, given: Mapping[str, Any]) -> tuple[Lives, Lives]:
        """Share of bars with a unit of their own, and mean distance of a unit's rate from 1 / 8 in units of that."""
        organism = Organism(OrganismSpec.model_validate_json(orjson.dumps(given["organism"])))
        index_NB = torch.arange(4000).expand(LIVES, -1)
        shown, _, told = Bars(BarsSpec(kind="bars"), "test").sample(_ONE, index_NB[:1])
        batch = Batch({"x": shown["retina"].expand(LIVES, -1, -1, -1, -1, -1)}, None, {}, index_NB)
        with torch.no_grad():
            moment = organism.run(cohort.params, cohort.own | cohort.learned, batch, Draw(cohort.seeds_N, index_NB))
        share, off = [], []
        for answer in moment.rate["V1"][:, :, 0].double().numpy():
            followed = np.argmax(answer.T @ (told["bars"][0, :, 0].double().numpy() - 0.125), axis=1)
            share.append(len(set(followed[answer.any(axis=0)])) / 16)
            off.append(np.abs(answer.mean(axis=0) * 8.0 - 1.0).mean())
        return np.array(share), np.array(off)


def document(
    rule: Mapping[str, Any], area: Mapping[str, Any], source: Source, batch: int, lr: float, updates: int
) -> dict[str, Any]:
    """An area V1 that learns from a world without a cost, ever more slowly."""
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "lone",
        "seeds": {"start": 0, "count": LIVES},
        "clock": {"batch": batch},
        "organism": {
            "senses": {"x": {"shape": list(*facts(source).channels.values())}},
            "areas": {"V1": {"kind": "linear", "act": "none", "bias": False, **area}},
            "pathways": [{"from": "x", "to": "V1"}],
            "credit": [{"areas": ["V1"], "rule": dict(rule)}],
            "optimizer": {"kind": "sgd", "lr": lr},
        },
        "worlds": {"crib": {"source": source.model_dump(mode="json")}},
        "costs": {},
        "stages": [
            {
                "name": "crib",
                "world": "crib",
                "plasticity": {"*": {"kind": "decay", "half_life": f"{updates // 4}ba"}},
                "until": {"after": f"{updates}ba"},
            }
        ],
    }


def _weight(cohort: Cohort) -> npt.NDArray[np.float64]:
    """(N, S, U)."""
    return cohort.params["area/V1/from/x/weight"].detach().double().numpy()


_ONE = torch.zeros(1, dtype=torch.int64)
"""The life that is asked what a world shows to all."""
_SQUARE = 49
"""Seed of a mixture of two uniform sources whose axes are at right angles but for a quarter of a degree."""
