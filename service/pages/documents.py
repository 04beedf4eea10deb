"""Before anything runs: the editor, and the catalogue of what a document can name."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from service.pages.asking import Api
from service.pages.rendering import render

router = APIRouter(include_in_schema=False)

FIRST = "quickstart"


@router.get("/submit")
async def submit(  # noqa: PLR0913 - what the address may name
    request: Request,
    api: Api,
    example: str = FIRST,
    job: str | None = None,
    fork: str | None = None,
    arm: Annotated[int, Query(ge=0)] = 0,
    age: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The editor with a document in it: an example, that of a job, or that of an arm which is forked at an age."""
    examples = (await api.get("/v1/examples"))["items"]
    parent, base = None, ""
    if fork is not None:
        here = f"/v1/jobs/{fork}"
        parent = await api.get(here)
        document = await api.get(f"{here}/document", form="resolved", arm=str(arm))
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    elif job is not None:
        text = await api.text(f"/v1/jobs/{job}/document", "application/yaml")
    else:
        text, base = await _example(api, example, examples)
    origin: dict[str, Any] = {"job": job, "parent": parent, "arm": arm, "age": age}
    return render(request, "submit.html", examples=examples, example=example, text=text, base=base, **origin)


async def _example(api: Api, name: str, examples: list[dict[str, Any]]) -> tuple[str, str]:
    """The example and, of a study, the schedule beside it that it names as its base."""
    text = await api.text(f"/v1/examples/{name}", "application/yaml")
    kinds = {each["name"]: each["kind"] for each in examples}
    if kinds.get(name) != "study":
        return text, ""
    named = next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("base:")), "")
    return text, await api.text(f"/v1/examples/{named}", "application/yaml") if named in kinds else ""


@router.get("/catalogue")
async def families(request: Request, api: Api) -> Response:
    """All families with their members in one line each."""
    found = (await api.get("/v1/catalogue"))["items"]
    return render(request, "catalogue.html", families=found, family=None, members=[])


@router.get("/catalogue/{family}")
async def members(family: str, request: Request, api: Api) -> Response:
    """The members of a family: formula, options, capabilities, source."""
    found, entries = await api.together(["/v1/catalogue", f"/v1/catalogue/{family}"])
    rows = [{**entry, "options": options(entry["schema"])} for entry in entries["items"]]
    columns = table_of([entry["facts"] for entry in entries["items"]])
    return render(request, "catalogue.html", families=found["items"], family=family, members=rows, capabilities=columns)


def options(schema: dict[str, Any]) -> list[dict[str, str]]:
    """The options of a member in words: name, type, default, bounds, meaning."""
    definitions = schema.get("$defs", {})
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "type": _type(option, definitions),
            "default": "required" if name in required else _said(option.get("default")),
            "meaning": option.get("description", ""),
        }
        for name, option in schema.get("properties", {}).items()
        if name != "kind"
    ]


def _type(option: dict[str, Any], definitions: dict[str, Any]) -> str:
    for member in ("anyOf", "oneOf"):
        if member in option:
            return " | ".join(dict.fromkeys(_type(each, definitions) for each in option[member]))
    if "$ref" in option:
        return str(option["$ref"]).rpartition("/")[2].removesuffix("Spec")
    if "enum" in option or "const" in option:
        return " | ".join(map(str, option.get("enum", [option.get("const")])))
    if option.get("type") == "array":
        return f"list of {_type(option.get('items', {}), definitions)}"
    return str(option.get("type", "any")) + _bounds(option)


def _bounds(option: dict[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {option[name]:g}" for name, sign in words.items() if name in option]
    return f" {', '.join(found)}" if found else ""


def _said(value: Any) -> str:
    if isinstance(value, dict):
        told = (f"{name}: {_said(part)}" for name, part in value.items() if part not in (None, False))
        return "{" + ", ".join(told) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_said, value)) + "]"
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def table_of(facts: list[dict[str, Any]]) -> list[str]:
    """The facts that at least two members state, as columns of a table."""
    counted: dict[str, int] = {}
    for each in facts:
        for name in each:
            counted[name] = counted.get(name, 0) + 1
    return [name for name, times in counted.items() if times > 1]
