"""What differs between two schedules, thing by thing and by name; read on canonical forms.

The age at which two lives part is not decided here but by the plan (`plan.divergence`); its line can be put on top of
the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.specs.base import pointer
from models.specs.patches import names_in
from models.specs.schedule import ScheduleSpec

UNCOMPARED = frozenset({"name", "notes", "tags", "seeds"})
"""Members of a schedule that are no part of what it says about life."""


@dataclass(frozen=True)
class Change:
    """A difference at a path whose list steps are names; None on the side where there is nothing.

    Where the things of a named list stand in another order than after taking away what only `a` has and appending what
    only `b` has, `path` is that of the list, and `a` and `b` are its names.
    """

    path: str
    a: Any
    b: Any


def diff(a: ScheduleSpec, b: ScheduleSpec) -> list[Change]:
    """Changes that lead from one canonical schedule to another, in document order; empty if they say the same."""
    left, right = (each.model_dump(mode="json", exclude=set(UNCOMPARED)) for each in (a, b))
    return list(_between(left, right, ()))


def text(changes: Sequence[Change], first_divergence: str | None = None) -> str:
    """The changes as lines a person reads, `+` for what only the second has, `-` for what only the first has."""
    lines = [] if first_divergence is None else [first_divergence]
    lines += [_line(change) for change in changes]
    return "\n".join(lines) if lines else "no difference"


def _between(a: Any, b: Any, place: tuple[str, ...]) -> Iterator[Change]:
    if a == b and type(a) is type(b):
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping) and a.get("kind") == b.get("kind"):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from _between(a.get(key), b.get(key), (*place, key))
    elif isinstance(a, list) and isinstance(b, list) and (titles := _titles(a, b, place)):
        yield from _lists(a, b, titles, place)
    elif a != b:
        yield Change(pointer(place), a, b)


def _titles(a: list[Any], b: list[Any], place: tuple[str, ...]) -> tuple[list[str], list[str]] | None:
    """Names of the things in two lists; None if the lists are values as a whole."""
    names = names_in(place, a), names_in(place, b)
    return None if names[0] is None or names[1] is None else (names[0], names[1])


def _lists(a: list[Any], b: list[Any], titles: tuple[list[str], list[str]], place: tuple[str, ...]) -> Iterator[Change]:
    left, right = (dict(zip(names, items, strict=True)) for names, items in zip(titles, (a, b), strict=True))
    for name in [*left, *(name for name in right if name not in left)]:
        yield from _between(left.get(name), right.get(name), (*place, name))
    appended = [*(name for name in left if name in right), *(name for name in right if name not in left)]
    if appended != list(right):
        yield Change(pointer(place), list(left), list(right))


def _line(change: Change) -> str:
    if change.a is None:
        return f"+ {change.path}: {_short(change.b)}"
    if change.b is None:
        return f"- {change.path}: {_short(change.a)}"
    return f"  {change.path}: {_short(change.a)} -> {_short(change.b)}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
