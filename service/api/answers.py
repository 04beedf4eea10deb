"""How answers leave: JSON bytes, strong and weak tags, nothing sent twice to one who has it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Request, Response
from starlette.background import BackgroundTask

OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


def json_answer(
    data: Any,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    background: BackgroundTask | None = None,
) -> Response:
    """Data as JSON."""
    content = orjson.dumps(data, option=OPTIONS)
    return Response(content, status, dict(headers or {}), media_type="application/json", background=background)


def tagged(request: Request, data: Any, tag: str | None = None, **headers: str) -> Response:
    """Data as JSON under a strong tag, that of its bytes if none is given; 304 for one who has it."""
    content = orjson.dumps(data, option=OPTIONS)
    tag = tag or f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": tag, **headers}
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def matches(condition: str | None, tag: str) -> bool:
    """Whether a list of tags, or `*`, holds the tag; weak comparison."""
    if condition is None:
        return False
    given = {each.strip().removeprefix("W/") for each in condition.split(",")}
    return "*" in given or tag.removeprefix("W/") in given
