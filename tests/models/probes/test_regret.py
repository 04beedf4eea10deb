"""Regret by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from models.probes.regret import Regret
from models.protocols import Episodes
from models.specs.probes.acting import RegretSpec


def regret(steps: list[float], reward: list[float], shortest: list[float]) -> list[float]:
    told = Episodes(*(torch.tensor([each]) for each in (reward, steps, shortest)), torch.ones(1, 3, dtype=torch.bool))
    view: Any = SimpleNamespace(measure=SimpleNamespace(episodes=lambda: told))
    spec = RegretSpec.model_validate(
        {"kind": "regret", "world": "rooms", "every": "1ba", "discount": 0.5}, strict=False
    )
    found: list[float] = Regret(spec)(view).tolist()
    return found


def test_the_shortest_way_leaves_nothing_to_regret() -> None:
    assert regret([3.0, 1.0], [1.0, 1.0], [3.0, 1.0]) == [0.0]


def test_what_is_missed_is_counted_at_the_discount() -> None:
    # (1/4 - 1/8 + 1 - 0) / 2
    assert regret([4.0, 9.0], [1.0, 0.0], [3.0, 1.0]) == pytest.approx([0.5625])
