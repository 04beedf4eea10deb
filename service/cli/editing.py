"""Edits said on the command line: `--set /stages/naming/costs/naming=0.5`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import Malformed
from models.specs.document import read
from models.specs.patches import PatchError
from service.cli.output import complain
from service.client import edited, with_base

Assign = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="/path/by/names=value, YAML: what the file says there is replaced, for this call only; without a value it "
        "is taken away. /base/... is of a study's base. As often as needed.",
    ),
]


def with_edits(file: Path, assign: Sequence[str] | None) -> Path | dict[str, Any]:
    """The file, or what it says with its base inside and all edits made, one after the other."""
    if not assign:
        return file
    given = with_base(file)
    document: dict[str, Any] = given["document"] | ({"base": given["base"]} if "base" in given else {})
    for text in assign:
        path, value = parts(text)
        try:
            document = edited(document, [patch(path, value, document)])
        except PatchError as error:
            complain(f"--set {error.message}{f' ({error.suggestion})' if error.suggestion else ''}")
            raise typer.Exit(2) from None
    return document


def patches(assign: Sequence[str], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The edits of a document that the service makes."""
    return [patch(*parts(text), document) for text in assign]


def parts(text: str) -> tuple[str, str]:
    """Path and value of `/path=value`."""
    path, found, value = text.partition("=")
    if not found or not path.startswith("/"):
        complain(f"an edit is /path=value, such as /stages/naming/limit=40ep; not {text!r}")
        raise typer.Exit(2)
    return path, value


def patch(path: str, value: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The edit that is meant: what is there is replaced, what is not is added, an empty value takes it away."""
    if not value:
        return {"op": "remove", "path": path}
    try:
        said = {"path": path, "value": read(f"value:\n  {value}").data["value"]}
    except Malformed as error:
        complain(f"--set {path}: {value!r} cannot be read as YAML: {error.findings[0].message}")
        raise typer.Exit(2) from None
    try:
        edited(document, [{"op": "replace", **said}])
    except PatchError as error:
        return {"op": "add" if error.code == "E16" else "replace", **said}
    return {"op": "replace", **said}
