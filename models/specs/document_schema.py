"""JSON Schema 2020-12 of documents and members, for editors and for the catalogue.

Specs accept more than their fields say: a bare kind for a member, transforms with a `name` beside their options, one
key of a trigger. The schema says so too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from models.specs.durations import Duration
from models.specs.envelopes import Index
from models.specs.repeats import MOST_TURNS
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BARE, _NAMED = "x-bare", "x-named"


@cache
def document_schema(kind: Literal["schedule", "study"]) -> dict[str, Any]:
    """Schema of a whole document as it is written."""
    spec: type[BaseModel] = ScheduleSpec if kind == "schedule" else StudySpec
    return {"$schema": DIALECT, **member_schema(spec), "title": kind.capitalize()}


def member_schema(spec: type[BaseModel]) -> dict[str, Any]:
    """Schema of one spec with everything it refers to under `$defs`."""
    whole = spec.model_json_schema(schema_generator=_Generator)
    definitions = whole.get("$defs", {})
    for name, definition in definitions.items():
        if name == "Trigger":
            definition |= {"minProperties": 1, "maxProperties": 1}
    if "StageSpec" in definitions:
        definitions["Repeat"] = _REPEAT
        definitions["Index"] = Index.model_json_schema()
        _admit_index([whole, definitions])
        whole = _with_repeats(whole, definitions)
    flat = {f"Named{name}": _with_name(definitions[name]) for name in _transforms(definitions)}
    resolved: dict[str, Any] = _resolved(whole, {**definitions, **flat})
    if flat:
        resolved["$defs"] |= {name: _resolved(each, definitions) for name, each in flat.items()}
    return resolved


_REPEAT = {
    "type": "object",
    "description": "Stages that come round so many times; the i-th turn calls stage S of repeat B `B[i].S`.",
    "properties": {
        "name": {"type": "string"},
        "repeat": {"type": "integer", "minimum": 1, "maximum": MOST_TURNS},
        "stages": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/StageSpec"}},
    },
    "required": ["name", "repeat", "stages"],
    "additionalProperties": False,
}


def _with_repeats(whole: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Stages of a schedule may be repeats."""
    holder = whole if "stages" in whole.get("properties", {}) else definitions.get("ScheduleSpec", {})
    stages = holder.get("properties", {}).get("stages")
    if stages is not None:
        stages["items"] = {
            "if": {"required": ["repeat"]},
            "then": {"$ref": "#/$defs/Repeat"},
            "else": {"$ref": "#/$defs/StageSpec"},
        }
    return whole


def _admit_index(node: Any) -> None:
    """Where an envelope may stand, an index may."""
    if isinstance(node, list):
        for part in node:
            _admit_index(part)
    elif isinstance(node, dict):
        forms = node.get("oneOf", [])
        if {"$ref": "#/$defs/Decay"} in forms:
            node["oneOf"] = [*forms, {"$ref": "#/$defs/Index"}]
            if "mapping" in node.get("discriminator", {}):
                node["discriminator"]["mapping"]["index"] = "#/$defs/Index"
        for part in node.values():
            _admit_index(part)


class _Generator(GenerateJsonSchema):
    """Marks the places at which a validator accepts a short form; `_resolved` writes them out."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        inner = super().function_before_schema(schema)
        name = getattr(schema["function"]["function"], "__name__", "")
        mark = {"_spelled_out": _BARE, "_named": _NAMED}.get(name)
        return inner if mark is None else {"anyOf": [{mark: True}, inner]}

    def encode_default(self, dft: Any) -> Any:
        """A default as it would be written: `0sp`, not the parts of a duration."""
        return str(dft) if isinstance(dft, Duration) else super().encode_default(dft)


def _transforms(definitions: Mapping[str, Any]) -> list[str]:
    """Definitions of the transforms that a world's list takes."""
    transform = definitions.get("NamedTransform", {}).get("properties", {}).get("transform", {})
    return [reference.rpartition("/")[2] for reference in _references(transform)]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [found for key, part in node.items() if key != "discriminator" for found in _references(part)]
    return [found for part in node for found in _references(part)] if isinstance(node, list) else []


def _with_name(definition: Mapping[str, Any]) -> dict[str, Any]:
    name = {"type": "string", "description": "Addresses the transform's draws; its kind if left out."}
    return {**definition, "properties": {**definition["properties"], "name": name}}


def _resolved(node: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with its marks written out."""
    if isinstance(node, list):
        return [_resolved(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    parts = node.get("anyOf", [])
    marked = [i for i, part in enumerate(parts) if isinstance(part, dict) and part.keys() & {_BARE, _NAMED}]
    if not marked:
        return {key: _resolved(part, definitions) for key, part in node.items()}
    at = marked[0]
    forms = [*parts[:at], *_forms(parts[at], parts[at + 1], definitions), *_resolved(parts[at + 2 :], definitions)]
    rest = {key: part for key, part in node.items() if key != "anyOf"}
    return {**_resolved(rest, definitions), "anyOf": forms}


def _forms(mark: Mapping[str, Any], inner: Any, definitions: Mapping[str, Any]) -> list[Any]:
    """A bare kind where a member needs no options, and the member written out."""
    names = _transforms(definitions) if _NAMED in mark else [each.rpartition("/")[2] for each in _references(inner)]
    bare = [kind for name in names if (kind := _bare_kind(definitions[name])) is not None]
    written = (
        [{"$ref": f"#/$defs/Named{name}"} for name in names] if _NAMED in mark else [_resolved(inner, definitions)]
    )
    return ([{"enum": bare}] if bare else []) + written


def _bare_kind(definition: Mapping[str, Any]) -> str | None:
    kind = definition.get("properties", {}).get("kind", {}).get("const")
    return str(kind) if kind is not None and definition.get("required") == ["kind"] else None
