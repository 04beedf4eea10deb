"""Activity by hand, for probes whose value on it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from models.draw import Draw
from models.probes import build_probe
from models.protocols import Batch, Moment, ProbeView
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.probes import ProbeSpec

AT = "V1"


@dataclass
class Seen:
    """A measurement whose activity is given: each of `rate` is (N, B, T, U)."""

    rate: Mapping[str, Tensor]
    label: Tensor | None = None
    factors: Mapping[str, Tensor] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    change: Mapping[str, Tensor] = field(default_factory=dict)

    def moment(self) -> Moment:
        """The activity."""
        lives, items = next(iter(self.rate.values())).shape[:2]
        index = torch.arange(items).expand(lives, items)
        batch = Batch({}, self.label, self.factors, index)
        return Moment(
            batch, self.rate, {}, {}, Draw(torch.arange(lives), index), self.inputs, lambda at, given: given[at]
        )


def value(seen: Seen, weight: Mapping[str, Tensor] | None = None, fit: Seen | None = None, /, **spec: Any) -> float:
    """What a probe says of it, averaged over lives and areas."""
    probe = TypeAdapter(ProbeSpec).validate_python({"world": "quiz", "every": "1ba"} | spec)
    extra: Any = {} if fit is None else {"train": fit}
    view = ProbeView((AT,), weight or {}, seen, extra, seen.change)  # type: ignore[arg-type]
    return float(build_probe(probe, CrossEntropySpec(kind="cross_entropy", at=AT))(view).double().mean())


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
