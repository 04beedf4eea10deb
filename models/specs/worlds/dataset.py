"""Data sets of the operator: registered by name in one folder, told by digest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Name, Spec
from models.specs.worlds.facts import Factor, Source, SourceFacts

MANIFEST_BYTES = 1 << 20
MAX_ITEMS, MAX_CLASSES = 10_000_000, 10_000

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=1, le=MAX_ITEMS)]


class Sizes(Spec):
    """Items of each split."""

    train: Count
    valid: Count
    test: Count


class Content(Spec):
    """What a data set holds: its digest says it to the bit, the rest is read off it."""

    digest: Digest
    """SHA-256 of all items and labels, with their types and shapes."""
    channel: Name
    shape: Annotated[Many[Count], Field(min_length=1, max_length=4)]
    """Of one item."""
    classes: Annotated[int, Field(ge=1, le=MAX_CLASSES)] | None = None
    """None: labels are numbers, or there are none."""
    numbers: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Width of a label that is numbers."""
    sizes: Sizes


class Registered(Spec):
    """An entry of the folder: NAME.json beside the bytes in DIGEST.npz."""

    name: Name
    content: Content
    form: str
    """What it was read from: idx, npz, cifar, pictures, recordings."""
    labels: Many[str] = ()
    """Names of the classes."""
    licence: str = ""
    bytes: Annotated[int, Field(ge=1)]
    """Of the items and labels."""


_folder: list[Path] = []


def look_under(folder: Path) -> None:
    """Where this process finds registered data sets from now on."""
    _folder[:] = [folder]


def folder() -> Path | None:
    """Where registered data sets lie; None if nobody has said so."""
    return _folder[0] if _folder else None


def names() -> list[str]:
    """Names of all registered data sets."""
    place = folder()
    return [] if place is None else sorted(path.stem for path in place.glob("*.json"))


def registered(name: str) -> Registered | None:
    """The entry of a name; ValueError if it is broken."""
    place = folder()
    if place is None or name not in names():
        return None
    path = place / f"{name}.json"
    if path.stat().st_size > MANIFEST_BYTES:
        raise ValueError(f"the entry of data set {name} is larger than {MANIFEST_BYTES} bytes; register it again")
    try:
        return Registered.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"the entry of data set {name} cannot be read; register it again") from error


def _found(value: object, info: ValidationInfo) -> object:
    """The registered content of the name, where the document does not state it."""
    if value is not None:
        return value
    name = info.data.get("name")
    entry = None if name is None else registered(name)
    if entry is None:
        told = {"name": str(name), "known": names()}
        raise PydanticCustomError("dataset", "data set '{name}' is not registered", told)
    return entry.content


class DatasetSpec(Source):
    """Items of a data set that the operator registered; pixels in [0, 1], other numbers as they are."""

    kind: Literal["dataset"]
    name: Name
    """As `ontogeny data list` shows it."""
    content: Annotated[Content, BeforeValidator(_found)] = Field(default=None, validate_default=True)
    """Filled in by the service; a document that states it is refused where something else is registered."""

    def facts(self) -> SourceFacts:
        """One channel; a label if it has labels."""
        content = self.content
        label = None
        if content.classes is not None:
            label = Factor("label", classes=content.classes)
        elif content.numbers is not None:
            label = Factor("label", content.numbers)
        sizes = content.sizes.model_dump()
        return SourceFacts({content.channel: tuple(content.shape)}, label, sizes=sizes)
