"""Repeats: an entry of `stages` that stands for several stages, so many times over; written out before it is read.

In the i-th turn, counted from 0, stage S of repeat B is called `B[i].S`, and every `{kind: index, base, step}` in it is
the number base + step i.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.specs.findings import Finding, Steps, did_you_mean, finding

MOST_STAGES = 1000
MOST_TURNS = 10_000
_KEYS = ("name", "repeat", "stages")
_INDEX = {"kind", "base", "step"}


@dataclass(frozen=True)
class Expanded:
    """A document without repeats, and where its stages stand in the one with them."""

    document: dict[str, Any]
    origins: tuple[Steps, ...] = ()
    """Of every stage; empty where nothing is repeated."""

    def placed(self, found: Iterable[Finding]) -> list[Finding]:
        """Findings at their places in the document with repeats; of those of all turns the first."""
        if not self.origins:
            return list(found)
        first: dict[tuple[str, str], Finding] = {}
        for each in found:
            place = self._place(each.pointer)
            repeated = place != each.pointer and place.count("/stages/") > 1
            key = (each.code, place if repeated else place + each.message)
            first.setdefault(key, each.model_copy(update={"pointer": place, "path": place}))
        return list(first.values())

    def _place(self, pointer: str) -> str:
        parts = pointer.split("/")
        if parts[1:2] != ["stages"] or not parts[2:3] or not parts[2].isdecimal() or int(parts[2]) >= len(self.origins):
            return pointer
        return "/".join(["", *map(str, self.origins[int(parts[2])]), *parts[3:]])


def expand(document: Mapping[str, Any]) -> Expanded | list[Finding]:
    """The document with its repeats written out; what is wrong with them, if anything is."""
    stages = document.get("stages")
    if not isinstance(stages, Sequence) or not any(_repeats(each) for each in stages):
        return Expanded(dict(document))
    problems = [each for index, entry in enumerate(stages) if _repeats(entry) for each in _problems(entry, index)]
    if problems:
        return problems
    total = sum(entry["repeat"] * len(entry["stages"]) if _repeats(entry) else 1 for entry in stages)
    if total > MOST_STAGES:
        message = f"schedule: {total} stages with their repeats are out of bounds"
        return [finding("E30", ("stages",), message, f"at most {MOST_STAGES}")]
    first = {entry["name"]: f"{entry['name']}[0]" for entry in stages if _repeats(entry)}
    pairs = list(_turns(stages))
    written = [_renamed(stage, first) for stage, _ in pairs]
    return Expanded({**document, "stages": written}, tuple(origin for _, origin in pairs))


def _repeats(entry: Any) -> bool:
    return isinstance(entry, Mapping) and ("repeat" in entry or "stages" in entry)


def _problems(entry: Mapping[str, Any], index: int) -> Iterator[Finding]:
    """What keeps an entry from being a repeat."""
    steps: Steps = ("stages", index)
    name, turns = entry.get("name"), entry.get("repeat", 1)
    place = f"repeat {name}" if isinstance(name, str) else "repeat"
    for key in _KEYS:
        if key not in entry:
            yield finding("E18", steps, f"{place}: missing key '{key}'", "name, repeat and stages")
    for key in entry:
        if key not in _KEYS:
            yield finding("E18", (*steps, key), f"{place}: unknown key '{key}'", did_you_mean(str(key), _KEYS))
    if not isinstance(turns, int) or isinstance(turns, bool) or not 1 <= turns <= MOST_TURNS:
        yield finding("E30", (*steps, "repeat"), f"{place}: {turns} turns are out of bounds", f"1 to {MOST_TURNS}")
    if "stages" in entry:
        yield from _inside(entry["stages"], (*steps, "stages"), place)


def _inside(stages: Any, steps: Steps, place: str) -> Iterator[Finding]:
    if not isinstance(stages, list) or not stages:
        yield finding("E18", steps, f"{place}: expected a list of stages", "one stage at least")
        return
    for number, each in enumerate(stages):
        if _repeats(each):
            message = f"{place}: a repeat inside a repeat"
            yield finding("E35", (*steps, number), message, "repeats one after the other")
        elif not isinstance(each, Mapping) or not isinstance(each.get("name"), str):
            yield finding("E18", (*steps, number), f"{place}: a stage without a name", "name it")


def _turns(stages: Sequence[Any]) -> Iterator[tuple[Any, Steps]]:
    """Every stage in its turn, with its place."""
    for index, entry in enumerate(stages):
        if not _repeats(entry):
            yield entry, ("stages", index)
            continue
        for turn in range(entry["repeat"]):
            for number, stage in enumerate(entry["stages"]):
                name = f"{entry['name']}[{turn}].{stage['name']}"
                yield {**_numbered(stage, turn), "name": name}, ("stages", index, "stages", number)


def _numbered(part: Any, turn: int) -> Any:
    """A part of a stage with the numbers that it has in a turn."""
    if isinstance(part, Mapping):
        if part.get("kind") == "index" and set(part) <= _INDEX and all(map(_is_number, _values(part))):
            return part.get("base", 0.0) + part.get("step", 1.0) * turn
        return {key: _numbered(each, turn) for key, each in part.items()}
    return [_numbered(each, turn) for each in part] if isinstance(part, list) else part


def _values(part: Mapping[str, Any]) -> list[Any]:
    return [part[key] for key in ("base", "step") if key in part]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _renamed(part: Any, first: Mapping[str, str]) -> Any:
    """A part of a document whose events name stages of repeats: the first of each is meant."""
    if isinstance(part, Mapping):
        return {key: _event(each, first) if key == "event" else _renamed(each, first) for key, each in part.items()}
    return [_renamed(each, first) for each in part] if isinstance(part, list) else part


def _event(event: Any, first: Mapping[str, str]) -> Any:
    parts = event.split(".") if isinstance(event, str) else []
    if len(parts) == 4 and parts[0] == "stages" and parts[1] in first:
        return ".".join([parts[0], first[parts[1]], *parts[2:]])
    return event
