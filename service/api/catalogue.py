"""What can be asked for: members with their formulas, schemas for editors, examples to start from."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response

from models.specs import catalogue
from models.specs.document import read
from models.specs.findings import did_you_mean
from service.api.answers import matches, tagged
from service.api.dependencies import Reader
from service.errors import NotFound

router = APIRouter(prefix="/v1", tags=["catalogue"])

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@router.get("/catalogue")
def families(request: Request, caller: Reader) -> Response:
    """All families with the kinds of their members."""
    rows = [
        {
            "family": family,
            "kinds": [{"kind": entry.kind, "summary": entry.summary} for entry in catalogue.entries(family)],
            "links": {"self": f"/v1/catalogue/{family}"},
        }
        for family in catalogue.FAMILIES
    ]
    return tagged(request, {"items": rows, "next": None})


@router.get("/catalogue/{family}")
def members(family: str, request: Request, caller: Reader) -> Response:
    """All members of a family: options, formulas, units, sources."""
    _require(family)
    return tagged(request, {"items": [asdict(entry) for entry in catalogue.entries(family)], "next": None})


@router.get("/catalogue/{family}/{kind}")
def member(family: str, kind: str, request: Request, caller: Reader) -> Response:
    """One member."""
    _require(family)
    found = catalogue.entry(family, kind)
    if found is None:
        known = [entry.kind for entry in catalogue.entries(family)]
        raise NotFound(f"there is no {kind!r} in family {family!r}; {did_you_mean(kind, known, listed=len(known))}")
    return tagged(request, asdict(found))


def _require(family: str) -> None:
    if family not in catalogue.FAMILIES:
        known = list(catalogue.FAMILIES)
        raise NotFound(f"there is no family {family!r}; {did_you_mean(family, known, listed=len(known))}")


@router.get("/schema/{kind}.json")
def schema(kind: Literal["schedule", "study"], request: Request, caller: Reader) -> Response:
    """JSON Schema 2020-12 of a document."""
    return tagged(request, catalogue.schema(kind))


@router.get("/examples")
def examples(request: Request, caller: Reader) -> Response:
    """Documents to start from."""
    rows = [
        {"name": name, "kind": _kind(path), "links": {"self": f"/v1/examples/{name}"}}
        for name, path in _examples().items()
    ]
    return tagged(request, {"items": rows, "next": None})


@router.get("/examples/{name}", response_class=Response)
def example(name: str, request: Request, caller: Reader) -> Response:
    """One example as YAML, as it can be submitted."""
    path = _examples().get(name)
    if path is None:
        raise NotFound(f"there is no example {name!r}; {did_you_mean(name, list(_examples()), listed=0)}")
    tag = f'"{path.stat().st_mtime_ns:x}"'
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(path.read_bytes(), headers={"ETag": tag}, media_type="application/yaml")


@cache
def _examples() -> dict[str, Path]:
    """By name, folders before a dot; what is asked for is looked up here, never on disk."""
    paths = sorted(EXAMPLES.rglob("*.yaml"))
    return {".".join(path.relative_to(EXAMPLES).with_suffix("").parts): path for path in paths}


@cache
def _kind(path: Path) -> str:
    return str(read(path.read_bytes()).data["kind"])
