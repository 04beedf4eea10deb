"""What episodes brought, how long they took and what was seen in them, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.probes import build_probe
from models.protocols import Episodes
from models.specs.probes import ProbeSpec

TOLD = Episodes(
    reward=torch.tensor([[1.0, 0.0, 0.5], [0.0, 0.0, 0.0]]),
    steps=torch.tensor([[2.0, 10.0, 3.0], [5.0, 5.0, 5.0]]),
    shortest=torch.tensor([[2.0, 1.0, 3.0], [5.0, 2.0, 3.0]]),
    visited=torch.tensor([[True, False, True, True], [False, False, True, False]]),
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("return", [0.5, 0.0]), ("steps_ratio", [15.0 / 6.0, 15.0 / 10.0]), ("coverage", [0.75, 0.25])],
)
def test_what_is_told_of_episodes(kind: str, expected: list[float]) -> None:
    spec = TypeAdapter(ProbeSpec).validate_python({"kind": kind, "world": "rooms", "every": "1ba"})
    view: Any = SimpleNamespace(measure=SimpleNamespace(episodes=lambda: TOLD))
    assert build_probe(spec, None)(view).tolist() == pytest.approx(expected)
