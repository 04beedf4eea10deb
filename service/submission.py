"""The one business act: a document becomes arms, arms become paths through trajectories, and all of it one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import Refused as RefusedDocument
from models.specs.base import Spec
from models.specs.canonical import canonical, document_id
from models.specs.checks import Checked, check_document
from models.specs.document import Parsed
from models.specs.findings import Finding, from_reason
from models.specs.limits import Limits
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec
from service.errors import Refused

Data = dict[str, Any]


@dataclass(frozen=True)
class PreparedArm:
    """One arm: its place in the study, its canonical schedule and its path."""

    index: int
    name: str
    labels: Mapping[str, str]
    schedule: ScheduleSpec
    plan: ArmPlan
    document_id: str


@dataclass(frozen=True)
class Prepared:
    """A document that passed the checks, planned."""

    kind: str
    name: str
    notes: str
    document: Data
    """As submitted; a study has its base inside."""
    canonical: Data
    document_id: str
    arms: tuple[PreparedArm, ...]
    seeds: tuple[int, ...]
    numerics: NumericsSpec
    warnings: tuple[Data, ...]

    @property
    def updates_total(self) -> int:
        """Updates of the longest arm if every limit is met."""
        return max(arm.plan.updates_max for arm in self.arms)


def checked(parsed: Parsed, base: Mapping[str, Any] | None, limits: Limits | None = None) -> tuple[Checked, list[Data]]:
    """The document with everything that was found, as it is told to callers: with line and column where known."""
    result = check_document(parsed.data, base, limits)
    return result, [told(each, parsed) for each in result.findings]


def told(finding: Finding, parsed: Parsed | None = None) -> Data:
    """A finding as data, with the position in the text."""
    place = parsed.position(finding.pointer) if parsed else None
    line, column = place or (None, None)
    return {**finding.model_dump(mode="json"), "line": line, "column": column}


def prepare(
    parsed: Parsed, base: Mapping[str, Any] | None, numerics: NumericsSpec, limits: Limits | None = None
) -> Prepared:
    """A document checked and planned; Refused with all findings if it cannot run."""
    result, findings = checked(parsed, base, limits)
    if not result.ok:
        raise _refusal(result.kind, findings)
    document = {**parsed.data, "base": dict(base)} if base is not None and result.kind == "study" else parsed.data
    try:
        arms = tuple(_arms(result))
    except RefusedDocument as error:
        raise _refusal(result.kind, [told(from_reason(each), parsed) for each in error.findings]) from None
    assert result.spec is not None
    return Prepared(
        kind=result.kind or "schedule",
        name=result.spec.name,
        notes=result.spec.notes,
        document=document,
        canonical=_canonical_form(result.spec, document, arms),
        document_id=arms[0].document_id if result.kind == "schedule" else study_id(result.spec, document),
        arms=arms,
        seeds=result.schedules[0].seeds.numbers,
        numerics=numerics,
        warnings=tuple(findings),
    )


def study_id(spec: Spec, document: Mapping[str, Any]) -> str:
    """Id of a study with the base it was submitted with; names and notes of the base do not count."""
    unhashed = ("name", "notes", "tags", "seeds")
    base = {key: part for key, part in document["base"].items() if key not in unhashed}
    return document_id({**spec.model_dump(mode="json"), "base": base})


def _arms(result: Checked) -> list[PreparedArm]:
    """Arms in order; equal schedules are planned once."""
    planned: dict[str, tuple[ScheduleSpec, ArmPlan]] = {}
    arms = []
    for index, schedule in enumerate(result.schedules):
        form = canonical(schedule)
        name = document_id(form)
        if name not in planned:
            planned[name] = (form, plan_arm(form))
        about = result.arms[index] if result.arms else None
        labels = about.labels if about else {}
        arms.append(PreparedArm(index, about.name if about else schedule.name, labels, *planned[name], name))
    return arms


def _canonical_form(spec: ScheduleSpec | StudySpec, document: Data, arms: Sequence[PreparedArm]) -> Data:
    if isinstance(spec, StudySpec):
        return {**spec.model_dump(mode="json"), "base": document["base"]}
    return arms[0].schedule.model_dump(mode="json")


def _refusal(kind: str | None, findings: Sequence[Data]) -> Refused:
    errors = [each for each in findings if each["severity"] == "error"]
    warnings = [each for each in findings if each["severity"] == "warning"]
    only_cost = all(each["code"] == "E17" for each in errors)
    code = "too-costly" if only_cost else "invalid-study" if kind == "study" else "invalid-schedule"
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    return Refused(errors[0]["message"] + more, code=code, errors=errors, warnings=warnings)
