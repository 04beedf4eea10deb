"""Everything that can be said about a document before anything runs: each with its place and a way out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from models.errors import Refused
from models.specs.advice import advise
from models.specs.arms import ArmDocument
from models.specs.base import Spec
from models.specs.check_acting import check_acting
from models.specs.check_acts import check_acts
from models.specs.check_choices import check_choices
from models.specs.check_costs import check_costs
from models.specs.check_credit import check_time
from models.specs.check_names import check_names
from models.specs.check_organism import check_delays, check_organism
from models.specs.check_settling import check_cuts
from models.specs.check_study import advise_study, check_study, without_restarted_decay
from models.specs.check_times import check_times, check_units
from models.specs.check_transforms import check_transforms
from models.specs.check_worlds import (
    check_batch,
    check_conditions,
    check_data,
    check_probes,
    check_varied,
    check_worlds,
)
from models.specs.document import MAX_INTEGER, Parsed
from models.specs.findings import Finding, Steps, did_you_mean, finding, named
from models.specs.limits import Limits, asked, check_limits, check_lives
from models.specs.mistakes import findings_of
from models.specs.order import disorder
from models.specs.repeats import Expanded, expand
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import layout
from models.specs.study import Document, StudySpec

KINDS: dict[str, type[ScheduleSpec] | type[StudySpec]] = {"schedule": ScheduleSpec, "study": StudySpec}


class Summary(Spec):
    """What a document without errors amounts to; `updates_max` of the longest arm if every limit is met."""

    areas: int
    parameters: int
    stages: int
    arms: int
    lives: int
    updates_max: int


@dataclass(frozen=True)
class Checked:
    """A document with everything that was found, errors first."""

    kind: Literal["schedule", "study"] | None
    spec: Document | None
    """None if the document has not even the form."""
    findings: tuple[Finding, ...]
    arms: tuple[ArmDocument, ...] = ()
    """Of a study without errors."""
    schedules: tuple[ScheduleSpec, ...] = ()
    """Of a document without errors: one per arm, in order."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Why it is refused."""
        return tuple(each for each in self.findings if each.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What it may mean against its look."""
        return tuple(each for each in self.findings if each.severity == "warning")

    @property
    def ok(self) -> bool:
        """Whether it can be submitted."""
        return not self.errors

    def at(self, parsed: Parsed) -> Checked:
        """The same with line and column of every finding in the text it was read from."""
        places = [parsed.position(each.pointer) or (None, None) for each in self.findings]
        found = [
            each.model_copy(update={"line": line, "column": column})
            for each, (line, column) in zip(self.findings, places, strict=True)
        ]
        return replace(self, findings=tuple(found))

    def refuse(self) -> None:
        """Raises Refused if there are errors."""
        if self.errors:
            raise Refused(each.reason for each in self.errors)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every seed of the document."""
        if isinstance(self.spec, StudySpec):
            return self.spec.numbers
        return () if self.spec is None else self.spec.seeds.numbers

    @property
    def summary(self) -> Summary | None:
        """None if there are errors."""
        if not self.schedules:
            return None
        costs = [asked(schedule) for schedule in self.schedules]
        return Summary(
            areas=max(len(schedule.organism.areas) for schedule in self.schedules),
            parameters=max(cost.parameters for cost in costs),
            stages=max(len(schedule.stages) for schedule in self.schedules),
            arms=len(self.schedules),
            lives=len(self.schedules) * len(self.numbers),
            updates_max=max(cost.updates for cost in costs),
        )


def check_schedule(schedule: ScheduleSpec) -> list[Finding]:
    """All errors of a schedule; its warnings if it has none. Paths are by index."""
    return sorted({each.model_dump_json(): each for each in _schedule(schedule)}.values(), key=lambda each: each.code)


def check_document(
    data: Mapping[str, Any], base: Mapping[str, Any] | None = None, limits: Limits | None = None
) -> Checked:
    """A schedule or study with all its findings; `base` is the schedule a study names, if it was sent along."""
    document = dict(data)
    kind, problem = _kind(document)
    if kind is None:
        return Checked(None, None, named(problem, document))
    spec, mistakes, whole = _read(document, KINDS[kind])
    if spec is None:
        return Checked(kind, None, named(mistakes, document))
    limits = limits or Limits()
    if isinstance(spec, StudySpec):
        return _check_study(spec, document, base, limits)
    found = [*check_lives(spec.seeds.count, 1, limits), *check_data(spec), *whole.placed(_schedule(spec))]
    if not _has_errors(found):
        found += check_limits([spec], spec.seeds.count, limits)
    schedules = () if _has_errors(found) else (spec,)
    return Checked(kind, spec, named(found, document), schedules=schedules)


def _check_study(study: StudySpec, document: dict[str, Any], base: Mapping[str, Any] | None, limits: Limits) -> Checked:
    arms, found = check_study(study, base, _arm, limits)
    whole = {**document, "base": base} if base is not None else document
    schedules = [schedule for schedule in arms.schedules if schedule is not None]
    if not _has_errors(found):
        found += map(_in_study, check_limits(schedules, len(study.numbers), limits))
    if _has_errors(found):
        return Checked("study", study, _named_in_study(found, whole))
    found = without_restarted_decay([*found, *advise_study(study, arms)], schedules)
    return Checked("study", study, _named_in_study(found, whole), tuple(arms.documents), tuple(schedules))


def _in_study(found: Finding) -> Finding:
    """Seeds are the study's own, everything else is the base's."""
    own = found.pointer.startswith("/seeds")
    return found if own else found.model_copy(update={"pointer": "/base" + found.pointer})


def _named_in_study(found: list[Finding], document: dict[str, Any]) -> tuple[Finding, ...]:
    """Findings of arms have their paths already; those of the study get theirs."""
    paths = {(each.code, each.message): each.path for each in found if each.pointer.startswith("/base/")}
    return tuple(
        each.model_copy(update={"path": paths.get((each.code, each.message), each.path)})
        for each in named(found, document)
    )


def _arm(document: dict[str, Any]) -> tuple[ScheduleSpec | None, list[Finding]]:
    spec, mistakes, whole = _read(document, ScheduleSpec)
    if not isinstance(spec, ScheduleSpec):
        return None, mistakes
    return spec, [*check_data(spec), *whole.placed(_schedule(spec))]


def _schedule(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Checks in the order in which they need each other: what rests on a wrong part is left out."""
    unknown = list(check_names(schedule))
    yield from unknown
    if _has_errors(unknown, but=("E28",)):
        return
    organism = list(check_organism(schedule.organism))
    shapes = {} if disorder(schedule.organism) else layout(schedule.organism).shapes
    units = [*check_units(schedule), *check_varied(schedule)]
    found = [
        *organism,
        *check_delays(schedule),
        *check_time(schedule),
        *check_worlds(schedule),
        *check_batch(schedule),
        *check_transforms(schedule),
        *check_cuts(schedule),
        *check_conditions(schedule),
        *units,
        *check_acting(schedule, shapes),
        *check_costs(schedule, shapes),
        *check_choices(schedule),
        *check_acts(schedule),
        *check_probes(schedule, shapes),
    ]
    if not any(each.code in ("E13", "E19", "E20") for each in units):
        found += check_times(schedule)
    yield from found
    if not _has_errors([*unknown, *found]):
        yield from advise(schedule)


def _has_errors(found: list[Finding], but: tuple[str, ...] = ()) -> bool:
    return any(each.severity == "error" and each.code not in but for each in found)


# ---- form


def _kind(document: dict[str, Any]) -> tuple[Literal["schedule", "study"] | None, list[Finding]]:
    given = document.get("kind")
    match given:
        case "schedule" | "study":
            return given, []
        case None:
            return None, [finding("E18", (), "document: missing key 'kind'", "kind: schedule, or kind: study")]
        case _:
            hint = did_you_mean(str(given), list(KINDS))
            return None, [finding("E29", ("kind",), f"document: unknown kind '{given}'", hint)]


def _read(document: dict[str, Any], model: type[Document]) -> tuple[Document | None, list[Finding], Expanded]:
    """The spec, or what is wrong with its form; and the document it was read from, repeats written out."""
    whole = expand(document) if model is ScheduleSpec else Expanded(document)
    unfit = list(_unfit(document, ()))
    if unfit or isinstance(whole, list):
        return None, unfit or (whole if isinstance(whole, list) else []), Expanded(document)
    try:
        return model.model_validate_json(orjson.dumps(whole.document)), [], whole
    except ValidationError as error:
        return None, whole.placed(findings_of(error, model, whole.document)), whole


def _unfit(node: Any, steps: Steps) -> Iterator[Finding]:
    """Numbers that JSON cannot say."""
    match node:
        case dict():
            for key, part in node.items():
                yield from _unfit(part, (*steps, key))
        case list() | tuple():
            for index, part in enumerate(node):
                yield from _unfit(part, (*steps, index))
        case float() if not math.isfinite(node):
            yield finding("E30", steps, f"{_place(steps)}: {node} is not a finite number", "write a finite number")
        case int() if abs(node) > MAX_INTEGER:
            yield finding("E30", steps, f"{_place(steps)}: {node} is out of bounds", f"at most {MAX_INTEGER}")
        case _:
            return


def _place(steps: Steps) -> str:
    return ".".join(map(str, steps)) or "document"
