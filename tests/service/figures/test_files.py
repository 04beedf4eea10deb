"""Figures as files: complete without a network, or a clear word about what is missing."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import grown
import pytest

from service.figures import files
from service.figures.curves import Curves, curves
from service.figures.look import LIGHT
from service.figures.panels import Origin

FIGURE = curves(
    Curves(grown.history(grown.trace("probe.acc", [0, 10], [0.1, 0.9], stat="mean", n=[1, 1]))), LIGHT, Origin()
)


def test_the_page_holds_all_it_needs(tmp_path: Path) -> None:
    files.write(FIGURE, tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?https?:""", page)
    assert "plotly.js v" in page
    assert '"figure":"curves"' in page


def test_json_is_the_figure_and_csv_its_rows(tmp_path: Path) -> None:
    files.write(FIGURE, tmp_path / "x.json")
    files.write(FIGURE, tmp_path / "x.csv")
    assert json.loads((tmp_path / "x.json").read_bytes()) == json.loads(json.dumps(FIGURE))
    assert (tmp_path / "x.csv").read_text().splitlines()[1] == "acc,acc,0,0.1,n 1"


def test_another_ending_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.html \.json \.csv \.svg"):
        files.write(FIGURE, tmp_path / "x.docx")


def test_without_kaleido_a_picture_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        return None if name == "kaleido" else known(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(files.NoPicture, match=r"pip install 'ontogeny\[images\]'"):
        files.write(FIGURE, tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()
