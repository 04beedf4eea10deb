"""One outcome over arms of whatever jobs, and each arm held against one of them, paired by seed.

Loads scipy, so routes import it when they are asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from models.analysis.contrasts import ContrastResult, Question, answer
from models.analysis.matching import Shown
from models.analysis.summaries import summarise
from models.specs.outcomes import AnalysisSpec, OutcomeSpec, PairContrast
from models.specs.schedule import SeedsSpec
from models.specs.selectors import Arm
from models.specs.study import StudySpec
from service.api import evaluation, study_views
from service.api.bodies import body_fault
from service.api.compared import Item
from service.api.evaluation import Grown
from service.api.schedules import invalid_query
from service.wire import outcomes as wire
from service.wire.compare import CompareBody, ItemOutcome, OutcomeComparison, PairOutcome

OUTCOME: TypeAdapter[OutcomeSpec] = TypeAdapter(OutcomeSpec)
NAME = "compared"


def compared_outcome(db: sa.Connection, items: Sequence[Item], body: CompareBody) -> OutcomeComparison:
    """The outcome in every item, and every item held against the reference."""
    spec = _spec(items, body)
    grown = [_grown(db, item, spec) for item in items]
    question = _question(items, grown, spec, body)
    arms = question.arms
    contrasts = [
        PairContrast(
            kind="pair",
            name=f"item{item.place}",
            outcome=NAME,
            treat={"arm": arms[item.place].name},
            control={"arm": arms[body.reference].name},
            measure=body.measure,
        )
        for item in items
        if item.place != body.reference
    ]
    results = answer(contrasts, question)
    others = [item.place for item in items if item.place != body.reference]
    declared = [_declared(item, body.outcome) for item in items] if isinstance(body.outcome, str) else []
    relative = any(each is not None and each.relative_to is not None for each in declared)
    note = ("relative_to is left out: the items are held against each other",) if relative else ()
    return OutcomeComparison(
        definition=spec.model_dump(mode="json", exclude_none=True),
        unit=study_views.unit_of(grown[0], spec),
        time=question.timed(NAME),
        items=[_item_outcome(item, found, question) for item, found in zip(items, grown, strict=True)],
        pairs=[_pair(place, body.reference, each, note) for place, each in zip(others, results, strict=True)],
    )


# ---- which outcome


def _spec(items: Sequence[Item], body: CompareBody) -> OutcomeSpec:
    """The outcome that is asked for; Refused if no study of the items declares one of that name, or two differ."""
    if not isinstance(body.outcome, str):
        return _written_out(body.outcome)
    named = [spec for item in items if (spec := _declared(item, body.outcome)) is not None]
    plain = [spec.model_copy(update={"relative_to": None}) for spec in named]
    if not plain:
        known = sorted({name for item in items for name in _outcomes(item)})
        hint = f"declared: {', '.join(known)}" if known else "write it out: {kind: final, probe: ..., window: ...}"
        raise invalid_query("/outcome", f"no study of the items declares an outcome {body.outcome!r}", hint)
    if any(spec != plain[0] for spec in plain):
        raise invalid_query("/outcome", f"the items' studies declare {body.outcome} differently", "write it out")
    return plain[0]


def _written_out(outcome: Any) -> OutcomeSpec:
    try:
        spec = OUTCOME.validate_json(orjson.dumps(outcome))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ("body", "outcome", *map(str, first["loc"][1:]))
        raise body_fault(place, first["type"], first["msg"], outcome) from None
    if spec.relative_to is not None:
        raise invalid_query("/outcome/relative_to", "the items are held against each other already", "leave it out")
    return spec


def _outcomes(item: Item) -> dict[str, Any]:
    if item.job["kind"] != "study":
        return {}
    found: dict[str, Any] = item.job["document"].get("outcomes", {})
    return found


def _declared(item: Item, name: str) -> OutcomeSpec | None:
    raw = _outcomes(item).get(name)
    return None if raw is None else OUTCOME.validate_json(orjson.dumps(raw))


# ---- its values


def _grown(db: sa.Connection, item: Item, spec: OutcomeSpec) -> Grown:
    """The item as if it were a study of its own that declares the outcome."""
    study = StudySpec(ontogeny="1", kind="study", name=NAME, base=NAME, seeds=SeedsSpec(count=1), outcomes={NAME: spec})
    subject = evaluation.Subject(item.job, study, [item.arm], item.steps, item.ended)
    found = evaluation.grown(db, subject, [NAME])
    probe = evaluation.probe_of(spec)
    if probe is not None and evaluation.kind_of(found, probe) is None:
        known = ", ".join(item.arm["probe_names"]) or "none"
        raise invalid_query("/outcome/probe", f"{item.title} has no probe {probe!r}; it has {known}", "another probe")
    return found


@dataclass(frozen=True)
class _Values:
    lives: dict[int, Any]
    growing: set[int]


def _question(items: Sequence[Item], grown: Sequence[Grown], spec: OutcomeSpec, body: CompareBody) -> Question:
    titles = [item.title for item in items]
    arms = [
        Arm(item.place, title if titles.count(title) == 1 else f"{title} ({item.place})", {}, "arm")
        for item, title in zip(items, titles, strict=True)
    ]
    values = [_values(item, found, spec) for item, found in zip(items, grown, strict=True)]
    shown = {
        item.place: amounts[item.arm["idx"]]
        for item, found in zip(items, grown, strict=True)
        if item.arm["idx"] in (amounts := evaluation.shown_in(found).amounts)
    }
    return Question(
        arms=arms,
        axes=(),
        outcomes={NAME: spec},
        values={NAME: {place: each.lives for place, each in enumerate(values)}},
        analysis=AnalysisSpec(
            test=body.test,
            resamples=body.resamples,
            level=body.level,
            centre=body.centre,
            correction=body.correction,
        ),
        digest=_digest(items, spec),
        shown=Shown(shown),
        growing={place: each.growing for place, each in enumerate(values)},
        scale=grown[0].scale(items[0].arm["idx"]),
    )


def _values(item: Item, found: Grown, spec: OutcomeSpec) -> _Values:
    index = item.arm["idx"]
    growing = set(evaluation.growing_of(found)[index])
    return _Values(evaluation.of_arm(found, spec, index, item.seeds, growing), growing)


def _digest(items: Sequence[Item], spec: OutcomeSpec) -> str:
    """Seeds every draw: by what is compared, not by who asks."""
    told = [[item.arm["document_hash"] for item in items], spec.model_dump(mode="json")]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


# ---- as it is told


def _item_outcome(item: Item, found: Grown, question: Question) -> ItemOutcome:
    lives, level = question.values[NAME][item.place], question.analysis.level
    one = summarise(lives, timed=question.timed(NAME), level=level, digest=f"{question.digest}/{item.place}")
    status = found.facts[item.arm["idx"]]
    return ItemOutcome(
        item=item.place,
        n=one.n,
        n_missing=one.missing,
        n_censored=one.censored,
        n_diverged=one.diverged,
        mean=study_views.finite(one.mean),
        sd=study_views.finite(one.sd),
        lo=study_views.finite(one.low),
        hi=study_views.finite(one.high),
        restricted_mean=one.restricted_mean,
        lives=[wire.LifeOutcome(seed=seed, status=status[seed].status, **asdict(life)) for seed, life in lives.items()],
    )


def _pair(place: int, against: int, result: ContrastResult, notes: Sequence[str]) -> PairOutcome:
    return PairOutcome(
        item=place,
        against=against,
        **study_views.tested(result),
        warnings=[*result.warnings, *notes],
    )
