"""House law: nothing that comes from outside is executed, unpickled, or taken for a path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build import tiny_schedule

from models.specs.checks import check_document

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("models", "service", "workers") for path in (ROOT / room).rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {
    ("torch", "load"), ("torch", "save"), ("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load"),
    ("os", "system"), ("os", "popen"), ("pd", "read_pickle"),
}  # fmt: skip
ESCAPES = ["../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "os.system", "a\\b", "~"]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_unpickles_or_evaluates(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & FORBIDDEN_MODULES
    for call in calls(tree):
        match call.func:
            case ast.Name(id=name):
                assert name not in FORBIDDEN_CALLS
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                assert (module, name) not in FORBIDDEN_METHODS
                if (module, name) == ("np", "load"):
                    given = {each.arg: ast.unparse(each.value) for each in call.keywords}
                    assert given.get("allow_pickle", "False") == "False"
        assert not any(each.arg == "shell" for each in call.keywords), "no shell is asked"


PLACES = {
    "a source": "/worlds/school/source",
    "a source's kind": "/worlds/school/source/kind",
    "a split": "/worlds/school/split",
    "a stage's name": "/stages/0/name",
    "a cost's kind": "/costs/naming/kind",
    "an area's kind": "/organism/areas/V1/kind",
    "a rule": "/organism/credit/0/rule",
    "a transform": "/worlds/school/transforms/0",
}


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_document_names_members_and_nothing_else(place: str, escape: str) -> None:
    document: Any = tiny_schedule()
    document["worlds"]["school"] |= {"source": {"kind": "digits"}, "transforms": ["noise"]}
    document["organism"]["credit"] = [{"areas": ["V1"], "rule": "backprop"}]
    *way, last = [int(part) if part.isdigit() else part for part in place.split("/")[1:]]
    node = document
    for part in way:
        node = node[part]
    node[last] = escape
    assert check_document(document).errors
