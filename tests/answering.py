"""Outcomes and contrasts of a painted study: how they are asked for, and what they must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pytest
from painting import SEEDS, STUDY

Document = dict[str, Any]


FINAL = {
    "good": [1.25 / 3, 0.525, 1.27 / 3, 0.525, 0.575, 0.525],
    "poor": [0.525, 0.575, 0.575, 0.40, None, 0.625],
}
"""Readings in the last 120 samples: where a life is over at 300, those at 200 before and after the reset count too."""


def submit(api: httpx.Client, document: Document | None = None) -> str:
    answer = api.post("/v1/jobs", json={"document": document or STUDY})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(api: httpx.Client, job: str, what: str = "outcomes") -> Document:
    answer = api.get(f"/v1/jobs/{job}/{what}")
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


def values(arm: Document) -> list[float | None]:
    return [life["value"] for life in arm["lives"]]


def marked(arm: Document, mark: str) -> list[int]:
    return [life["seed"] for life in arm["lives"] if life[mark]]


def about(expected: Sequence[float | None]) -> list[Any]:
    """Readings are stored as floats."""
    return [None if each is None else pytest.approx(each, rel=1e-6) for each in expected]


def restricted_mean(times: np.ndarray[Any, Any], censored: np.ndarray[Any, Any], horizon: float) -> float:
    """By the definition: the area under the product-limit curve."""
    area, waiting, before = 0.0, 1.0, 0.0
    for at in sorted(set(times[~censored])):
        area += waiting * (at - before)
        waiting *= 1 - (times[~censored] == at).sum() / (times >= at).sum()
        before = at
    return area + waiting * (horizon - before)


def slower() -> np.ndarray[Any, Any]:
    """Differences of pseudo-values: censored lives of the treated arm count up to the horizon of 400."""
    good = np.array([100.0, 200, 100, 200, 300, 200])
    poor, censored = np.array([200.0, 300, 300, 400, 140, 400]), np.isin(SEEDS, [3, 4])
    whole = restricted_mean(poor, censored, 400)
    rest = [np.arange(6) != seed for seed in SEEDS]
    without = np.array([restricted_mean(poor[kept], censored[kept], 400) for kept in rest])
    found: np.ndarray[Any, Any] = 6 * whole - 5 * without - good
    return found
