"""Pages of rows that are made as a whole and cut here; lists that grow without bound are cut by the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request, Response

from service.api.answers import tagged
from service.wire.paging import read_cursor, write_cursor

Data = dict[str, Any]


def page_of(
    request: Request, rows: Sequence[Data], place: Callable[[Data], list[Any]], limit: int, cursor: str | None
) -> Response:
    """A page of rows that stand in the order of their places."""
    filters = {name: value for name, value in request.query_params.multi_items() if name not in ("cursor", "limit")}
    filters["path"] = request.url.path
    after = read_cursor(cursor, filters)
    rest = [row for row in rows if after is None or place(row) > after]
    following = write_cursor(place(rest[limit - 1]), filters) if len(rest) > limit else None
    headers = {}
    if following:
        headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    return tagged(request, {"items": rest[:limit], "next": following}, **headers)
