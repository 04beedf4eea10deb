"""The example in which one sense teaches the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.specs.checks import check_document
from models.specs.document import read

EXAMPLES = Path(__file__).parents[3] / "examples"


def document(name: str) -> dict[str, Any]:
    return dict(read((EXAMPLES / f"{name}.yaml").read_bytes()).data)


def test_the_study_of_teaching_is_valid_and_has_its_control() -> None:
    assert check_document(document("teach")).findings == ()
    checked = check_document(document("teach-study"), document("teach"))
    assert not checked.errors
    permuted = next(arm for arm in checked.arms if arm.name == "permuted")
    assert permuted.document["costs"]["teaching"]["target"] == {"kind": "area", "area": "words", "shuffle": True}
