"""JSON bodies as models; what does not fit is told member by member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from models.specs.document import read

Body = TypeVar("Body", bound=BaseModel)


def validated(model: type[Body], data: Mapping[str, Any]) -> Body:
    """The members as a model; RequestValidationError names every one that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise RequestValidationError(faults) from None


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
