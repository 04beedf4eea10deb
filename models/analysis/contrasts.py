"""Claims between arms, paired by seed: estimate, interval, test, and everything that was missing or censored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

import numpy as np

from models.analysis import trend
from models.analysis.agreement import Side, agreement, reliability, resampled_agreement
from models.analysis.matching import Shown, unequal
from models.analysis.outcomes import TIMES, Scale
from models.analysis.pairing import Lives, Outcomes, Term, lives_of, named_axes, partners
from models.analysis.statistics import (
    Floats,
    Interval,
    bootstrap,
    bootstrap_p,
    centre_of,
    effect_size,
    holm,
    logrank,
    percentile_interval,
    permutation,
    resampled,
    wilcoxon,
)
from models.analysis.summaries import watched
from models.specs.outcomes import (
    AgreementContrast,
    AnalysisSpec,
    ContrastSpec,
    InteractionContrast,
    Labels,
    OutcomeSpec,
    PairContrast,
    RecoveryContrast,
    TrendContrast,
)
from models.specs.selectors import Arm, label_text, select

FEW_PAIRS = 5


@dataclass(frozen=True)
class Question:
    """Everything contrasts are asked of."""

    arms: Sequence[Arm]
    axes: Sequence[str]
    outcomes: Mapping[str, OutcomeSpec]
    values: Mapping[str, Outcomes]
    """Outcome -> arm -> seed -> value, after `map` and `relative_to`."""
    analysis: AnalysisSpec
    digest: str
    """Seeds every draw."""
    shown: Shown = field(default_factory=Shown)
    """What arms were shown in all, to warn where arms that are compared were shown unequal amounts."""
    growing: Mapping[int, Collection[int]] = field(default_factory=dict)
    """Arm -> seeds of lives that are not over: they have no values here yet."""
    scale: Scale | None = None
    """For labels that are durations of several units."""

    def timed(self, outcome: str) -> bool:
        """Whether the outcome is a plain time until something, so that censored lives bound it from below."""
        spec = self.outcomes[outcome]
        return spec.kind in TIMES and spec.map is None and spec.relative_to is None


@dataclass(frozen=True)
class ContrastResult:
    """The answer to one contrast; NaN where the lives allow none."""

    name: str
    kind: str
    outcome: str
    method: str
    estimate: Interval
    p: float | None
    p_corrected: float | None
    effect: Interval | None
    """Standardised mean of the paired differences."""
    pairs: int
    missing: int
    """Seeds without a value on some side."""
    censored: int
    diverged: int
    growing: int
    """Lives of the arms compared that are not over; they count as missing until they are."""
    warnings: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)
    null: float = 0.0
    """What the estimate would be if nothing differed."""
    drawn: Floats = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    """The estimate over resampled lives; empty below two pairs."""


def answer(contrasts: Sequence[ContrastSpec], question: Question) -> list[ContrastResult]:
    """All contrasts, with p values corrected over them; PatchError E32 if a selector means no arm."""
    results = [_answer(contrast, question, f"/contrasts/{index}") for index, contrast in enumerate(contrasts)]
    plain = [result.p for result in results]
    corrected = holm(plain) if question.analysis.correction == "holm" else plain
    return [replace(result, p_corrected=p) for result, p in zip(results, corrected, strict=True)]


def _answer(contrast: ContrastSpec, question: Question, at: str) -> ContrastResult:
    match contrast:
        case PairContrast():
            return _pair(contrast, question, at)
        case InteractionContrast():
            return _interaction(contrast, question, at)
        case TrendContrast():
            return _trend(contrast, question, at)
        case RecoveryContrast():
            return _recovery(contrast, question, at)
        case AgreementContrast():
            return _agreement(contrast, question, at)
        case _:
            assert_never(contrast)


# ---- pair


def _pair(contrast: PairContrast, question: Question, at: str) -> ContrastResult:
    pairs = _partners(contrast.treat, contrast.control, ("treat", "control"), question, at)
    lives = _lives(contrast.outcome, question, [arm.index for pair in pairs for arm in pair])
    ratio = contrast.measure == "ratio"
    indices = [(one.index, other.index) for one, other in pairs]
    terms: list[list[Term]] = [[(1.0, one), (-1.0, other)] for one, other in indices]
    values = lives.ratios(indices) if ratio else lives.combined(terms)
    result = _judged(contrast, question, lives, values, null=1.0 if ratio else 0.0)
    if question.analysis.test == "logrank":
        result = _with_logrank(result, question, pairs)
    return replace(result, warnings=(*result.warnings, *unequal(question.shown, pairs)))


def _partners(
    treat: Labels, control: Labels, names: tuple[str, str], question: Question, at: str
) -> list[tuple[Arm, Arm]]:
    one, other = (
        select(question.arms, labels, f"{at}/{name}") for labels, name in zip((treat, control), names, strict=True)
    )
    return partners(one, other, named_axes((treat, control), question.axes), question.axes)


def _with_logrank(result: ContrastResult, question: Question, pairs: Sequence[tuple[Arm, Arm]]) -> ContrastResult:
    """Times of one arm against those of another; no test where lives of several arms would be pooled."""
    if len(pairs) != 1 or not question.timed(result.outcome):
        why = "the log-rank test needs two single arms and an outcome that is a time"
        return replace(result, p=None, warnings=(*result.warnings, why))
    groups = [watched(question.values[result.outcome].get(arm.index, {})) for arm in pairs[0]]
    if not all(times.size for times, _ in groups):
        return replace(result, p=None)
    return replace(result, p=logrank(*groups[0], *groups[1]))


# ---- interaction


def _interaction(contrast: InteractionContrast, question: Question, at: str) -> ContrastResult:
    """(a2 b2 - a1 b2) - (a2 b1 - a1 b1), combination by combination of the other axes."""
    (a, (a1, a2)), (b, (b1, b2)) = contrast.axes.items()
    corners = {
        (i, j): select(question.arms, {a: one, b: other}, f"{at}/axes")
        for i, one in enumerate((a1, a2))
        for j, other in enumerate((b1, b2))
    }
    others = [axis for axis in question.axes if axis not in (a, b)]
    by_rest = {
        corner: {tuple(arm.labels.get(axis) for axis in others): arm.index for arm in arms}
        for corner, arms in corners.items()
    }
    signs = {(1, 1): 1.0, (0, 1): -1.0, (1, 0): -1.0, (0, 0): 1.0}
    terms = [[(sign, by_rest[corner][rest]) for corner, sign in signs.items()] for rest in by_rest[1, 1]]
    lives = _lives(contrast.outcome, question, [arm for each in terms for _, arm in each])
    return _judged(contrast, question, lives, lives.combined(terms))


# ---- trend


def _trend(contrast: TrendContrast, question: Question, at: str) -> ContrastResult:
    arms = select(question.arms, contrast.within, f"{at}/within")
    places = trend.positions(_along(arms, contrast.axis), question.scale)
    lives = _lives(contrast.outcome, question, [arm.index for arm in arms])
    table = _table(lives, arms, contrast.axis, places.labels)
    complete = table[np.isfinite(table).all(axis=1)]
    result = _judged(contrast, question, lives, trend.slopes(table, places.at))
    detail: dict[str, Any] = {"unit": places.unit, "labels": list(places.labels), "at": places.at.tolist()}
    if len(complete):
        analysis = question.analysis
        baseline = 0.0 if question.outcomes[contrast.outcome].relative_to is not None else None
        digest = f"{question.digest}/{contrast.name}/peak"
        detail |= trend.peak_intervals(complete, places.at, baseline, analysis.centre, analysis.level, digest)
        detail["curve"] = np.asarray(centre_of(complete.T, analysis.centre)).tolist()
    left = (f"not on the axis: {', '.join(places.left_out)}",) if places.left_out else ()
    return replace(result, detail=result.detail | detail, warnings=(*result.warnings, *left))


# ---- recovery


def _recovery(contrast: RecoveryContrast, question: Question, at: str) -> ContrastResult:
    """centre(recovered - treat)/centre(control - treat), resampled together; the test is of the numerator."""
    analysis, parts = question.analysis, {}
    for name, labels in (("recovered", contrast.recovered), ("control", contrast.control)):
        parts[name] = _partners(labels, contrast.treat, (name, "treat"), question, at)
    lives = _lives(
        contrast.outcome, question, [arm.index for pairs in parts.values() for pair in pairs for arm in pair]
    )
    gained, lost = (
        lives.combined([[(1.0, one.index), (-1.0, other.index)] for one, other in pairs]) for pairs in parts.values()
    )
    whole = np.isfinite(gained) & np.isfinite(lost)
    result = _judged(contrast, question, lives, np.where(whole, gained, np.nan))
    if not whole.any():
        return result
    both = np.stack([gained[whole], lost[whole]])
    digest = f"{question.digest}/{contrast.name}/recovery"
    drawn = resampled(
        both.shape[1], analysis.resamples, digest, lambda index: _share(centre_of(both[:, index], analysis.centre))
    )
    value = float(_share(centre_of(both, analysis.centre)))
    detail = result.detail | {"gained": result.estimate, "lost": float(centre_of(both[1], analysis.centre))}
    finite = drawn[np.isfinite(drawn)]
    return replace(result, estimate=percentile_interval(value, drawn, analysis.level), detail=detail, drawn=finite)


def _share(centres: Floats) -> Floats:
    """First over second row; NaN where nothing was lost."""
    lost = np.where(centres[1] == 0.0, np.nan, centres[1])
    return np.asarray(centres[0] / lost, dtype=np.float64)


# ---- agreement


def _agreement(contrast: AgreementContrast, question: Question, at: str) -> ContrastResult:
    """Resampled seeds test it whatever the analysis asks for: there is no one number for each seed."""
    groups: dict[Side, Labels | None] = {
        "treat": contrast.treat,
        "control": contrast.control,
        "rival": contrast.rival,
    }
    chosen = {
        name: select(question.arms, labels, f"{at}/{name}") for name, labels in groups.items() if labels is not None
    }
    ranked = [label_text(each) for each in contrast.among] or _along(chosen["control"], contrast.axis)
    lives = _lives(contrast.outcome, question, [arm.index for arms in chosen.values() for arm in arms])
    tables = {name: _table(lives, arms, contrast.axis, ranked) for name, arms in chosen.items()}
    whole = np.logical_and.reduce([np.isfinite(table).all(axis=1) for table in tables.values()])
    result = _judged(contrast, question, lives, np.where(whole, 0.0, np.nan))
    result = replace(result, method="paired_bootstrap", p=None, effect=None)
    if not whole.any():
        return result
    analysis, digest = question.analysis, f"{question.digest}/{contrast.name}"
    sides = {name: table[whole] for name, table in tables.items()}
    value, drawn = float(agreement(sides, analysis.centre)), np.empty(0)
    if result.pairs > 1:
        drawn = resampled_agreement(sides, analysis.centre, analysis.resamples, digest)
        drawn = drawn[np.isfinite(drawn)]
    detail: dict[str, Any] = {"labels": ranked}
    for name, table in sides.items():
        detail[name] = np.asarray(centre_of(table.T, analysis.centre)).tolist()
        detail[f"reliability_{name}"] = reliability(table, analysis.centre, f"{digest}/{name}")
    return replace(
        result,
        estimate=percentile_interval(value, drawn, analysis.level),
        p=bootstrap_p(drawn) if drawn.size else None,
        drawn=drawn,
        detail=result.detail | detail,
    )


# ---- what all have in common


def _along(arms: Sequence[Arm], axis: str) -> list[str]:
    """The labels of an axis in the order of the arms."""
    return list(dict.fromkeys(arm.labels[axis] for arm in arms))


def _table(lives: Lives, arms: Sequence[Arm], axis: str, labels: Sequence[str]) -> Floats:
    """(seeds, labels): the mean over the arms that have each label."""
    columns = [lives.combined([[(1.0, arm.index)] for arm in arms if arm.labels[axis] == each]) for each in labels]
    return np.stack(columns, axis=1)


def _lives(outcome: str, question: Question, arms: Sequence[int]) -> Lives:
    return lives_of(question.values[outcome], arms, timed=question.timed(outcome))


def _judged(
    contrast: ContrastSpec, question: Question, lives: Lives, by_seed: Floats, null: float = 0.0
) -> ContrastResult:
    """Estimate, interval, test and counts of one number per seed against a null value."""
    analysis = question.analysis
    differences = by_seed[np.isfinite(by_seed)] - null
    digest = f"{question.digest}/{contrast.name}"
    interval, drawn, p = Interval(np.nan, np.nan, np.nan), np.empty(0), None
    if differences.size:
        interval = Interval(float(centre_of(differences, analysis.centre)) + null, np.nan, np.nan)
    if differences.size > 1:
        drawn = bootstrap(differences, analysis.centre, analysis.resamples, digest) + null
        interval = percentile_interval(interval.value, drawn, analysis.level)
        p = _tested(differences, analysis, digest, bootstrap_p(drawn, null))
    growing = lives.among(question.growing)
    return ContrastResult(
        name=contrast.name,
        kind=contrast.kind,
        outcome=contrast.outcome,
        method=analysis.test,
        estimate=interval,
        p=p,
        p_corrected=None,
        effect=effect_size(differences, analysis.level),
        pairs=int(differences.size),
        missing=int(by_seed.size - differences.size),
        censored=lives.censored,
        diverged=lives.diverged,
        growing=growing,
        warnings=tuple(_warnings(question, contrast, lives, int(differences.size), growing)),
        detail={} if lives.horizon is None else {"horizon": lives.horizon},
        null=null,
        drawn=drawn,
    )


def _tested(differences: Floats, analysis: AnalysisSpec, digest: str, of_bootstrap: float) -> float | None:
    match analysis.test:
        case "paired_bootstrap":
            return of_bootstrap
        case "permutation":
            return permutation(differences, analysis.centre, analysis.resamples, digest)
        case "wilcoxon":
            return wilcoxon(differences)
        case "logrank":
            return None


def _warnings(question: Question, contrast: ContrastSpec, lives: Lives, pairs: int, growing: int) -> list[str]:
    told = [f"{growing} lives still grow and are left out"] if growing else []
    if pairs < FEW_PAIRS:
        told.append(f"{pairs} pairs only")
    if len(lives.seeds) > pairs:
        told.append(f"{len(lives.seeds) - pairs} of {len(lives.seeds)} seeds have no value on some side")
    if lives.censored and not question.timed(contrast.outcome):
        told.append(f"{lives.censored} censored lives stand with the value they had when they ended")
    if question.analysis.test == "logrank" and not isinstance(contrast, PairContrast):
        told.append(f"the log-rank test does not answer a contrast of kind {contrast.kind}")
    return told
