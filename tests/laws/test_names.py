"""House law: one word per thing; nothing in the tree that a stranger could not use."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED_MODULES = {"utils", "helpers", "common", "constants", "manager", "handler", "core"}
MACHINE_PATH = re.compile(r"/(?:home|root|Users|work|farm)/\w+")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


FILES = tracked()
TEXTS = [
    path
    for path in FILES
    if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".html", ".js", ".css"}
    or path.name in {"Makefile", "Dockerfile", "run"}
]
THIS = Path(__file__).resolve()


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in FILES if path.stem in BANNED_MODULES]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_finished_and_belongs_to_no_machine(path: Path) -> None:
    if path == THIS:
        return
    text = path.read_text()
    assert not MACHINE_PATH.findall(text)
    assert path.suffix != ".py" or not UNFINISHED.findall(text)


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_no_third_party_or_minified_file_lies_in_the_tree() -> None:
    assert not [path for path in FILES if ".min." in path.name]
    assert not [path for path in FILES if path.stat().st_size > 400_000]
