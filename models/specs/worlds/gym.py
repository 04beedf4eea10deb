"""Environments of gymnasium as sources that answer what is done in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from models.specs.worlds.environments import LONGEST, Content, Unavailable, content, named
from models.specs.worlds.facts import Factor, Source, SourceFacts, answering

_NOTHING = Content(package="", actions=1, shape=(1,), numbered=False, limit=None)
"""In the place of what is not looked up because its name is wrong."""


def _told(error: Unavailable) -> PydanticCustomError:
    return PydanticCustomError("environment", "{told}", {"told": str(error), "remedy": error.remedy})


def _named(name: str) -> str:
    try:
        return named(name)
    except Unavailable as error:
        raise _told(error) from error


def _found(value: object, info: ValidationInfo) -> object:
    """What the environment is here, where the document does not state it."""
    if value is not None:
        return value
    if "env" not in info.data:
        return _NOTHING
    try:
        return content(info.data["env"])
    except Unavailable as error:
        raise _told(error) from error


class GymSpec(Source):
    """An environment of gymnasium with discrete actions, which shows numbers or the number of a state."""

    kind: Literal["gym"]
    env: Annotated[str, AfterValidator(_named)]
    """The id under which it is registered, with its version: CartPole-v1."""
    limit: Annotated[int, Field(ge=1, le=LONGEST)] | None = None
    """Steps after which an episode ends; left out: as it is registered."""
    content: Annotated[Content, BeforeValidator(_found)] = Field(default=None, validate_default=True)
    """Filled in by the service; a document that states it is refused where the environment is another."""

    @model_validator(mode="after")
    def _ends(self) -> GymSpec:
        known = self.limit or self.content.limit
        if known is None or known > LONGEST:
            lasts = "for ever" if known is None else f"{known} steps"
            told = f"an episode of {self.env} may last {lasts}, at most {LONGEST} steps can be kept"
            raise _told(Unavailable(told, "give it a `limit`"))
        return self

    @property
    def longest(self) -> int:
        """Steps after which an episode ends."""
        found = self.limit or self.content.limit
        assert found is not None
        return found

    def facts(self) -> SourceFacts:
        """What is observed."""
        actions, shape = self.content.actions, self.content.shape
        if self.content.numbered:
            return answering({"place": shape}, {"place": Factor("state", classes=shape[0])}, actions)
        return answering({"state": shape}, {"place": Factor("state", classes=actions + 1)}, actions)


def require(source: GymSpec) -> None:
    """Unavailable unless the environment is here, as the document has it."""
    found, stated = content(source.env), source.content
    if found != stated:
        here = f"{source.env} comes from {found.package} here, and is not what the document states ({stated.package})"
        raise Unavailable(here, "leave `content` out, or install what it states")
