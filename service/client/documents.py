"""Documents as a client gives them: a file with its base beside it, or a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_document(document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A document from a file, or as it is; models.errors.Malformed if the file cannot be read as one."""
    if isinstance(document, Mapping):
        return dict(document)
    from models.specs.document import read  # noqa: PLC0415 - keeps yaml out of clients that send mappings

    return dict(read(Path(document).read_bytes()).data)


def base_of(document: str | Path | Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schedule that a study file names as its base: the file of that name beside it, if there is one."""
    name = data.get("base")
    if isinstance(document, Mapping) or data.get("kind") != "study" or not isinstance(name, str):
        return None
    sibling = Path(document).parent / f"{name}.yaml"
    return read_document(sibling) if sibling.is_file() else None


def with_base(document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A document, and its base if there is one, as members of a body."""
    data = read_document(document)
    base = base_of(document, data)
    return {"document": data} | ({} if base is None else {"base": base})
