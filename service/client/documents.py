"""Documents as a client gives them: a file with its base beside it, its text, or a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def read_document(document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A document from a file or a text of several lines, or as it is; models.errors.Malformed if it is none."""
    if isinstance(document, Mapping):
        return dict(document)
    from models.specs.document import read  # noqa: PLC0415 - keeps yaml out of clients that send mappings

    text = document if isinstance(document, str) and "\n" in document else Path(document).read_bytes()
    return dict(read(text).data)


def base_of(document: str | Path | Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schedule that a study file names as its base: the file of that name beside it, if there is one."""
    name = data.get("base")
    if isinstance(document, Mapping) or data.get("kind") != "study" or not isinstance(name, str):
        return None
    if "\n" in str(document):
        return None
    sibling = Path(document).parent / f"{name}.yaml"
    return read_document(sibling) if sibling.is_file() else None


def with_base(document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A document, and its base if there is one, as members of a body."""
    data = read_document(document)
    base = base_of(document, data)
    return {"document": data} | ({} if base is None else {"base": base})


def edited(document: str | Path | Mapping[str, Any], patch: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document with edits made, a study with its base inside: `[{"op": "replace", "path": P, "value": V}]`.

    Steps of a path are names where things in lists have names, `/stages/naming/costs/naming`; `/base/...` leads into
    the base of a study. `add`, `replace`, `remove` and `reorder` as in studies; PatchError for what cannot be done.
    """
    from models.specs.patches import Write, apply  # noqa: PLC0415 - keeps pydantic out of clients that edit nothing

    given = with_base(document)
    whole, inside = given["document"], "/base/"
    base = given.get("base", whole.get("base"))
    for edit in patch:
        path = str(edit["path"])
        below = path.startswith(inside) and isinstance(base, Mapping)
        place = path.removeprefix("/base") if below else path
        write = Write(edit["op"], place, "", path, edit.get("value"), tuple(edit.get("names", ())))
        if below:
            base = apply(base, [write])
        else:
            whole = apply(whole, [write])
    return whole if base is None or "base" not in whole else {**whole, "base": base}
