"""Contrasts between the arms of a study."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import numpy as np
import pytest
from answering import FINAL, ask, slower, submit
from painting import GOOD, MILD, OUTCOMES, POOR, STUDY, Painter

Document = dict[str, Any]


def permuted(differences: np.ndarray[Any, Any]) -> float:
    """Share of all patterns of signs with a mean as far from 0."""
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return float((np.abs((signs * differences).mean(axis=1)) >= abs(differences.mean()) - 1e-12).mean())


def test_contrasts_are_paired_by_seed_tested_and_corrected(api: httpx.Client, finished: str) -> None:
    found = ask(api, finished, "contrasts")
    assert found["complete"] is True
    assert (found["analysis"]["test"], found["analysis"]["correction"]) == ("permutation", "holm")
    worse, late, spared = found["contrasts"]
    pairs = zip(FINAL["poor"], FINAL["good"], strict=True)
    final = np.array([poor - good for poor, good in pairs if poor is not None and good is not None])
    times = slower()
    mild = 100.0 - np.array([100.0, 200, 100, 200, 300, 200])
    for contrast, differences in ((worse, final), (late, times), (spared, mild)):
        assert contrast["estimate"]["value"] == pytest.approx(differences.mean(), rel=1e-5)
        assert contrast["estimate"]["lo"] < contrast["estimate"]["value"] < contrast["estimate"]["hi"]
        assert contrast["p"] == pytest.approx(permuted(differences))
        assert contrast["effect"]["value"] == pytest.approx(differences.mean() / differences.std(ddof=1), rel=1e-5)
        assert contrast["method"] == "permutation"
    order = sorted((worse, late, spared), key=lambda each: each["p"])
    steps = [each["p"] * left for each, left in zip(order, (3, 2, 1), strict=True)]
    corrected = [min(1.0, max(steps[: rank + 1])) for rank in range(3)]
    assert [each["p_corrected"] for each in order] == [pytest.approx(p) for p in corrected]


def test_contrasts_say_who_was_missing_and_what_warns(api: httpx.Client, finished: str) -> None:
    worse, late, spared = ask(api, finished, "contrasts")["contrasts"]
    counts = ("n", "n_missing", "n_censored", "n_diverged")
    assert [worse[each] for each in counts] == [5, 1, 1, 1]
    assert [late[each] for each in counts] == [6, 0, 2, 1]
    assert [spared[each] for each in counts] == [6, 0, 0, 0]
    unequal = "care=poor was shown 500 samples against 383 in care=good"
    assert worse["warnings"] == [
        "1 of 6 seeds have no value on some side",
        "1 censored lives stand with the value they had when they ended",
        unequal,
    ]
    assert late["warnings"] == [unequal]
    assert late["detail"] == {"horizon": 400.0}
    assert (worse["unit"], late["unit"]) == ("fraction", "sp")


def test_an_interval_agrees_with_resampling_by_hand(api: httpx.Client, painter: Painter) -> None:
    job = submit(api, {**STUDY, "analysis": {"test": "paired_bootstrap", "resamples": 20_000}})
    painter.run()
    spared = ask(api, job, "contrasts")["contrasts"][2]
    differences = 100.0 - np.array([100.0, 200, 100, 200, 300, 200])
    drawn = np.random.default_rng(0).choice(differences, (20_000, 6)).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert spared["estimate"]["lo"] == pytest.approx(low, abs=9)
    assert spared["estimate"]["hi"] == pytest.approx(high, abs=9)
    assert ask(api, job, "contrasts")["contrasts"][2] == spared


def test_interactions_trends_and_recoveries_are_answered(api: httpx.Client, painter: Painter) -> None:
    contrasts = [
        {"name": "slope", "kind": "trend", "outcome": "time", "axis": "care"},
        {"name": "back", "kind": "recovery", "outcome": "best", "treat": POOR, "recovered": MILD, "control": GOOD},
        {"name": "ratio", "kind": "pair", "outcome": "time", "treat": POOR, "control": GOOD, "measure": "ratio"},
    ]  # fmt: skip
    axes = [{**STUDY["axes"][0], "values": {"1": 1.0, "2": 0.5}}]
    document = {**STUDY, "axes": axes, "arms": [{**STUDY["arms"][0], "labels": {"care": "2"}}]}
    document["outcomes"] = {name: OUTCOMES[name] for name in ("time", "best")}
    for contrast in contrasts:
        contrast |= {key: {"care": {"good": "1", "poor": "2"}[each["care"]]} for key, each in contrast.items()
                     if isinstance(each, dict) and "care" in each}  # fmt: skip
    job = submit(api, {**document, "contrasts": contrasts})
    painter.run()
    slope, back, ratio = ask(api, job, "contrasts")["contrasts"]
    assert slope["estimate"]["value"] == pytest.approx(slower().mean())
    assert slope["unit"] == "sp"
    assert (slope["detail"]["labels"], slope["detail"]["at"]) == (["1", "2"], [1.0, 2.0])
    assert set(slope["detail"]["peak"]) == {"value", "lo", "hi"}
    assert back["estimate"]["value"] == pytest.approx(1.0)
    assert (ratio["unit"], back["unit"]) == ("1", "1")
    good = np.array([100.0, 200, 100, 200, 300, 200])
    assert ratio["estimate"]["value"] == pytest.approx(((slower() + good) / good).mean())
