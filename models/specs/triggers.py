"""Triggers: when a stage ends. Exactly one key; conditions read only stored values of declared probes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from models.specs.base import Many, Name, Spec
from models.specs.durations import Duration

EventName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(birth|stages\.[\w-]+(\[\d+\]\.[\w-]+)?\.(start|end)|deficits\.[\w-]+\.(start|end)|critical_periods\.[\w-]+\.(opens|closes))$"
    ),
]


class Since(Spec):
    """So long after an event of this life."""

    event: EventName
    time: Duration


class Criterion(Spec):
    """The last `hold` readings since stage entry all satisfy `op value`."""

    probe: Name
    op: Literal[">=", "<=", ">", "<"]
    value: float
    hold: Annotated[int, Field(ge=1, le=100)] = 1


class Plateau(Spec):
    """The best reading since stage entry has not improved by `min_delta` for `patience`."""

    probe: Name
    min_delta: Annotated[float, Field(ge=0.0)]
    patience: Duration


class Trigger(Spec):
    """Exactly one of its keys."""

    after: Duration | None = None
    """Stage time."""
    age: Duration | None = None
    since: Since | None = None
    criterion: Criterion | None = None
    plateau: Plateau | None = None
    any: Annotated[Many[Trigger], Field(min_length=1, max_length=16)] | None = None
    all: Annotated[Many[Trigger], Field(min_length=1, max_length=16)] | None = None
    not_: Trigger | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _exactly_one(self) -> Trigger:
        if len(self._given()) != 1:
            raise PydanticCustomError(
                "exclusive", "exactly one of after, age, since, criterion, plateau, any, all, not"
            )
        return self

    @model_serializer(mode="wrap")
    def _only_the_key(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {key: part for key, part in handler(self).items() if part is not None}

    def _given(self) -> list[str]:
        return [field for field in type(self).model_fields if getattr(self, field) is not None]

    @property
    def key(self) -> str:
        """The one key that is set, as written in the document."""
        (field,) = self._given()
        return field.rstrip("_")


def leaves(trigger: Trigger, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Trigger]]:
    """Every leaf condition with its path below the trigger."""
    match trigger.key:
        case "any" | "all":
            for index, part in enumerate(getattr(trigger, trigger.key)):
                yield from leaves(part, (*path, trigger.key, index))
        case "not":
            assert trigger.not_ is not None
            yield from leaves(trigger.not_, (*path, "not"))
        case _:
            yield path, trigger


def probes_read(trigger: Trigger) -> frozenset[str]:
    """Names of the probes whose readings decide the trigger."""
    conditions = (leaf.criterion or leaf.plateau for _, leaf in leaves(trigger))
    return frozenset(condition.probe for condition in conditions if condition is not None)
