"""Figures as files: one page that needs no network, plotly JSON, CSV of the rows, or a picture."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import orjson

from service.figures.panels import Figure
from service.figures.rows import as_csv

PICTURES = (".svg", ".png", ".pdf")
FORMATS = (".html", ".json", ".csv", *PICTURES)
WIDTH_PX = 1100
EXTRA = "pictures need kaleido and a Chromium or Chrome on this machine: pip install 'ontogeny[images]'"


class NoPicture(Exception):
    """What makes pictures is not installed, or did not work; the message says what to do."""


def write(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the file's name ends in; ValueError for another, NoPicture without kaleido."""
    match path.suffix:
        case ".json":
            path.write_bytes(orjson.dumps(figure))
        case ".csv":
            path.write_text(as_csv(figure))
        case ".html":
            path.write_text(standalone(figure))
        case suffix if suffix in PICTURES:
            path.write_bytes(picture(figure, suffix.removeprefix(".")))
        case _:
            raise ValueError(f"cannot tell the format from {path.name!r}; end it in one of {' '.join(FORMATS)}")


def standalone(figure: Figure) -> str:
    """One HTML page that holds the figure and plotly.js; it asks no other host for anything."""
    import plotly.io  # noqa: PLC0415 - slow to load, and only files need it

    page = plotly.io.to_html(plotly_figure(figure), include_plotlyjs=True, include_mathjax=False, full_html=True)
    title = figure["layout"]["meta"]["figure"]
    style = f"body {{ margin: 1rem; background: {figure['layout']['paper_bgcolor']} }}"
    head = f"<head><title>{title}</title><style>{style}</style>"
    return str(page).replace("<head>", head, 1)


def picture(figure: Figure, form: str) -> bytes:
    """The figure as SVG, PNG or PDF, drawn by a Chromium of this machine; NoPicture without one."""
    if importlib.util.find_spec("kaleido") is None:
        raise NoPicture(EXTRA)
    import kaleido  # noqa: PLC0415 - an extra

    options = {
        "format": form,
        "width": WIDTH_PX,
        "height": figure["layout"]["height"],
        "scale": 2 if form == "png" else 1,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawn: Any = kaleido.calc_fig_sync(plotly_figure(figure), opts=options, kopts={"mathjax": False})
    except Exception as error:
        raise NoPicture(f"{EXTRA}; it said: {error}") from error
    return bytes(drawn)


def plotly_figure(figure: Figure) -> Any:
    """As an object of plotly, which checks it."""
    import plotly.graph_objects as go  # noqa: PLC0415 - slow to load

    return go.Figure(figure)
