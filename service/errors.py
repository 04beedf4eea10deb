"""Errors a caller can see.

ServiceError
    Unknown 401 | Forbidden 403 | NotFound 404 | Conflict 409 | Gone 410 | Stale 412 | Refused 422
    QuotaExceeded 429 | RateLimited 429 | Unavailable 503
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class ServiceError(Exception):
    """Something to tell the caller: a stable code, a sentence, and what is wrong where."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *, code: str | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem_code = code or self.code
        self.more: Mapping[str, Any] = more


class Unknown(ServiceError):
    """Who asks is not known."""

    status, code = 401, "unauthenticated"


class Forbidden(ServiceError):
    """Who asks may not."""

    status, code = 403, "forbidden-scope"


class NotFound(ServiceError):
    """It is not there, or belongs to another project."""

    status, code = 404, "not-found"


class Conflict(ServiceError):
    """Its state does not allow it; `allowed` names the verbs that are."""

    status, code = 409, "invalid-transition"

    def __init__(self, detail: str, *, code: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(detail, code=code, allowed=list(allowed))


class Gone(ServiceError):
    """It was there, and is deleted."""

    status, code = 410, "deleted"


class Stale(ServiceError):
    """It has changed since."""

    status, code = 412, "stale"


class Refused(ServiceError):
    """Understood, and not possible; `errors` are findings."""

    status, code = 422, "invalid-schedule"


class QuotaExceeded(ServiceError):
    """The key uses all that it may; `errors` tell limit, used, asked and what would fit."""

    status, code = 429, "quota-exceeded"


class RateLimited(ServiceError):
    """Too many requests; `retry_after` in seconds."""

    status, code = 429, "rate-limited"

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(ServiceError):
    """A part is away; ask again."""

    status, code = 503, "database-unavailable"
