"""From a ValidationError to findings whose pointers address what was submitted.

The `loc` of an error names, besides keys and indices, the branch of each union it went through; those steps are not
in the document and are left out by walking the document along with the loc.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.specs.findings import Code, Finding, Steps, Suggestion, did_you_mean, finding, nearest, place_of, title_of
from models.specs.study import Patch

_EXPECTED = {
    "model_type": "an object", "dict_type": "an object", "list_type": "a list", "tuple_type": "a list",
    "model_attributes_type": "an object", "string_type": "a text", "bool_type": "true or false",
    "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
}  # fmt: skip
_BOUND = {
    "greater_than": ("gt", "more than {}"), "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"), "less_than_equal": ("le", "at most {}"),
}  # fmt: skip
_NAME_RULE = "a name begins with a letter and has letters, digits, '-' and '_', at most 64"


def findings_of(error: ValidationError, model: type[BaseModel], document: Any) -> list[Finding]:
    """One finding per mistake; of the branches of a union that all fail at one place, the first."""
    found: dict[tuple[str, ...], Finding] = {}
    for details in error.errors(include_url=False):
        mistake = _Mistake(details, model, document)
        if mistake.follows:
            continue
        each = mistake.finding()
        of_type = mistake.kind in _EXPECTED
        found.setdefault((each.code, each.pointer, "type" if of_type else each.message), each)
    return list(found.values())


_OWN_CODES: dict[str, Code] = {
    "duration": "E19",
    "exclusive": "E23",
    "probability": "E30",
    "bound": "E30",
    "span": "E13",
}
"""Mistakes that the specs themselves tell, with whole sentences."""


class _Mistake:
    """One entry of a ValidationError, seen against the document."""

    def __init__(self, details: ErrorDetails, model: type[BaseModel], document: Any) -> None:
        self.kind = details["type"]
        self.details = details
        self.context: dict[str, Any] = details.get("ctx", {})
        self.given = details["input"]
        self.model = model
        self.document = document
        self.steps = _steps(details["loc"], document)

    @property
    def follows(self) -> bool:
        """Whether it only counts items that are missing because they are mistaken themselves."""
        return self.kind == "too_short" and len(self.given) >= self.context["min_length"]

    def finding(self) -> Finding:
        """The finding it amounts to."""
        form = _FORMS.get(self.kind)
        return form(self) if form else self._type_or_bound()

    def _at(self, code: Code, steps: Steps, message: str, suggestion: str | Suggestion | None = None) -> Finding:
        place, inside = place_of(self.document, steps)
        within = ".".join(map(str, inside)) + ": " if inside else ""
        return finding(code, steps, f"{place}: {within}{message}", suggestion)

    def _plain(self) -> Finding:
        code: Code = _OWN_CODES[self.kind]
        return self._at(code, self.steps, self.details["msg"])

    def _no_kind(self) -> Finding:
        kinds = ", ".join(_kinds(self.model, self.details["loc"]))
        return self._at("E18", self.steps, "missing key 'kind'", f"known kinds: {kinds}" if kinds else None)

    def _missing(self) -> Finding:
        key = self.details["loc"][-1]
        message = f"missing key '{key}'" if isinstance(key, str) else f"only {key} items"
        return self._at("E18", self.steps, message)

    def _unknown_key(self) -> Finding:
        key, around = str(self.steps[-1]), self.steps[:-1]
        known = _keys(self.model, self.details["loc"][:-1])
        edit = self._renamed(key, around, nearest(key, known))
        suggestion = Suggestion(text=did_you_mean(key, known) or "remove it", edit=edit)
        place, inside = place_of(self.document, around)
        within = ".".join(map(str, inside)) + ": " if inside else ""
        return finding("E18", self.steps, f"{place}: {within}unknown key '{key}'", suggestion)

    def _renamed(self, key: str, around: Steps, to: str | None) -> tuple[Patch, ...] | None:
        if to is None:
            return None
        base, node = path_by_name(self.document, around), _node(self.document, around)
        if base is None or "/" in key or not key:
            return None
        remove = Patch(op="remove", path=f"{base}/{key}")
        return (remove,) if to in node else (remove, Patch(op="add", path=f"{base}/{to}", value=node[key]))

    def _unknown_kind(self) -> Finding:
        node = _node(self.document, self.steps)
        steps = (*self.steps, "kind") if isinstance(node, dict) and "kind" in node else self.steps
        tag = str(self.context.get("tag"))
        tags = re.findall(r"'([^']*)'", str(self.context.get("expected_tags", "")))
        kinds = [each for each in tags if each != "mix"]  # a document writes it as a key of the world
        if tag == "index":
            return self._at("E35", steps, "index counts the turns of a repeat, here is none", "a number, or a repeat")
        near = nearest(tag, kinds)
        listed = "known kinds: " + ", ".join(kinds)
        suggestion = f"did you mean '{near}'? {listed}" if near else listed
        return self._at("E29", steps, f"unknown kind '{tag}'", suggestion)

    def _no_name(self) -> Finding:
        if "birth" in str(self.context.get("pattern")):
            forms = "birth, stages.S.start|end, deficits.D.start|end, critical_periods.C.opens|closes"
            return self._at("E29", self.steps, f"unknown event '{self.given}'", f"known: {forms}")
        if "/" in str(self.context.get("pattern")):
            return self._at("E18", self.steps, f"{_shown(self.given)} is no path", "write /stages/NAME/until/after")
        return self._at("E18", self.steps, f"{_shown(self.given)} is no name: {_NAME_RULE}")

    def _no_choice(self) -> Finding:
        expected = str(self.context["expected"])
        if not isinstance(self.given, str):
            return self._at("E18", self.steps, f"expected {expected}, got {_shown(self.given)}", "write it in quotes")
        near = nearest(self.given, re.findall(r"'([^']*)'", expected))
        return self._at("E29", self.steps, f"'{self.given}' is none of {expected}", near and f"did you mean '{near}'?")

    def _no_dataset(self) -> Finding:
        hint = did_you_mean(self.context["name"], self.context["known"]) or "ontogeny data add NAME FILE..."
        return self._at("E38", self.steps, self.details["msg"], hint)

    def _no_environment(self) -> Finding:
        return self._at("E38", self.steps, self.details["msg"], self.context["remedy"])

    def _type_or_bound(self) -> Finding:
        if self.kind in _EXPECTED:
            return self._wrong_type()
        if self.kind in _BOUND:
            key, words = _BOUND[self.kind]
            return self._at(
                "E30", self.steps, f"{_shown(self.given)} is out of bounds", words.format(self.context[key])
            )
        if self.kind == "finite_number":
            return self._at("E30", self.steps, "not a finite number")
        if self.kind in ("too_short", "too_long"):
            low, high = self.context.get("min_length"), self.context.get("max_length")
            bound = f"at least {low}" if self.kind == "too_short" else f"at most {high}"
            return self._at("E30", self.steps, f"{len(self.given)} items", bound)
        if self.kind in ("string_too_long", "string_too_short"):
            return self._at("E30", self.steps, self.details["msg"])
        return self._at("E18", self.steps, self.details["msg"])

    def _wrong_type(self) -> Finding:
        expected = _EXPECTED[self.kind]
        if self.details["loc"][-1:] == ("number",):
            expected = "a number, an envelope {kind: ...} or a list of these"
        unquoted = None
        if isinstance(self.given, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", self.given):
            unquoted = f"write {self.given} without quotes"
        return self._at("E18", self.steps, f"expected {expected}, got {_shown(self.given)}", unquoted)


_FORMS: dict[str, Callable[[_Mistake], Finding]] = {
    "missing": _Mistake._missing,
    "extra_forbidden": _Mistake._unknown_key,
    "union_tag_invalid": _Mistake._unknown_kind,
    "union_tag_not_found": _Mistake._no_kind,
    "literal_error": _Mistake._no_choice,
    "string_pattern_mismatch": _Mistake._no_name,
    "dataset": _Mistake._no_dataset,
    "environment": _Mistake._no_environment,
    **dict.fromkeys(_OWN_CODES, _Mistake._plain),
}


def path_by_name(document: Any, steps: Steps) -> str | None:
    """A path of a patch; None if a step has no place in one."""
    names: list[str] = []
    node: Any = document
    for step in steps:
        if isinstance(step, int):
            title = title_of(node[step], names[-1] if names else "")
            names.append(title or str(step))
        else:
            names.append(step)
        node = node[step]
    return None if any("/" in name or not name for name in names) else "".join("/" + name for name in names)


def _steps(loc: tuple[str | int, ...], document: Any) -> Steps:
    """The steps of a loc that lead through the document; names of unions' branches do not."""
    node, steps = document, list[str | int]()
    for step in loc:
        if _leads(node, step):
            node = node[step]
            steps.append(step)
    return tuple(steps)


def _leads(node: Any, step: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, dict) and step in node


def _node(document: Any, steps: Steps) -> Any:
    for step in steps:
        document = document[step]
    return document


def _shown(value: Any) -> str:
    match value:
        case str():
            return f"the text '{value[:60]}'"
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)


# ---- what is known at a place, from the JSON schema


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _branches(schema: Any, definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema and, for references and unions, what they stand for."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        yield from _branches(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word, ()):
            yield from _branches(part, definitions)


def _inside(branch: dict[str, Any], step: str | int, definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if isinstance(step, int):
        parts = [branch.get("items"), *branch.get("prefixItems", ())[step : step + 1]]
    else:
        tagged = branch.get("discriminator", {}).get("mapping", {}).get(step)
        parts = [branch.get("properties", {}).get(step), *branch.get("patternProperties", {}).values()]
        parts += [branch.get("additionalProperties"), {"$ref": tagged} if tagged else None]
    for part in parts:
        yield from _branches(part, definitions)


def _at_loc(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[dict[str, Any]]:
    root = _schema(model)
    definitions = root.get("$defs", {})
    branches = list(_branches(root, definitions))
    for step in loc:
        further = [each for branch in branches for each in _inside(branch, step, definitions)]
        branches = further or branches
    return branches


def _keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    return sorted({key for branch in _at_loc(model, loc) for key in branch.get("properties", {})})


def _kinds(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    return sorted(
        {kind for branch in _at_loc(model, loc) for kind in branch.get("discriminator", {}).get("mapping", {})}
    )
