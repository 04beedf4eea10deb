"""From text to plain data: YAML 1.2 (core schema) or JSON, with the position of every member.

The data are what JSON can say: objects with text keys, lists, texts, finite numbers, booleans, null. What would make a
document mean something else than it shows, or cost more than it weighs, is refused before a tree is built: anchors and
aliases, tags, merge keys, duplicate keys, several documents, deep nesting, many nodes, numbers that are not finite.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from models.errors import Malformed
from models.specs.base import pointer

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
"""Scalars, lists, objects and keys."""
MAX_INTEGER = 2**53 - 1
"""Largest integer that every reader of JSON keeps exactly (RFC 8785)."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"(?:null|Null|NULL|~|)")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_JSON_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)

Position = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True)
class Parsed:
    """A document as plain data, and where its members stand in the text."""

    data: dict[str, Any]
    positions: Mapping[str, Position] = field(default_factory=dict)
    """By JSON pointer: the key of a member, the beginning of an item; empty for JSON."""

    def position(self, place: str) -> Position | None:
        """Position of the nearest thing at or around a pointer; None where positions are not known."""
        while place and place not in self.positions:
            place = place.rpartition("/")[0]
        return self.positions.get(place)


def read(text: bytes | str, form: Literal["yaml", "json"] = "yaml") -> Parsed:
    """The data a text stands for; Malformed if it is no document."""
    characters = _characters(text)
    if form == "json":
        return Parsed(_json(characters))
    return _yaml(characters)


def _characters(text: bytes | str) -> str:
    try:
        data = text.encode() if isinstance(text, str) else bytes(text)
    except UnicodeEncodeError:
        raise Malformed("half of a surrogate pair in the text") from None
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes; a document has at most {MAX_BYTES}")
    try:
        characters = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8", *_line_column(data[: error.start].decode(), error.start)) from None
    if "\0" in characters:
        raise Malformed("a NUL character", *_line_column(characters, characters.index("\0")))
    return characters


def _line_column(characters: str, index: int) -> Position:
    before = characters[:index]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


# ---- YAML


@dataclass
class _Open:
    """A list or object whose end has not come yet."""

    value: Any
    steps: tuple[str | int, ...]
    key: str | None = None
    """Key whose value comes next."""

    def step(self) -> str | int:
        if isinstance(self.value, list):
            return len(self.value)
        assert self.key is not None
        return self.key

    def put(self, value: Any) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
            return
        self.value[self.key] = value
        self.key = None

    @property
    def wants_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None


class _Builder:
    """Builds the tree from parser events, without recursion."""

    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.positions: dict[str, Position] = {}
        self.root: Any = None
        self.nodes = 0
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """One event of the parser."""
        match event:
            case yaml.DocumentStartEvent():
                self._begin_document(event)
            case yaml.AliasEvent():
                raise _refused(event, f"alias '*{event.anchor}'; write the value out")
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.SequenceStartEvent():
                self._open(event, [])
            case yaml.MappingStartEvent():
                self._open(event, {})
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._put(self.stack.pop().value)
            case _:
                pass

    def _begin_document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _refused(event, "a second document; send one at a time")
        if event.tags:
            raise _refused(event, "a %TAG directive; tags have no meaning here")
        if event.version not in (None, (1, 2)):
            raise _refused(event, "only YAML 1.2 is read")

    def _count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _refused(event, f"more than {MAX_NODES} nodes")
        if event.anchor is not None:
            raise _refused(event, f"anchor '&{event.anchor}'; write the value out where it is needed")
        if event.tag is not None:
            raise _refused(event, f"tag '{event.tag}'; tags have no meaning here")

    def _place(self, event: Any) -> tuple[str | int, ...]:
        if not self.stack:
            return ()
        parent = self.stack[-1]
        steps = (*parent.steps, parent.step())
        if isinstance(parent.value, list):
            self.positions[pointer(steps)] = _position(event)
        return steps

    def _open(self, event: Any, empty: Any) -> None:
        self._count(event)
        if self.stack and self.stack[-1].wants_key:
            raise _refused(event, "a key that is not a text")
        if len(self.stack) == MAX_DEPTH:
            raise _refused(event, f"nested deeper than {MAX_DEPTH}")
        self.stack.append(_Open(empty, self._place(event)))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count(event)
        if _unfit(event.value):
            raise _refused(event, "a text with a NUL character or half of a surrogate pair")
        if self.stack and self.stack[-1].wants_key:
            self._key(event)
            return
        steps = self._place(event)
        self._put(_resolved(event, pointer(steps)) if event.implicit[0] else event.value)

    def _key(self, event: yaml.ScalarEvent) -> None:
        parent, key = self.stack[-1], event.value
        if key == "<<" and event.implicit[0]:
            raise _refused(event, "merge key '<<'; write the members out")
        if key in parent.value:
            raise _refused(event, f"duplicate key {key!r}")
        parent.key = key
        self.positions[pointer((*parent.steps, key))] = _position(event)

    def _put(self, value: Any) -> None:
        if self.stack:
            self.stack[-1].put(value)
        else:
            self.root = value


def _yaml(characters: str) -> Parsed:
    builder = _Builder()
    try:
        for event in yaml.parse(characters, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _no_yaml(characters, error) from None
    if not isinstance(builder.root, dict):
        raise Malformed("a document is an object: `key: value` on every line", 1, 1)
    return Parsed(builder.root, builder.positions)


def _no_yaml(characters: str, error: yaml.YAMLError) -> Malformed:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        parts = (getattr(error, "context", None), getattr(error, "problem", None))
        if any(part and "nesting depth" in part for part in parts):  # libyaml scans ahead and has a limit of its own
            return Malformed(f"nested deeper than {MAX_DEPTH}", mark.line + 1, mark.column + 1)
        return Malformed("not YAML: " + ", ".join(part for part in parts if part), mark.line + 1, mark.column + 1)
    index = getattr(error, "position", None)
    place = _line_column(characters, index) if isinstance(index, int) else (None, None)
    return Malformed("not YAML: a character that cannot be printed", *place)


def _refused(event: yaml.Event, message: str, place: str = "") -> Malformed:
    return Malformed(message, *_position(event), pointer=place)


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    assert mark is not None
    return mark.line + 1, mark.column + 1


def _resolved(event: yaml.ScalarEvent, place: str) -> Any:
    """What a plain scalar stands for in the core schema of YAML 1.2."""
    text: str = event.value
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
        return text[0] in "tT"
    try:
        if _INTEGER.fullmatch(text):
            return _integer(text)
        if _BASED.fullmatch(text):
            return _integer(text, {"o": 8, "x": 16}[text[1]])
        if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
            return _number(text)
    except ValueError as error:
        raise _refused(event, str(error), place) from None
    return text


# ---- numbers and texts of both


def _integer(text: str, base: int = 10) -> int:
    digits = text.lstrip("+-0ox")
    value = int(text, base) if len(digits) <= 20 else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"integer {text[:24]} is beyond {MAX_INTEGER}")
    return value


def _number(text: str) -> float:
    value = math.nan if _NOT_FINITE.fullmatch(text) else float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:24]} is not a finite number")
    return value


def _unfit(text: str) -> bool:
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


# ---- JSON


def _json(characters: str) -> dict[str, Any]:
    _check_json_depth(characters)
    try:
        data = json.loads(
            characters,
            object_pairs_hook=_members,
            parse_constant=_number,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except ValueError as error:
        raise Malformed(str(error)) from None
    if not isinstance(data, dict):
        raise Malformed("a document is an object: {...}", 1, 1)
    for count, text in enumerate(_nodes(data), start=1):
        if count > MAX_NODES:
            raise Malformed(f"more than {MAX_NODES} nodes")
        if isinstance(text, str) and _unfit(text):
            raise Malformed("a text with a NUL character or half of a surrogate pair")
    return data


def _check_json_depth(characters: str) -> None:
    """Before parsing, because the parser recurses."""
    depth = 0
    for mark in _JSON_MARKS.finditer(characters):
        if mark[0] in "[{":
            depth += 1
        elif mark[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH}", *_line_column(characters, mark.start()))


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise ValueError(f"duplicate key {key!r}")
        members[key] = value
    return members


def _nodes(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)
