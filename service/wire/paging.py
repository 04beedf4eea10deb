"""Pages by key: a cursor is the place of the last item, and good only for the filter it came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

Item = TypeVar("Item")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 1000


class Page(BaseModel, Generic[Item]):
    """Some items, and the cursor of what follows; None: nothing follows."""

    items: list[Item]
    next: str | None = None


class CursorMismatch(ValueError):
    """The cursor is no cursor, or belongs to another filter."""


def filter_digest(filters: Mapping[str, Any]) -> str:
    """Short name of a filter; the order in which its members came does not matter."""
    return hashlib.sha256(orjson.dumps(dict(filters), option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()[:12]


def write_cursor(place: Any, filters: Mapping[str, Any]) -> str:
    """The cursor that continues after `place` under the same filter."""
    return base64.urlsafe_b64encode(orjson.dumps([place, filter_digest(filters)])).decode().rstrip("=")


def read_cursor(cursor: str | None, filters: Mapping[str, Any]) -> Any:
    """The place to continue after, None at the start; CursorMismatch if the cursor is not of this filter."""
    if cursor is None:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise CursorMismatch("this is not a cursor of ours") from error
    if not isinstance(parts, list) or len(parts) != 2 or parts[1] != filter_digest(filters):
        raise CursorMismatch("the cursor belongs to another filter; leave it out to start again")
    return parts[0]
