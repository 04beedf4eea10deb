"""Activity by hand, and what a probe says of it; for tests of probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.probes import build_probe
from models.protocols import Batch, Moment, ProbeView
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.probes import ProbeSpec


@dataclass
class Given:
    """A measurement of activity given by hand: each of these is (N, B, T, U)."""

    rate: Mapping[str, torch.Tensor]
    label: torch.Tensor | None = None
    factors: Mapping[str, torch.Tensor] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, torch.Tensor]] = field(default_factory=dict)

    def moment(self) -> Moment:
        lives, items = next(iter(self.rate.values())).shape[:2]
        index = torch.arange(items).expand(lives, items)
        batch = Batch({}, self.label, self.factors, index)
        return Moment(
            batch, self.rate, {}, {}, Draw(torch.arange(lives), index), self.inputs, lambda at, given: given[at]
        )


def value(given: Given, weight: Any = None, extra: Any = None, **spec: Any) -> torch.Tensor:
    """What a probe says of activity by hand; of area V1 if it has an `at` and names none."""
    data = {"world": "quiz", "every": "1ba"} | spec
    cost = CrossEntropySpec(kind="cross_entropy", at="V1")
    probe = build_probe(TypeAdapter(ProbeSpec).validate_python(data), cost)
    return probe(ProbeView(("V1",), weight or {}, given, extra or {}))  # type: ignore[arg-type]


def rows(*items: list[float]) -> torch.Tensor:
    """One life, one step: (1, items, 1, units)."""
    return torch.tensor(items)[None, :, None]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
