"""What every spec shares: frozen, closed to unknown keys, strict about types; members, names and pointers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

T = TypeVar("T")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""Name of a thing in a document; unique in its collection."""

StageName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}(\[[0-9]{1,4}\]\.[A-Za-z][A-Za-z0-9_-]{0,63})?$"),
]
"""Name of a stage; of one in a repeat after it was written out, `repeat[turn].stage`."""

AnyOrName = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z][A-Za-z0-9_-]{0,63})$")]
"""A name, or `*` for all of the collection."""

Many = Annotated[tuple[T, ...], Strict(False)]
"""An immutable sequence; lists are accepted, the items stay strict."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NonNegative = Annotated[float, Field(ge=0.0)]


class Spec(BaseModel):
    """A piece of a document: frozen, unknown keys refused, no silent conversion, finite numbers only."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


def _spelled_out(value: Any) -> Any:
    """A bare string `K` is short for `{kind: K}`."""
    return {"kind": value} if isinstance(value, str) else value


Member = BeforeValidator(_spelled_out)
"""Marks a field that takes a registry member, written out or as its bare kind."""


def later(default: Any, **limits: Any) -> Any:
    """A field younger than kept documents: left out at its default, so that their bytes stay what they were."""
    return Field(default=default, exclude_if=lambda value: bool(value == default), **limits)


def pointer(steps: Iterable[str | int]) -> str:
    """JSON pointer (RFC 6901) of a path of keys and indices."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
