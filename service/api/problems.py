"""Every error as problem details (RFC 9457): ours, the framework's, the database's and those nobody foresaw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from models.errors import Malformed
from service.errors import RateLimited, ServiceError
from service.wire.paging import CursorMismatch
from service.wire.problem import PROBLEM_JSON, PROBLEMS, title_of

log = structlog.get_logger(__name__)
router = APIRouter(tags=["problems"])

_OF_STATUS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden-scope",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "request-timeout",
    413: "too-large",
    415: "unsupported-media-type",
}

QUERY_CANCELLED = "57014"
_AWAY = ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_NOTADB", "SQLITE_CORRUPT")
_ONE_OBJECT = "send one YAML 1.2 or JSON object: every value written out, finite numbers, at most 32 levels deep"


def problem_response(
    scope: Scope, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """The answer that states a problem; `members` extend it (`errors`, `warnings`, `allowed`)."""
    body = _details(scope, code, detail, members)
    content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, PROBLEMS[code][0], dict(headers or {}), media_type=PROBLEM_JSON)


def problem_of(scope: Scope, error: ServiceError) -> dict[str, Any]:
    """The problem details of an error, for an answer that holds several."""
    return _details(scope, error.problem_code, error.detail, error.more)


def _details(scope: Scope, code: str, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": title_of(code),
        "status": PROBLEMS[code][0],
        "detail": detail,
        "instance": scope["path"],
        "code": code,
        "request_id": scope.get("state", {}).get("request_id", ""),
        "errors": [],
        **{name: value for name, value in members.items() if value is not None},
    }


@router.get("/problems/{code}", include_in_schema=False)
def explain(code: str, request: Request) -> Response:
    """What a problem type means and what to do about it."""
    if code not in PROBLEMS:
        return problem_response(request.scope, "not-found", f"there is no problem type {code!r}")
    status, remedy = PROBLEMS[code]
    body = {"type": f"/problems/{code}", "title": title_of(code), "status": status, "remedy": remedy}
    return Response(orjson.dumps(body), media_type="application/json")


def install(app: FastAPI) -> None:
    """Let every error of the app be answered as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(ServiceError, _ours)
    app.add_exception_handler(Malformed, _malformed)
    app.add_exception_handler(CursorMismatch, _cursor)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Exception, _unforeseen)


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(each) for each in error.errors()]
    places = {each["loc"][0] for each in error.errors()}
    if any(each["type"] == "json_invalid" for each in error.errors()):
        code = "malformed"
    else:
        code = "invalid-body" if places == {"body"} else "bad-parameter"
    detail = "; ".join(f"{fault['pointer']}: {fault['message']}".removeprefix(": ") for fault in faults[:3])
    return problem_response(request.scope, code, detail, errors=faults)


def _fault(error: Mapping[str, Any]) -> dict[str, Any]:
    place, *steps = error["loc"]
    whole = steps if place == "body" else [place, *steps]
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in whole)
    hint = (error.get("ctx") or {}).get("suggestion")
    message = error["msg"]
    if error["type"] == "extra_forbidden":
        message = f"there is no {'member' if place == 'body' else 'parameter'} {str(whole[-1])!r}"
    return {
        "pointer": pointer,
        "code": error["type"],
        "message": message,
        "suggestion": None if hint is None else {"text": hint},
    }


def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _OF_STATUS.get(error.status_code, "internal")
    detail = PROBLEMS[code][1] if error.status_code in (404, 405) else str(error.detail)
    if error.status_code == 404:
        detail = f"there is nothing at {request.url.path}"
    return problem_response(request.scope, code, detail, headers=error.headers)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    elif error.status in (429, 503):
        headers["Retry-After"] = "1"
    return problem_response(request.scope, error.problem_code, error.detail, headers=headers, **error.more)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Malformed)
    (reason,) = error.findings
    fault = {
        "pointer": reason.pointer,
        "code": reason.code,
        "message": reason.message,
        "suggestion": {"text": reason.suggestion or _ONE_OBJECT},
        "line": error.line,
        "column": error.column,
    }
    return problem_response(request.scope, "malformed", reason.message, errors=[fault])


def _cursor(request: Request, error: Exception) -> Response:
    fault = {"pointer": "/query/cursor", "code": "cursor-mismatch", "message": str(error), "suggestion": None}
    return problem_response(request.scope, "cursor-mismatch", str(error), errors=[fault])


def _database(request: Request, error: Exception) -> Response:
    """Locked and away are told apart; anything else that the database says is our fault."""
    assert isinstance(error, DBAPIError)
    code = _database_code(error)
    if code is None:
        return _unforeseen(request, error)
    log.warning("database", code=code, error=str(error.orig))
    return problem_response(request.scope, code, PROBLEMS[code][1], headers={"Retry-After": "1"})


def _database_code(error: DBAPIError) -> str | None:
    """SQLite names its errors; PostgreSQL's driver raises OperationalError when the server is away."""
    name = getattr(error.orig, "sqlite_errorname", None)
    if name == "SQLITE_INTERRUPT" or getattr(error.orig, "sqlstate", None) == QUERY_CANCELLED:
        return "too-slow"
    if name is None:
        away = isinstance(error, OperationalError) or error.connection_invalidated
        return "database-unavailable" if away else None
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "database-busy"
    return "database-unavailable" if name.startswith(_AWAY) else None


def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("request.failed", path=request.url.path, exc_info=error)
    return problem_response(request.scope, "internal", PROBLEMS["internal"][1])
