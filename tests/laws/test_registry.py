"""House law: what is listed works; what works is listed; a member's page says what it must."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from unions import UNIONS, kinds

from models.specs import credit, probes, transforms

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "costs": ("Formula", "Shapes", "Units", "Gradient", "Reference"),
    "credit": ("Update", "Information", "Shapes", "Units", "Exactness", "Out", "Reference"),
    "worlds": ("Scene", "Statistics", "Draws", "Shapes", "Units", "Reference"),
    "areas": ("Dynamics", "Parameters", "Shapes", "Units", "Rules", "Reference"),
    "transforms": ("Formula", "Shapes", "Units", "Reference"),
}
ALL = UNIONS | {"transforms": transforms.TransformSpec}
"""Transforms without those that act on the organism, which are the engine's."""

MEMBERS = [(family, kind) for family, union in ALL.items() for kind in kinds(union)]


@pytest.mark.parametrize(("family", "kind"), MEMBERS)
def test_every_member_has_a_file_of_its_own(family: str, kind: str) -> None:
    assert (ROOT / "models" / family / f"{kind}.py").is_file()


@pytest.mark.parametrize(("family", "kind"), [pair for pair in MEMBERS if pair[0] in SECTIONS])
def test_a_member_says_what_its_family_must_say(family: str, kind: str) -> None:
    tree = ast.parse((ROOT / "models" / family / f"{kind}.py").read_text())
    pages = [ast.get_docstring(node) or "" for node in tree.body if isinstance(node, ast.ClassDef)]
    best = max(pages, key=lambda page: sum(f"{section}:" in page for section in SECTIONS[family]))
    missing = [section for section in SECTIONS[family] if f"{section}:" not in best]
    assert not missing, f"{family}/{kind}.py lacks {missing}"


def test_every_rule_declares_what_it_needs_and_gives() -> None:
    assert set(kinds(credit.RuleSpec)) == set(credit.CAPABILITIES)
    assert set(kinds(probes.ProbeSpec)) == set(probes.MEASURES)


@pytest.mark.parametrize("family", UNIONS)
def test_the_readme_names_every_member_and_nobody_else(family: str) -> None:
    table = (ROOT / "README.md").read_text().split("## What there is")[1].split("\n## ")[0]
    first = {"credit": "rules", "transforms": "transforms"}.get(family, family)
    rows = [row for row in table.splitlines() if row.startswith(f"| {first}")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(kinds(UNIONS[family]))
