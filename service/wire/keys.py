"""Shapes of keys and of what they may use."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Scope = Literal["read", "submit", "control", "admin"]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Quotas(BaseModel):
    """What a key may use at most; what is left out is bounded by the settings of the service alone."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    active_jobs: Count | None = None
    """Jobs that have not ended."""
    stored_history_values: Count | None = None
    """Values in the histories that the key's jobs reach, with what a submission may add."""
    stored_snapshot_bytes: Count | None = None
    """Bytes of the snapshots that the key's jobs reach, with what a submission may add."""
    requests_per_minute: Annotated[int, Field(ge=1, le=10**6)] | None = None
    parameters_per_life: Count | None = None
    """This and what follows: of one submission."""
    updates_per_life: Count | None = None
    arms: Count | None = None
    lives: Count | None = None
    history_values: Count | None = None
    snapshot_bytes: Count | None = None

    def given(self) -> dict[str, int]:
        """Those that bound something."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class KeyBody(BaseModel):
    """What a new key is for."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)] = ["read", "submit", "control"]
    expires_in_days: Annotated[float, Field(gt=0, le=36_500, allow_inf_nan=False)] | None = None
    """Never if left out."""
    quotas: Quotas = Quotas()

    @model_validator(mode="before")
    @classmethod
    def _no_secret(cls, data: Any) -> Any:
        if isinstance(data, dict) and "key" in data:
            raise PydanticCustomError("key", "the secret is made here; it cannot be given")
        return data


class KeyView(BaseModel):
    """A key without its secret, which nobody knows any more."""

    id: str
    name: str
    project: str
    scopes: list[Scope]
    quotas: dict[str, int]
    created_at: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None


class NewKeyView(KeyView):
    """A key that was just made."""

    key: str
    """The secret; it is told this once."""


class Usage(BaseModel):
    """How much of its quotas a key uses."""

    active_jobs: int
    stored_history_values: int
    stored_snapshot_bytes: int


class Me(BaseModel):
    """Who asks, and what they may."""

    key: str | None
    """None: on loopback, where no key is needed."""
    name: str | None
    project: str
    scopes: list[Scope]
    expires_at: str | None
    quotas: dict[str, int]
    usage: Usage
