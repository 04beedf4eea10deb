"""JSON bodies as models; what does not fit is told member by member."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from models.specs.document import read
from service.api.parameters import unknown

Body = TypeVar("Body", bound=BaseModel)


def validated(model: type[Body], data: Mapping[str, Any]) -> Body:
    """The members as a model; RequestValidationError names every one that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RequestValidationError(faults_of(error, "body", model.model_fields)) from None


def faults_of(error: ValidationError, place: str, known: Collection[str]) -> list[dict[str, Any]]:
    """What is wrong with what stands at a place; a member that is none of those known comes with the nearest."""
    return [
        unknown((place, *fault["loc"]), fault["input"], list(known))
        if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1
        else {**fault, "loc": (place, *fault["loc"])}
        for fault in error.errors(include_url=False)
    ]


def optional_body(model: type[Body], body: bytes) -> Body:
    """A JSON object as a model; nothing at all is an empty object."""
    return validated(model, read(body, "json").data if body.strip() else {})


def body_fault(place: tuple[str, ...], code: str, message: str, given: Any) -> RequestValidationError:
    """One thing that is wrong with a request."""
    return RequestValidationError([{"loc": place, "type": code, "msg": message, "input": given}])


def json_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What the OpenAPI document says of a body that a route reads by itself."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": json_schema(model)}}}}


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a body that a route reads by itself."""
    return model.model_json_schema(ref_template="#/components/schemas/{model}")
