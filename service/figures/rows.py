"""The table behind a figure: what it shows as rows of words and numbers."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from typing import Any

from service.figures.panels import Figure, Trace

COLUMNS = ("panel", "curve", "x", "y", "note")
Entry = tuple[str, str, Any, Any, str]
_TAG = re.compile(r"<[^>]*>")


def rows(figure: Figure) -> Iterator[Entry]:
    """One row for every point of every curve; areas and outlines, which only surround them, are left out.

    A trace that is drawn at another height than its value says so itself: numbers in `customdata` are the values; with
    `meta.only_x` its heights mean nothing; `meta.rows` are the rows of one whose points mean nothing.
    """
    for trace in figure["data"]:
        meta, name = trace.get("meta", {}), plain(trace.get("name", ""))
        if "rows" in meta:
            yield from ((meta["panel"], *row) for row in meta["rows"])
        elif name and trace.get("fill") != "toself":
            yield from ((meta["panel"], *row) for row in _points(trace, name))


def as_csv(figure: Figure) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(figure))
    return text.getvalue()


def plain(text: object) -> str:
    """Words without plotly's markup."""
    return html.unescape(_TAG.sub("", str(text))).strip()


def _points(trace: Trace, name: str) -> Iterator[tuple[str, Any, Any, str]]:
    seeds = iter(trace.get("meta", {}).get("seeds", ()))
    seed = next(seeds, None)
    for place, (x, y) in enumerate(zip(trace["x"], trace["y"], strict=True)):
        if x is None:
            seed = next(seeds, None)
        elif y is not None:
            note = _note(trace, place) if seed is None else f"life {seed}"
            yield name, x, _value(trace, place, y), note


def _value(trace: Trace, place: int, y: Any) -> Any:
    if trace["meta"].get("only_x"):
        return None
    data = trace.get("customdata")
    return data[place] if data is not None and isinstance(data[place], int | float) else y


def _note(trace: Trace, place: int) -> str:
    for member in ("hovertext", "text", "customdata"):
        column = trace.get(member)
        if isinstance(column, list) and isinstance(column[place], str):
            return plain(column[place])
    return ""
