"""Shapes of what is said about a document before anything runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from service.wire.problem import Suggestion


class FindingView(BaseModel):
    """An error or warning of the check."""

    code: str
    severity: Literal["error", "warning"]
    pointer: str
    path: str
    message: str
    suggestion: Suggestion | None = None
    line: int | None = None
    column: int | None = None


class Summary(BaseModel):
    """How big the thing is."""

    areas: int
    parameters: int | None
    stages: int
    arms: int
    lives: int
    updates_max: int | None


class CheckAnswer(BaseModel):
    """Everything that is wrong or doubtful about a document."""

    ok: bool
    kind: Literal["schedule", "study"] | None
    id: str | None
    errors: list[FindingView]
    warnings: list[FindingView]
    summary: Summary | None
    canonical: dict[str, Any] | None = None


class Change(BaseModel):
    """One place where two schedules differ; a side without it has null."""

    path: str
    a: Any = None
    b: Any = None


class DiffAnswer(BaseModel):
    """How two lives differ, and from which age on."""

    equal: bool
    changes: list[Change]
    first_divergence: dict[str, Any] | None
    shared_samples: int
    text: str
