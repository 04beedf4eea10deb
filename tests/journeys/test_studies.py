"""Two studies from file to claim, in a small form: every outcome and contrast against numpy on the exported Parquet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from running import ROOT, Service

from models.specs.document import read
from service.client import Job
from service.wire.outcomes import Contrast, Contrasts, Outcomes

pytestmark = [pytest.mark.processes, pytest.mark.slow]
EXAMPLES = ROOT / "examples"

Document = dict[str, Any]
Readings = Mapping[str, list[tuple[int, float]]]
"""Series -> (age, value), in the order in which they were exported."""


def smaller(name: str, unit: str, by: int, *changes: tuple[str, str]) -> Document:
    """An example whose durations in a unit are divided, and whose text is changed where it is named."""

    def divided(found: re.Match[str]) -> str:
        return f"{(Decimal(found[1]) / by).normalize():f}{unit}"

    text = re.sub(rf"(?<![\w.])(\d+){unit}\b", divided, (EXAMPLES / f"{name}.yaml").read_text())
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return dict(read(text.encode()).data)


@dataclass(frozen=True)
class Grown:
    """A study that has ended: its arms by name, and every value that was exported, life by life."""

    job: Job
    arms: Mapping[str, int]
    lives: Mapping[tuple[int, int], Readings]

    def of(self, arm: str, seed: int, series: str) -> list[tuple[int, float]]:
        return self.lives[self.arms[arm], seed][series]

    def by_seed(self, arm: str, outcome: Callable[[Grown, str, int], float], seeds: range) -> np.ndarray:
        return np.array([outcome(self, arm, seed) for seed in seeds])


def grow(service: Service, study: Document, base: Document, folder: Path) -> Grown:
    job = service.client.submit({**study, "base": base}).wait()
    assert job.status == "succeeded", job.state["error"]
    table = pq.read_table(job.export(folder / "all.parquet")).to_pydict()
    lives: dict[tuple[int, int], dict[str, list[tuple[int, float]]]] = {}
    names = ("arm", "seed", "series", "age_sp", "value")
    for arm, seed, series, age, value in zip(*(table[name] for name in names), strict=True):
        lives.setdefault((arm, seed), {}).setdefault(series, []).append((age, value))
    arms = {arm["name"]: arm["index"] for arm in service.client.pages(f"/v1/jobs/{job.id}/arms", limit=1000)}
    return Grown(job, arms, lives)


# ---- outcomes again, from their definitions


def final(series: str, window: int) -> Callable[[Grown, str, int], float]:
    def mean(found: Grown, arm: str, seed: int) -> float:
        readings = found.of(arm, seed, series)
        end = max(age for each in found.lives[found.arms[arm], seed].values() for age, _ in each)
        return float(np.mean([value for age, value in readings if end - window < age <= end]))

    return mean


SCHOOL_AGE = {"none": 0, "20k": 500 + 500, "60k": 500 + 1500, "180k": 500 + 4500}
"""When school begins: after the waves and so much viewing."""


def in_school(found: Grown, arm: str, seed: int) -> list[tuple[int, float]]:
    """Accuracy from the first day of school on."""
    viewing = re.match(r"viewing=(\w+)", arm)
    start = SCHOOL_AGE[viewing[1] if viewing else "180k" if arm.startswith("shuffled") else "none"]
    return [(age, value) for age, value in found.of(arm, seed, "probe.acc") if age >= start]


def area(found: Grown, arm: str, seed: int) -> float:
    curve = in_school(found, arm, seed)
    whole = sum((b - a) * (u + v) / 2 for (a, u), (b, v) in pairwise(curve))
    return whole / (curve[-1][0] - curve[0][0])


def until_met(found: Grown, arm: str, seed: int, *, birth: bool, value: float = 0.6) -> tuple[float, bool]:
    """Samples to the first two readings in a row that meet it, and whether none did."""
    readings = found.of(arm, seed, "probe.acc") if birth else in_school(found, arm, seed)
    start = 0 if birth else readings[0][0]
    for (age, v), (_, w) in pairwise(readings):
        if min(v, w) >= np.float32(value):
            return age - start, False
    return readings[-1][0] - start, True


def restricted(times: np.ndarray, censored: np.ndarray, horizon: float) -> float:
    """Area under the Kaplan-Meier curve, one step at a time."""
    share, last, total = 1.0, 0.0, 0.0
    for time in sorted(set(times[~censored])):
        if time >= horizon:
            break
        total += share * (time - last)
        share *= 1.0 - float(((times == time) & ~censored).sum() / (times >= time).sum())
        last = time
    return total + share * (horizon - last)


def exact_p(differences: np.ndarray) -> float:
    """Share of all patterns of signs whose mean is as far from 0."""
    patterns = np.array(np.meshgrid(*[[1.0, -1.0]] * differences.size)).reshape(differences.size, -1)
    means = np.abs(differences @ patterns / differences.size)
    return float((means >= abs(differences.mean()) * (1 - 1e-9)).mean())


def holm(p: list[float]) -> list[float]:
    """Each raw p times the number of those not smaller, made to grow with rank."""
    order = np.argsort(p, kind="stable")
    grown = np.maximum.accumulate([min(1.0, p[index] * (len(p) - rank)) for rank, index in enumerate(order)])
    return [float(grown[list(order).index(index)]) for index in range(len(p))]


def interval_of(differences: np.ndarray) -> tuple[float, float]:
    """Percentiles of means over all resamples of the lives there are: five in five ways each."""
    every = np.array(np.meshgrid(*[range(differences.size)] * differences.size)).reshape(differences.size, -1)
    low, high = np.quantile(differences[every].mean(axis=0), [0.025, 0.975])
    return float(low), float(high)


def agrees(told: Contrast, differences: np.ndarray) -> None:
    """Estimate, pairs and interval of paired differences."""
    assert told.n == differences.size
    assert told.estimate.value == pytest.approx(differences.mean(), rel=1e-9, abs=1e-12)
    low, high = interval_of(differences)
    width = high - low
    assert told.estimate.lo == pytest.approx(low, abs=0.1 * width + 1e-12)
    assert told.estimate.hi == pytest.approx(high, abs=0.1 * width + 1e-12)
    assert told.estimate.lo <= told.estimate.value <= told.estimate.hi


def told_of(outcomes: Outcomes, name: str) -> dict[tuple[str, int], Any]:
    (outcome,) = (each for each in outcomes.outcomes if each.name == name)
    return {(arm.name, life.seed): life for arm in outcome.arms for life in arm.lives}


def by_name(contrasts: Contrasts) -> dict[str, Contrast]:
    return {each.name: each for each in contrasts.contrasts}


# ---- unsupervised, then supervised


EXPLORED, CONFIRMED = range(5), range(100, 105)


@pytest.fixture(scope="module")
def schooled(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    rarely = (("every: 500sp", "every: 2500sp"), ("every: 25sp", "every: 250sp"))
    base = smaller("unsup-then-sup", "sp", 40, ("size: 500", "size: 50"), *rarely)
    study = smaller(
        "unsup-then-sup-study",
        "sp",
        40,
        ("[50, 100, 300, 1200]", "[50, 100, 1200]"),
        ("value: 0.8", "value: 0.6"),
        ("count: 10", "count: 5"),
        ("test: paired_bootstrap", "test: permutation"),
    )
    return grow(service, study, base, tmp_path_factory.mktemp("schooled"))


def test_final_accuracy_and_area_are_those_of_the_exported_readings(schooled: Grown) -> None:
    told = schooled.job.outcomes(seeds="all")
    assert told.complete
    ends, curves = told_of(told, "final"), told_of(told, "curve")
    assert len(ends) == len(schooled.arms) * 10
    for (arm, seed), life in ends.items():
        assert life.value == pytest.approx(final("probe.exam-acc", 750)(schooled, arm, seed), rel=1e-9)
        assert curves[arm, seed].value == pytest.approx(area(schooled, arm, seed), rel=1e-9)


def test_times_to_the_criterion_are_found_again_and_censored_lives_are_counted(schooled: Grown) -> None:
    told = schooled.job.outcomes(seeds="all")
    seen = []
    for name, birth in (("labelled", False), ("lifetime", True)):
        for (arm, seed), life in told_of(told, name).items():
            time, censored = until_met(schooled, arm, seed, birth=birth)
            assert (life.value, life.censored) == (time, censored), (name, arm, seed)
            seen.append(censored)
    assert 0 < sum(seen) < len(seen), "some met it, some did not"
    for outcome in told.outcomes[:2]:
        for arm in outcome.arms:
            pairs = [until_met(schooled, arm.name, life.seed, birth=outcome.name == "lifetime") for life in arm.lives]
            times, censored = np.array([t for t, _ in pairs], float), np.array([c for _, c in pairs])
            assert (arm.n, arm.n_censored) == (10, int(censored.sum()))
            assert arm.restricted_mean == pytest.approx(restricted(times, censored, arm.horizon), rel=1e-9)


def test_contrasts_are_those_of_the_confirmatory_seeds_with_the_explored_ones_beside(schooled: Grown) -> None:
    told = schooled.job.contrasts()
    assert (told.seeds.role, told.seeds.numbers) == ("confirmatory", list(CONFIRMED))
    found = by_name(told)
    exam = final("probe.exam-acc", 750)

    def more(one: str, other: str, seeds: range) -> np.ndarray:
        return schooled.by_seed(one, exam, seeds) - schooled.by_seed(other, exam, seeds)

    def interaction(seeds: range) -> np.ndarray:
        many = more("viewing=180k,items=1200", "viewing=none,items=1200", seeds)
        return many - more("viewing=180k,items=50", "viewing=none,items=50", seeds)

    pairs = {
        "viewing-against-more-school": lambda seeds: more("viewing=180k,items=100", "same-age", seeds),
        "learning-is-more-than-a-readout": lambda seeds: more("viewing=none,items=100", "readout-only", seeds),
        "more-help-with-fewer-items": interaction,
    }
    for name, differences in pairs.items():
        agrees(found[name], differences(CONFIRMED))
        assert found[name].p == pytest.approx(exact_p(differences(CONFIRMED)))
        assert found[name].explored is not None
        assert found[name].explored.value == pytest.approx(differences(EXPLORED).mean(), rel=1e-9, abs=1e-12)
    raw = [each.p for each in told.contrasts if each.p is not None]
    assert [each.p_corrected for each in told.contrasts if each.p is not None] == pytest.approx(holm(raw))
    assert by_name(schooled.job.contrasts(seeds="exploratory"))["more-help-with-fewer-items"].estimate.value == (
        pytest.approx(interaction(EXPLORED).mean(), rel=1e-9, abs=1e-12)
    )


def test_times_are_paired_by_what_each_life_adds_to_the_restricted_mean(schooled: Grown) -> None:
    told = by_name(schooled.job.contrasts())
    pairs = {
        "viewing-helps-at-100": ("viewing=180k,items=100", False),
        "viewing-is-worth-its-samples": ("viewing=60k,items=100", True),
    }
    for name, (treated, birth) in pairs.items():
        groups = []
        for arm in (treated, "viewing=none,items=100"):
            found = [until_met(schooled, arm, seed, birth=birth) for seed in CONFIRMED]
            groups.append((np.array([t for t, _ in found], float), np.array([c for _, c in found])))
        differences = np.subtract(*(_added(*group, _horizon(groups)) for group in groups))
        assert told[name].n == 5
        assert told[name].n_censored == sum(int(censored.sum()) for _, censored in groups)
        assert told[name].estimate.value == pytest.approx(differences.mean(), rel=1e-9, abs=1e-9)


def _horizon(groups: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Up to where both are known: the last time of a group that ends unmet; without one, the last of all."""
    open_ = [times.max() for times, censored in groups if censored[times == times.max()].any()]
    return float(min(open_) if open_ else max(times.max() for times, _ in groups))


def _added(times: np.ndarray, censored: np.ndarray, horizon: float) -> np.ndarray:
    """The jackknife: what the restricted mean of n lives owes to each of them."""
    n, all_ = times.size, restricted(times, censored, horizon)
    left_out = [restricted(np.delete(times, i), np.delete(censored, i), horizon) for i in range(n)]
    return np.array([n * all_ - (n - 1) * each for each in left_out])


def test_what_was_not_matched_stands_beside_the_result(schooled: Grown) -> None:
    told = schooled.job.contrasts()
    found = by_name(told)
    assert any("samples" in each for each in found["viewing-helps-at-100"].warnings)
    assert not any("samples" in each for each in found["viewing-against-more-school"].warnings)
    assert [judged.contrast for judged in told.expectations] == ["viewing-is-worth-its-samples"]
    pooled = schooled.job.contrasts(seeds="all")
    assert "pooled-seeds" in {doubt.code for doubt in pooled.doubts}


# ---- cataract


@pytest.fixture(scope="module")
def clouded(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    fewer = (("size: 4000", "size: 1000"), ("size: 1000}\ncosts", "size: 200}\ncosts"), ("n: 500", "n: 50"))
    rarely = (("every: 0.5ep", "every: 5ep"), ("every: 0.1ep", "every: 0.5ep"))
    base = smaller("cataract-blur", "ep", 20, *fewer, *rarely)
    unconfirmed = ("confirm: {start: 100, count: 10}\n", "")
    study = smaller("cataract-study", "ep", 20, ("count: 6", "count: 5"), unconfirmed, ("window: 0.5ep", "window: 1ep"))
    return grow(service, study, base, tmp_path_factory.mktemp("clouded"))


FINAL = final("probe.acc", 1000)


def loss(found: Grown, arm: str, seed: int) -> float:
    """Against the arm that differs in having no deficit."""
    reference = re.sub(r"duration=[^,]+", "duration=0ep", arm)
    return FINAL(found, arm, seed) - FINAL(found, reference, seed)


def test_losses_are_paired_with_the_same_life_without_the_deficit(clouded: Grown) -> None:
    told = clouded.job.outcomes()
    assert told.complete
    plain, lost = told_of(told, "final"), told_of(told, "loss")
    assert len(plain) == 35 * 5
    for (arm, seed), life in plain.items():
        assert life.value == pytest.approx(FINAL(clouded, arm, seed), rel=1e-9)
        if arm.startswith("onset="):
            assert lost[arm, seed].value == pytest.approx(loss(clouded, arm, seed), rel=1e-9, abs=1e-12)


def test_pairs_and_the_trend_over_onset_are_found_again(clouded: Grown) -> None:
    told = clouded.job.contrasts()
    found, seeds = by_name(told), range(5)
    pairs = {
        "early-vs-late": ("onset=0ep,duration=3ep,kind=blur", "onset=6ep,duration=3ep,kind=blur"),
        "blur-vs-flip": ("onset=0ep,duration=3ep,kind=blur", "onset=0ep,duration=3ep,kind=flip"),
        "against-same-age": ("onset=0ep,duration=3ep,kind=blur", "same-age"),
        "naive-effect": ("blur-60-decaying-rate", "clean-decaying-rate"),
        "false-effect-of-flip": ("flip-60-decaying-rate", "clean-decaying-rate"),
    }
    for name, (treated, control) in pairs.items():
        agrees(found[name], clouded.by_seed(treated, FINAL, seeds) - clouded.by_seed(control, FINAL, seeds))
    onsets = [0, 1, 2, 4, 6]
    table = [clouded.by_seed(f"onset={at}ep,duration=3ep,kind=blur", loss, seeds) for at in onsets]
    slopes = np.polynomial.polynomial.polyfit(onsets, np.array(table), 1)[1]
    agrees(found["onset-curve"], slopes)
    assert found["onset-curve"].unit == "fraction/ep"
    assert found["onset-curve"].detail["curve"] == pytest.approx(np.mean(table, axis=1))
    raw = [each.p for each in told.contrasts if each.p is not None]
    assert [each.p_corrected for each in told.contrasts if each.p is not None] == pytest.approx(holm(raw))


def test_arms_shared_their_past_and_seeds_that_are_added_are_all_that_is_trained(
    clouded: Grown, service: Service
) -> None:
    progress = clouded.job.state["progress"]
    plan = service.client.get(f"/v1/jobs/{clouded.job.id}/plan")
    samples = plan["totals"]["samples"]
    assert samples["shared"] < 0.8 * samples["flat"]
    document = clouded.job.document()
    more = service.client.submit({**document, "seeds": {"start": 0, "count": 6}}).wait()
    grown = more.state["progress"]
    assert more.status == "succeeded"
    assert grown["updates_reused"] == progress["updates_total"], "nothing of the five is trained again"
    assert more.outcomes().outcomes[0].arms[0].n == 6
