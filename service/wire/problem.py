"""Problem details (RFC 9457): the one shape of every error, and the closed list of problem types."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

PROBLEM_JSON = "application/problem+json"

PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The body cannot be read as JSON or YAML; `errors` says where."),
    "bad-parameter": (400, "A parameter of the query, path or header is unknown or out of bounds; `errors` names it."),
    "cursor-mismatch": (400, "The cursor belongs to another filter; leave the cursor out to start again."),
    "unauthenticated": (401, "Send `Authorization: Bearer ont_...` with a key that is neither expired nor revoked."),
    "forbidden-scope": (403, "The key lacks the scope that this request needs; `detail` names it."),
    "forbidden-origin": (403, "A page of another origin may neither change anything here nor open a stream."),
    "not-found": (404, "Nothing of this name exists in your project."),
    "method-not-allowed": (405, "The path exists; the header `Allow` lists its methods."),
    "not-acceptable": (406, "None of the media types asked for can be served; `detail` lists those that can."),
    "request-timeout": (408, "The body did not arrive in time; send it again."),
    "invalid-transition": (409, "The state of the job does not allow this; `allowed` lists what it does allow."),
    "in-use": (409, "It is taken, or something else still needs it; `detail` says what."),
    "deleted": (410, "It was here and has been deleted."),
    "stale": (412, "It has changed since the version named in `If-Match`; read it again."),
    "too-large": (413, "Send less: a document names its data, it does not carry them."),
    "unsupported-media-type": (415, "Send `application/json` or `application/yaml`."),
    "unknown-host": (421, "Ask for localhost, 127.0.0.1, [::1], or a name that ONTOGENY_ALLOWED_HOSTS gives."),
    "invalid-schedule": (422, "The schedule cannot run; `errors` says where, why and how to mend it."),
    "invalid-study": (422, "The study cannot run; `errors` says where, why and how to mend it."),
    "invalid-query": (422, "The question cannot be answered as asked; `errors` says why."),
    "invalid-body": (422, "A member of the body is unknown, missing or out of bounds; `errors` names it."),
    "too-costly": (422, "The work exceeds a limit of this service; `errors` gives limit, number asked and edit."),
    "idempotency-key-reused": (422, "The same idempotency key came before with another body; choose a new key."),
    "age-not-stored": (422, "No snapshot of this age is kept and retraining was not allowed."),
    "rate-limited": (429, "Too many requests; ask again after `Retry-After`."),
    "quota-exceeded": (429, "The key's quota is used up; `detail` names it."),
    "internal": (500, "The service failed; its log tells more under `request_id`."),
    "too-slow": (503, "The answer would have taken too long; ask for less at a time, or again after `Retry-After`."),
    "database-busy": (503, "The database is locked by another writer; ask again after `Retry-After`."),
    "database-unavailable": (503, "The database does not answer; ask again after `Retry-After`."),
    "not-ready": (503, "The service is starting or a part of it is missing; ask again after `Retry-After`."),
}
"""Last part of `type` -> status and what to do about it."""


class Suggestion(BaseModel):
    """How to mend it, in words and, where one edit does, as patches."""

    text: str
    edit: list[dict[str, Any]] | None = None


class Fault(BaseModel):
    """One thing that is wrong, and where."""

    model_config = ConfigDict(extra="allow")

    pointer: str
    """RFC 6901; into the document for findings of its check, else `/query/...`, `/header/...` or into the body."""
    code: str
    message: str
    suggestion: Suggestion | None = None


class Problem(BaseModel):
    """A problem details object."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[Fault] = []
    warnings: list[Fault] = []
    allowed: list[str] | None = None


def title_of(code: str) -> str:
    """The problem's name in words: `not-found` is `Not found`."""
    return code.replace("-", " ").capitalize()
