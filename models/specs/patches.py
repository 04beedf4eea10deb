"""Edits of documents: paths whose list steps are names, four operations, and the rule that nobody writes twice.

Documents are plain JSON data. An edit never changes what it is given: it returns a document that shares all it did not
touch, so that thousands of arms cost little more than their differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import Any, Literal

from models.errors import Refused
from models.specs.study import Patch

Document = Mapping[str, Any]
Code = Literal["E02", "E16", "E18", "E32", "E33", "E34"]

_ORDER = "\0order"


class PatchError(Refused):
    """One thing in a study that cannot be applied; the pointer leads into the study document."""

    def __init__(self, code: Code, pointer: str, message: str, suggestion: str | None = None) -> None:
        self.code, self.pointer, self.message, self.suggestion = code, pointer, message, suggestion
        super().__init__(Refused.because(code, pointer, message, suggestion).findings)


@dataclass(frozen=True)
class Write:
    """One edit and who makes it."""

    op: Literal["add", "replace", "remove", "reorder"]
    path: str
    pointer: str
    """Of the path in the study document."""
    by: str
    """The writer in words: `axis onset`."""
    value: Any = None
    names: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The path's steps, unescaped."""
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in self.path.split("/")[1:])

    @property
    def touched(self) -> tuple[str, ...]:
        """What is written: the value at the path, or the order of its members."""
        return (*self.steps, _ORDER) if self.op == "reorder" else self.steps

    def refuse(self, code: Code, message: str, suggestion: str | None = None) -> PatchError:
        """The error of this write."""
        return PatchError(code, self.pointer, f"{self.by}: {message}", suggestion)


def write_of(patch: Patch, pointer: str, by: str) -> Write:
    """The edit a patch of a study asks for; `pointer` is that of the patch."""
    write = Write(patch.op, patch.path, f"{pointer}/path", by, patch.value, patch.names or ())
    given = patch.model_fields_set & {"value", "names"}
    wanted = {"add": {"value"}, "replace": {"value"}, "remove": set[str](), "reorder": {"names"}}[patch.op]
    if given != wanted:
        takes = " and ".join(sorted(wanted)) or "neither value nor names"
        raise PatchError("E33", pointer, f"{by}: {patch.op} takes {takes}")
    return write


def apply(document: Document, writes: Sequence[Write]) -> dict[str, Any]:
    """The document after all writes, in order; PatchError E16 for a missing path, E33 for a write that cannot be."""
    for earlier, later in combinations(writes, 2):
        _refuse_second(earlier, later)
    edited = dict(document)
    for write in writes:
        edited = _edited(edited, write, 0)
    return edited


def nearest(name: str, known: Sequence[str]) -> str | None:
    """A suggestion for an unknown name."""
    close = get_close_matches(name, known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there is {', '.join(sorted(known)[:12])}" if known else None


def _refuse_second(earlier: Write, later: Write) -> None:
    if earlier.touched[: len(later.touched)] == later.touched:
        message = f"writes {later.path}, which {earlier.by} has written at {earlier.path}"
        raise later.refuse("E33", message, "write each path once; a later write may only lie inside an earlier value")


# ---- things in lists that have names


def _name(item: Mapping[str, Any]) -> Any:
    return item.get("name")


def _pathway_title(item: Mapping[str, Any]) -> Any:
    return item.get("name") or f"{item.get('from')}-{item.get('to')}"


def _circuit_title(item: Mapping[str, Any]) -> Any:
    return item.get("name") or _kind(item.get("rule"))


def _transform_title(item: Mapping[str, Any]) -> Any:
    return item.get("name") or _kind(item.get("transform", item))


def _control_title(item: Mapping[str, Any]) -> Any:
    return item.get("name") or item.get("kind")


def _kind(member: Any) -> Any:
    return member.get("kind") if isinstance(member, Mapping) else member


_TITLES: dict[tuple[str, ...], Callable[[Mapping[str, Any]], Any]] = {
    ("stages",): _name,
    ("stages", "*", "stages"): _name,
    ("organism", "pathways"): _pathway_title,
    ("organism", "credit"): _circuit_title,
    ("worlds", "*", "transforms"): _transform_title,
    ("axes",): _name,
    ("arms",): _name,
    ("controls",): _control_title,
    ("contrasts",): _name,
}


def names_in(place: Sequence[str], items: Sequence[Any]) -> list[str] | None:
    """Names of the things in a list at a place of a schedule; None if such a list is unnamed."""
    inside = len(place) == 3 and place[0] in ("worlds", "stages")
    pattern = (place[0], "*", place[2]) if inside else tuple(place)
    title = _TITLES.get(pattern)
    if title is None:
        return None
    opened = [_open(item) for item in items]
    return [str(title(item) if isinstance(item, Mapping) else item) for item in opened]


def _open(node: Any) -> Any:
    """A bare string stands for a member of that kind."""
    return {"kind": node} if isinstance(node, str) else node


# ---- the edits; `depth` counts the steps that lead to `node`


def _edited(node: Any, write: Write, depth: int) -> Any:
    node = _open(node)
    if depth == len(write.steps) - 1:
        return _OPS[write.op](node, write, depth)
    key = _key(node, write, depth)
    return _with(node, key, _edited(node[key], write, depth + 1))


def _key(node: Any, write: Write, depth: int) -> Any:
    """Key or index of the next step; E16 if there is none."""
    step, known = write.steps[depth], _known(node, write, depth)
    if step not in known:
        below = "/" + "/".join(write.steps[:depth])
        raise write.refuse("E16", f"no '{step}' below {below}", nearest(step, known))
    return known.index(step) if isinstance(node, (list, tuple)) else step


def _known(node: Any, write: Write, depth: int) -> list[str]:
    if isinstance(node, Mapping):
        return list(node)
    if isinstance(node, (list, tuple)):
        names = names_in(write.steps[:depth], node)
        return [str(index) for index in range(len(node))] if names is None else names
    return []


def _with(node: Any, key: Any, value: Any) -> Any:
    if isinstance(node, Mapping):
        return {**node, key: value}
    return [*node[:key], value, *node[key + 1 :]]


def _add(node: Any, write: Write, depth: int) -> Any:
    step, known = write.steps[depth], _known(node, write, depth)
    named = isinstance(node, (list, tuple)) and names_in(write.steps[:depth], node) is not None
    if isinstance(node, (list, tuple)) and not named:
        index = len(node) if step == "-" else int(step) if step.isdecimal() else -1
        if not 0 <= index <= len(node):
            raise write.refuse("E16", f"no place '{step}' in a list of {len(node)}", "use '-' for its end")
        return [*node[:index], write.value, *node[index:]]
    if step in known:
        raise write.refuse("E33", f"{write.path} is there already", "use replace")
    if named:
        return [*node, _titled(write, depth)]
    if not isinstance(node, Mapping):
        below = "/" + "/".join(write.steps[:depth])
        raise write.refuse("E16", f"nothing can be added below {below}")
    return {**node, step: write.value}


def _titled(write: Write, depth: int) -> Any:
    names = names_in(write.steps[:depth], [write.value]) or []
    if names != [write.steps[depth]]:
        raise write.refuse("E33", f"the path ends in '{write.steps[depth]}', the value is named '{names[0]}'")
    return write.value


def _replace(node: Any, write: Write, depth: int) -> Any:
    return _with(node, _key(node, write, depth), write.value)


def _remove(node: Any, write: Write, depth: int) -> Any:
    key = _key(node, write, depth)
    if isinstance(node, Mapping):
        return {name: part for name, part in node.items() if name != key}
    return [*node[:key], *node[key + 1 :]]


def _reorder(node: Any, write: Write, depth: int) -> Any:
    key = _key(node, write, depth)
    items = node[key]
    names = names_in(write.steps, items) if isinstance(items, (list, tuple)) else None
    if names is None:
        raise write.refuse("E33", f"{write.path} is no list of named things")
    if sorted(names) != sorted(write.names):
        raise write.refuse("E33", f"reorder of {write.path} must name each thing once", f"all of {', '.join(names)}")
    return _with(node, key, [items[names.index(name)] for name in write.names])


_OPS: dict[str, Callable[[Any, Write, int], Any]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
    "reorder": _reorder,
}
