"""House law: nothing can be asked for that is not in the table of acceptance figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.catalogue.families import FAMILIES
from models.specs import catalogue


@pytest.mark.parametrize("family", sorted(name for name, family in FAMILIES.items() if family.union is not None))
def test_the_table_has_an_entry_for_every_member_and_no_other(family: str) -> None:
    kinds = [entry.kind for entry in FAMILIES[family].entries]
    assert sorted(kinds) == sorted(entry.kind for entry in catalogue.entries(family))
    assert all(entry.proofs for entry in FAMILIES[family].entries)


def test_studies_of_the_table_are_among_the_examples() -> None:
    there = {path.stem for path in (Path(__file__).parents[2] / "examples").glob("*.yaml")}
    assert {entry.kind for entry in FAMILIES["studies"].entries} <= there


@pytest.mark.parametrize("kind", ["linear_map", "chain", "activities"])
def test_the_pace_of_a_world_can_be_taken(kind: str) -> None:
    proof = next(entry for entry in FAMILIES["worlds"].entries if entry.kind == kind).proofs[-1]
    assert [figure.name for figure in proof(True)] == ["pace"]
