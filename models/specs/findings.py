"""What checks find: code, place, message, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import Any, Literal

from models.errors import Reason
from models.specs.base import Many, Spec, pointer
from models.specs.study import Patch

Code = Literal[
    "E00", "E01", "E02", "E03", "E04", "E05", "E06", "E07", "E08", "E09", "E10", "E11", "E12", "E13", "E14", "E15",
    "E16", "E17", "E18", "E19", "E20", "E21", "E22", "E23", "E24", "E25", "E26", "E27", "E28", "E29", "E30", "E31",
    "E32", "E33", "E34", "E35", "E36", "E38",
    "W01", "W02", "W03", "W04", "W05", "W06", "W07", "W08", "W09", "W10", "W11", "W12", "W13", "W14", "W15", "W16",
    "W17",
]  # fmt: skip
Steps = tuple[str | int, ...]

_NAMED = {
    "stages": "stage", "pathways": "pathway", "credit": "circuit", "transforms": "transform",
    "axes": "axis", "arms": "arm", "controls": "control", "contrasts": "contrast",
}  # fmt: skip
"""Lists whose items are known by name, and what an item is called."""
_KEYED = {
    "worlds": "world", "costs": "cost", "probes": "probe", "deficits": "deficit", "senses": "sense", "areas": "area",
    "critical_periods": "critical period", "modulators": "modulator", "outcomes": "outcome",
}  # fmt: skip


class Suggestion(Spec):
    """What would help, and the edit that does it."""

    text: str
    edit: Many[Patch] | None = None


class Finding(Spec):
    """One error or warning."""

    code: Code
    severity: Literal["error", "warning"]
    pointer: str
    """JSON pointer (RFC 6901) into what was submitted."""
    path: str
    """The same with names for the indices of named lists."""
    message: str
    """Begins with the place."""
    suggestion: Suggestion | None = None
    line: int | None = None
    column: int | None = None

    @property
    def reason(self) -> Reason:
        """As a reason of a refusal."""
        return Reason(self.code, self.pointer, self.message, self.suggestion.text if self.suggestion else None)


def finding(code: Code, steps: Steps, message: str, suggestion: str | Suggestion | None = None) -> Finding:
    """A finding at a path of keys and indices; `named` completes it."""
    if isinstance(suggestion, str):
        suggestion = Suggestion(text=suggestion)
    place = pointer(steps)
    severity: Literal["error", "warning"] = "error" if code[0] == "E" else "warning"
    return Finding(code=code, severity=severity, pointer=place, path=place, message=message, suggestion=suggestion)


def named(found: Iterable[Finding], document: Any) -> tuple[Finding, ...]:
    """The findings placed in a document, without repeats, errors first.

    A pointer to what the document leaves to a default becomes one to what is around it; paths are by name.
    """
    placed: dict[tuple[str, ...], Finding] = {}
    for each in found:
        place = present(document, each.pointer)
        update = {"pointer": place, "path": by_name(document, place)}
        placed.setdefault((each.code, place, each.message), each.model_copy(update=update))
    return tuple(sorted(placed.values(), key=lambda each: (each.severity, each.code)))


def present(document: Any, place: str) -> str:
    """The longest part of a JSON pointer that leads somewhere in the document."""
    node, end = document, 0
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            break
        end += len(part) + 1
    return place[:end]


def from_reason(reason: Reason) -> Finding:
    """The finding a refusal's reason amounts to."""
    steps = tuple(part.replace("~1", "/").replace("~0", "~") for part in reason.pointer.split("/")[1:])
    return finding(reason.code, steps, reason.message, reason.suggestion)  # type: ignore[arg-type]  # pydantic checks


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is most like this one."""
    folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Collection[str], *, listed: int = 12) -> str | None:
    """The nearest known name, or all of them if they are few and none is near."""
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    if not known:
        return None
    names = list(known)
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return "known: " + ", ".join(names[:listed]) + more


def by_name(document: Any, place: str) -> str:
    """A JSON pointer with the names of items instead of their indices, where a list's items have names."""
    steps, node, inside = [], document, ""
    for part in place.split("/")[1:]:
        title = part
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
            title = title_of(node, inside) or part
        else:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, dict) else None
        steps.append(title)
        inside = part
    return "".join("/" + step for step in steps)


def title_of(item: Any, collection: str) -> str | None:
    """Name of an item of a named list, given or by default; None if it has none."""
    if not isinstance(item, dict) or collection not in _NAMED:
        return item if isinstance(item, str) and collection == "transforms" else None
    title = item.get("name")
    if title is None and collection == "pathways" and "from" in item and "to" in item:
        title = f"{item['from']}-{item['to']}"
    elif title is None and collection == "transforms":
        title = item.get("kind")
    elif title is None and collection == "credit":
        rule = item.get("rule")
        title = rule.get("kind") if isinstance(rule, dict) else rule
    return title if isinstance(title, str) else None


def place_of(document: Any, steps: Steps) -> tuple[str, Steps]:
    """What a message begins with, such as `stage looking`, and the steps that remain inside of it."""
    names = by_name(document, pointer(steps)).split("/")[1:]
    start = 1 if names[:1] == ["organism"] and len(names) > 1 else 0
    rest = steps[start:]
    if len(rest) > 1 and rest[0] in _NAMED:
        return f"{_NAMED[str(rest[0])]} {names[start + 1]}", rest[2:]
    if len(rest) > 1 and rest[0] in _KEYED:
        return f"{_KEYED[str(rest[0])]} {rest[1]}", rest[2:]
    if rest:
        return str(rest[0]), rest[1:]
    kind = document.get("kind") if isinstance(document, dict) else None
    return (kind if kind in ("schedule", "study") else "document"), ()
