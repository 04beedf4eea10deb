"""Parameters of a query: those of a model told to the contract, and what no route takes refused with the nearest.

A condition that is misspelt and passed over would find everything, and a bulk verb may be next.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from models.specs.findings import did_you_mean

OWN = "x-parameters-read-here"
"""Marks routes that read their query by a model, which refuses what it does not know."""


async def only_known(request: Request) -> None:
    """Refuse parameters that the route does not take; RequestValidationError names the nearest that it does."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or OWN in (route.openapi_extra or {}):
        return
    known = _taken(route.dependant)
    faults = [
        unknown(("query", name), value, known) for name, value in request.query_params.items() if name not in known
    ]
    if faults:
        raise RequestValidationError(faults)


def _taken(dependant: Dependant) -> list[str]:
    own = [field.alias for field in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _taken(each)]


def unknown(place: tuple[str | int, ...], given: Any, known: list[str]) -> dict[str, Any]:
    """The fault of a name that is none of those known."""
    hint = did_you_mean(str(place[-1]), known, listed=len(known)) or "nothing can be given here"
    return {"loc": place, "type": "extra_forbidden", "msg": "", "input": given, "ctx": {"suggestion": hint}}


def told(*models: type[BaseModel], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the OpenAPI document says of a query that a route reads by models: every member a parameter."""
    properties: dict[str, Any] = {}
    for model in models:
        properties |= model.model_json_schema(by_alias=True)["properties"]
    return {
        OWN: True,
        "parameters": [
            {"name": name, "in": "query", "required": False, **_described(schema)}
            for name, schema in properties.items()
            if name not in without
        ],
    }


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is null; none is given as null."""
    rest = {key: part for key, part in schema.items() if key not in ("description", "title", "anyOf", "default")}
    forms = [form for form in schema.get("anyOf", ()) if form.get("type") != "null"]
    if len(forms) == 1:
        rest |= forms[0]
    elif forms:
        rest["anyOf"] = forms
    if schema.get("default") is not None:
        rest["default"] = schema["default"]
    about = {"description": schema["description"]} if "description" in schema else {}
    return {**about, "schema": rest}
