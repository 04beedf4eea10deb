"""Templates and the words in which they tell numbers, times and ages."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.api.answers import matches
from service.pages.assets import asset_url

NOTHING = "\u2013"
LEAST = 0.005
"""A smaller fraction would be told as 0 %."""
MOST = 1e15
"""A number with more digits is written as a power of ten."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


def render(request: Request, template: str, status: int = 200, **given: Any) -> Response:
    """A page under a weak tag; 304 for one who has it."""
    text = _templates.get_template(template).render(request=request, path=request.url.path, **given)
    headers = {"ETag": f'W/"{hashlib.sha256(text.encode()).hexdigest()[:20]}"', "Cache-Control": "no-cache"}
    if status == 200 and matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(text, status, headers, media_type="text/html")


def number(value: float | None, digits: int = 4) -> str:
    """A number as a person writes it: whole and large ones with thousands apart, others with so many digits."""
    if value is None:
        return NOTHING
    whole = float(value).is_integer() or abs(value) >= 10**digits
    return f"{value:,.0f}" if whole and abs(value) < MOST else f"{value:,.{digits}g}"


def share(value: float | None) -> str:
    """A fraction in percent; what is begun is not 0 %, and what is not whole is not 100 %."""
    if value is None:
        return NOTHING
    if 0 < value < LEAST:
        return "< 1 %"
    return "> 99 %" if 1 - LEAST < value < 1 else f"{100 * value:.0f} %"


def span(seconds: float | None) -> str:
    """How long something takes, in the two greatest units."""
    if seconds is None:
        return NOTHING
    whole = int(seconds)
    for unit, name, smaller, below in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s" if seconds >= 1 else f"{seconds:.1f} s"


def since(text: str | None) -> str:
    """How long ago a moment was."""
    if text is None:
        return NOTHING
    passed = (datetime.now(UTC) - _moment(text)).total_seconds()
    return "just now" if passed < 5 else f"{' '.join(span(passed).split()[:2])} ago"


def between(start: str | None, end: str | None) -> float | None:
    """Seconds between two moments, or up to now."""
    if start is None:
        return None
    return ((_moment(end) if end else datetime.now(UTC)) - _moment(start)).total_seconds()


def clock(text: str | None) -> str:
    """The time of day of a moment, UTC."""
    return "" if text is None else _moment(text).strftime("%H:%M:%S")


def query(given: dict[str, Any], **changes: Any) -> str:
    """A query string of what is there, with changes; None takes a member away."""
    merged = {name: value for name, value in {**given, **changes}.items() if value not in (None, "", [], False)}
    return f"?{urlencode(merged, doseq=True)}" if merged else "?"


def told(value: Any) -> str:
    """A fact of the catalogue in a cell."""
    if isinstance(value, bool):
        return "yes" if value else NOTHING
    if isinstance(value, (list, tuple)):
        return ", ".join(map(told, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {told(part)}" for name, part in value.items())
    return "" if value is None else str(value)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"number": number, "share": share, "span": span, "since": since, "clock": clock}
_templates.globals |= {"asset": asset_url, "between": between, "query": query, "told": told}
