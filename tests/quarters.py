"""Fixtures of all who need houses and processes of their own; a conftest imports those its tests ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from houses import House, build_house
from processes import Processes


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One house."""
    built = build_house(tmp_path / "home")
    yield built
    built.close()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Any]:
    """Builds any number of houses."""
    houses: list[House] = []

    def another(**settings: Any) -> House:
        houses.append(build_house(tmp_path / f"home-{len(houses)}", **settings))
        return houses[-1]

    yield another
    for each in houses:
        each.close()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Processes that are ended with the test."""
    kept = Processes(tmp_path)
    yield kept
    kept.end()
