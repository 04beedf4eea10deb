"""What can be asked for: the members of every family with their options and formulas, and the schemas of documents.

The members come from the unions, the formulas from the docstrings of the classes that implement them. Those files are
read as text: importing them would load torch, which nothing here may need.
"""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from inspect import cleandoc
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from models.specs import (
    acts,
    area_base,
    areas,
    costs,
    credit,
    envelopes,
    organism,
    outcomes,
    probes,
    transforms,
    worlds,
)
from models.specs.document_schema import document_schema, member_schema
from models.specs.triggers import Trigger
from models.specs.worlds import sources

MODELS = Path(__file__).resolve().parents[1]

FAMILIES: Mapping[str, Any] = {
    "areas": areas.AreaSpec,
    "inits": area_base.Init,
    "rules": credit.RuleSpec,
    "optimizers": organism.OptimizerSpec,
    "costs": costs.CostSpec,
    "targets": costs.target.TargetSpec,
    "worlds": sources.SourceSpec,
    "labels": worlds.LabelsSpec,
    "orders": worlds.OrderSpec,
    "transforms": transforms.TransformSpec,
    "deficits": transforms.DeficitTransformSpec,
    "envelopes": envelopes.Written,
    "triggers": Trigger,
    "acts": acts.ActSpec,
    "probes": probes.ProbeSpec,
    "outcomes": outcomes.OutcomeSpec,
    "maps": outcomes.OutcomeMap,
    "contrasts": outcomes.ContrastSpec,
    "controls": outcomes.ControlSpec,
}
"""Every family and the union of its members."""

ROOMS: Mapping[str, str] = {
    "areas": "areas",
    "rules": "credit",
    "costs": "costs",
    "worlds": "worlds",
    "transforms": "transforms",
    "deficits": "transforms",
    "probes": "probes",
}
"""Folder of `models` in which a family's members are implemented, one file for each kind."""

_PARSING = threading.Lock()
"""CPython 3.11 counts the depth of a syntax tree for all threads together: two that parse at once fail both."""

_SECTION = re.compile(r"^([A-Z][A-Za-z ]{2,30}):(?:\s+(.*))?$")


@dataclass(frozen=True)
class Entry:
    """One member: what it is, which options it takes, what its implementation says of itself."""

    family: str
    kind: str
    summary: str
    schema: dict[str, Any]
    """JSON schema of the member as written in a document."""
    sections: dict[str, str] = field(default_factory=dict)
    """Formula, Shapes, Units, Reference and the like; empty where nothing is implemented by a class of its own."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the specs declare beside the options: unit of a probe, needs of a rule, channels of a world."""


@cache
def entries(family: str) -> tuple[Entry, ...]:
    """All members of a family, in the order of its union; KeyError for an unknown family."""
    union = FAMILIES[family]
    return tuple(_conditions()) if union is Trigger else tuple(_entry(family, spec) for spec in members(union))


def entry(family: str, kind: str) -> Entry | None:
    """One member; None if there is none."""
    return next((each for each in entries(family) if each.kind == kind), None)


def schema(kind: Literal["schedule", "study"]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a document."""
    return document_schema(kind)


def members(union: Any) -> tuple[type[BaseModel], ...]:
    """The classes of a union, whatever it is wrapped in."""
    if isinstance(union, type) and issubclass(union, BaseModel):
        return (union,)
    if get_origin(union) is Annotated:
        return members(get_args(union)[0])
    if get_origin(union) in (Union, UnionType):
        return tuple(dict.fromkeys(each for part in get_args(union) for each in members(part)))
    return ()


def kind_of(spec: type[BaseModel]) -> str:
    """The kind a member's class stands for."""
    (kind,) = get_args(spec.model_fields["kind"].annotation)
    return str(kind)


def sections_of(docstring: str) -> tuple[str, dict[str, str]]:
    """First paragraph of a docstring, in one line, and its sections by name."""
    paragraph: list[str] = []
    sections: dict[str, list[str]] = {}
    name, open_paragraph = "", True
    for line in cleandoc(docstring).splitlines():
        if match := _SECTION.match(line):
            name, open_paragraph = match[1], False
            sections[name] = [match[2] or ""]
        elif name and (not line.strip() or line.startswith(" ")):
            sections[name].append(line.strip())
        else:
            name = ""
            open_paragraph = open_paragraph and bool(line.strip())
            paragraph += [line.strip()] if open_paragraph else []
    return " ".join(paragraph), {title: "\n".join(lines).strip() for title, lines in sections.items()}


def _entry(family: str, spec: type[BaseModel]) -> Entry:
    kind = kind_of(spec)
    said, of_spec = sections_of(spec.__doc__ or "")
    return Entry(
        family=family,
        kind=kind,
        summary=said,
        schema=member_schema(spec),
        sections=of_spec | _implemented(family, kind),
        facts=_facts(family, kind, spec),
    )


def _conditions() -> Iterator[Entry]:
    """A trigger is one key; each key is a kind."""
    definitions = member_schema(Trigger)["$defs"]
    for name, options in definitions["Trigger"]["properties"].items():
        taken = Trigger.model_fields[name if name in Trigger.model_fields else f"{name}_"]
        spec = next(iter(_models_in(taken.annotation)), None)
        said = sections_of((spec.__doc__ or "") if spec and spec is not Trigger else _CONDITIONS[name])[0]
        one = {"type": "object", "properties": {name: options}, "required": [name], "additionalProperties": False}
        yield Entry("triggers", name, said, {**one, "$defs": definitions})


_CONDITIONS = {
    "after": "Stage time has reached a duration.",
    "age": "The life has reached an age.",
    "any": "One of several conditions holds.",
    "all": "Every one of several conditions holds.",
    "not": "A condition does not hold.",
}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part


def _facts(family: str, kind: str, spec: type[BaseModel]) -> dict[str, Any]:
    match family:
        case "probes":
            measure = probes.MEASURES[kind]
            return {"unit": measure.unit, "better": measure.better, "by_area": measure.by_area}
        case "rules":
            able = credit.CAPABILITIES[kind]
            taught = None if able.areas is None else sorted(able.areas)
            return {"needs": sorted(able.needs), "areas": taught, "out": able.out, "free": able.free}
        case "costs":
            return {"min_batch": costs.MIN_BATCH.get(kind, 1)}
        case "worlds":
            wanted = any(field.is_required() for name, field in spec.model_fields.items() if name != "kind")
            return {} if wanted else _of_source(spec.model_validate({"kind": kind}))
        case _:
            return {}


def _of_source(source: Any) -> dict[str, Any]:
    """What a source shows and tells with its options left out; a label is a factor like the others."""
    known = sources.facts(source)
    told = dict(known.factors) | ({"label": known.label} if known.label else {})
    return {
        "channels": {name: list(shape) for name, shape in known.channels.items()},
        "sizes": known.sizes,
        "classes": known.classes,
        "factors": {name: asdict(factor) for name, factor in told.items()},
        "steps": [known.min_steps, known.max_steps],
        "views": list(known.views),
    }


def _implemented(family: str, kind: str) -> dict[str, str]:
    """Sections of the class in the file named as the kind."""
    path = MODELS / ROOMS.get(family, "") / f"{kind}.py"
    if family not in ROOMS or not path.is_file():
        return {}
    with _PARSING:
        tree = ast.parse(path.read_text("utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    found = (sections_of(ast.get_docstring(node) or "")[1] for node in classes)
    return next((sections for sections in found if sections), {})
