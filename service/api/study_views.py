"""A study's answers as the API tells them: every arm's outcomes summed up, every contrast with what it rests on.

Loads scipy, so routes import it when they are asked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from math import isfinite
from typing import Any

from models.analysis.bands import FEW
from models.analysis.contrasts import ContrastResult, Question, answer
from models.analysis.expectations import Judgement, judge
from models.analysis.statistics import Interval
from models.analysis.summaries import summarise
from models.specs.base import Spec
from models.specs.outcomes import (
    AgreementContrast,
    ContrastSpec,
    LogMap,
    OutcomeSpec,
    PairContrast,
    RecoveryContrast,
    TrendContrast,
)
from models.specs.probes import MEASURES
from models.specs.selectors import Arm
from service.api.evaluation import Grown, contrasted, kind_of, probe_of, question
from service.lifecycle import life_counts
from service.wire import outcomes as wire

Data = dict[str, Any]

CLAIMS = frozenset({"W01", "W06", "W07", "W12", "W13", "W17"})
"""Warnings that bear on what a study may claim: confounded windows, few seeds, items used twice, missing controls."""


def outcomes_of(found: Grown, seeds: wire.Seeds) -> wire.Outcomes:
    """Every outcome of every life of some seeds, summed up over the lives of each arm."""
    study = found.subject.study
    asked = question(found, study.outcomes, frozenset(seeds.numbers), final=False)
    told = [_outcome(found, asked, name) for name in study.outcomes]
    return wire.Outcomes(**_about(found, seeds), outcomes=told)


def contrasts_of(found: Grown, seeds: wire.Seeds) -> wire.Contrasts:
    """Every contrast on some seeds, paired and tested as the study's `analysis` says, and what was expected of it."""
    study = found.subject.study
    results = _results(found, seeds.numbers)
    explored = _results(found, study.seeds.numbers) if seeds.role == "confirmatory" else [None] * len(results)
    told = [
        _contrast(found, spec, result, before)
        for spec, result, before in zip(study.contrasts, results, explored, strict=True)
    ]
    judged = judge(study.expect, {each.name: each for each in results}, study.analysis)
    return wire.Contrasts(
        **_about(found, seeds),
        analysis=_definition(study.analysis),
        contrasts=told,
        expectations=[_expectation(each) for each in judged],
        doubts=_doubts(found, seeds),
    )


def _results(found: Grown, seeds: Collection[int]) -> list[ContrastResult]:
    study = found.subject.study
    return answer(study.contrasts, question(found, contrasted(study), frozenset(seeds), final=True))


def _about(found: Grown, seeds: wire.Seeds) -> Data:
    """What both answers begin with."""
    status: list[Any] = [life.status for lives in found.facts.values() for life in lives.values()]
    job = found.subject.job
    complete = job["status"] == "succeeded"
    return {"job": job["id"], "complete": complete, "lives": life_counts(status), "seeds": seeds}


def _expectation(judged: Judgement) -> wire.Expectation:
    return wire.Expectation(**{**asdict(judged), "estimate": _interval(judged.estimate)})


def _doubts(found: Grown, seeds: wire.Seeds) -> list[wire.Doubt]:
    """Warnings of the check that bear on claims; what single contrasts do not share stands with them."""
    told = [
        wire.Doubt(code=each["code"], message=each["message"])
        for each in found.subject.job["warnings"]
        if each["code"] in CLAIMS
    ]
    if seeds.role == "all":
        message = "figures rest on exploratory and confirmatory seeds together: they explore, they do not confirm"
        told.append(wire.Doubt(code="pooled-seeds", message=message))
    return told


def _outcome(found: Grown, asked: Question, name: str) -> wire.Outcome:
    spec = asked.outcomes[name]
    return wire.Outcome(
        name=name,
        kind=spec.kind,
        unit=unit_of(found, spec),
        time=asked.timed(name),
        definition=_definition(spec),
        arms=[_arm(found, asked, name, arm) for arm in found.arms],
    )


def _arm(found: Grown, asked: Question, name: str, arm: Arm) -> wire.ArmOutcome:
    lives, level = asked.values[name][arm.index], asked.analysis.level
    one = summarise(lives, timed=asked.timed(name), level=level, digest=f"{asked.digest}/{name}/{arm.name}")
    return wire.ArmOutcome(
        arm=arm.index,
        name=arm.name,
        labels=dict(arm.labels),
        origin=arm.origin,
        n_lives=one.lives,
        n=one.n,
        n_missing=one.missing,
        n_censored=one.censored,
        n_diverged=one.diverged,
        mean=finite(one.mean),
        sd=finite(one.sd),
        median=finite(one.median),
        band=wire.Band(kind="t", level=level, lo=finite(one.low), hi=finite(one.high), few=one.n < FEW),
        restricted_mean=one.restricted_mean,
        horizon=one.horizon,
        median_time=one.median_time,
        complete=not asked.growing.get(arm.index),
        lives=[
            wire.LifeOutcome(seed=seed, status=found.facts[arm.index][seed].status, **asdict(life))
            for seed, life in lives.items()
        ],
    )


def tested(result: ContrastResult) -> Data:
    """What every comparison by seed says: its estimate, its test, and who was in it."""
    return {
        "method": result.method,
        "estimate": _interval(result.estimate),
        "p": result.p,
        "p_corrected": result.p_corrected,
        "effect": None if result.effect is None else _interval(result.effect),
        "n": result.pairs,
        "n_missing": result.missing,
        "n_censored": result.censored,
        "n_diverged": result.diverged,
        "n_growing": result.growing,
    }


def _contrast(
    found: Grown, spec: ContrastSpec, result: ContrastResult, explored: ContrastResult | None
) -> wire.Contrast:
    return wire.Contrast(
        name=result.name,
        kind=result.kind,
        outcome=result.outcome,
        unit=_unit_of_contrast(spec, unit_of(found, found.subject.study.outcomes[spec.outcome]), result.detail),
        **tested(result),
        explored=None if explored is None else _interval(explored.estimate),
        warnings=list(result.warnings),
        detail={name: _plain(part) for name, part in result.detail.items()},
        definition=_definition(spec),
    )


def unit_of(found: Grown, spec: OutcomeSpec) -> str:
    """The unit of an outcome's values."""
    if isinstance(spec.map, LogMap):
        return "1"
    kind = kind_of(found, probe_of(spec))
    return getattr(spec, "by", None) or (MEASURES[kind].unit if kind else "sp")


def _unit_of_contrast(spec: ContrastSpec, unit: str, detail: Data) -> str:
    if isinstance(spec, (AgreementContrast, RecoveryContrast)) or (
        isinstance(spec, PairContrast) and spec.measure == "ratio"
    ):
        return "1"
    along = detail["unit"] if isinstance(spec, TrendContrast) else "1"
    return unit if along == "1" else f"{unit}/{along}"


def _definition(spec: Spec) -> Data:
    return spec.model_dump(mode="json", exclude_none=True)


def _interval(interval: Interval) -> wire.Interval:
    return wire.Interval(value=finite(interval.value), lo=finite(interval.low), hi=finite(interval.high))


def _plain(part: Any) -> Any:
    return _interval(part).model_dump() if isinstance(part, Interval) else part


def finite(value: float) -> float | None:
    """The number, or none where JSON has none for it."""
    return value if isfinite(value) else None
