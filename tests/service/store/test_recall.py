"""Patterns of series: what matches, and that no pattern is slow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from service.store.recall import matcher


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("*", "cost.naming", True),
        ("cost.*", "cost.naming", True),
        ("*.naming", "cost.naming", True),
        ("c*.*a*g", "cost.naming", True),
        ("*ab*b", "ab", False),
        ("*a*a", "aba", True),
        ("**", "", True),
        ("a*a", "a", False),
        ("cost", "cost.naming", False),
        (".*", "cost", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, path: str, wanted: bool) -> None:
    assert matcher([pattern])(path) is wanted


@pytest.mark.parametrize("pattern", ["*" * 199 + "x", "*a" * 90 + "x"])
def test_many_stars_are_matched_at_once(pattern: str) -> None:
    code = f"from service.store.recall import matcher; assert not matcher([{pattern!r}])('a' * 130)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=15)
