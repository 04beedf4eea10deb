"""House law: files and functions stay small."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("models", "service", "workers")
FILE_CEILING, FUNCTION_CEILING, PARAMETER_CEILING = 400, 60, 6
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 2 if body else 1


def test_there_is_something_to_measure() -> None:
    assert len(SOURCES) > 80


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_and_its_functions_keep_under_the_ceilings(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= FILE_CEILING, f"{lines} lines: the idea wants splitting"
    long = {each.name: length(each) for each in functions(path) if length(each) > FUNCTION_CEILING}
    assert not long, f"functions too long: {long}"


def test_most_files_and_functions_are_short() -> None:
    files = sorted(len(path.read_text().splitlines()) for path in SOURCES)
    bodies = sorted(length(each) for path in SOURCES for each in functions(path))
    assert statistics.median(files) <= 110
    assert files[int(0.9 * len(files))] <= 300
    assert statistics.median(bodies) <= 10
    assert bodies[int(0.9 * len(bodies))] <= 30
