"""The catalogue lists every member with options and formulas; the schemas accept what the specs accept."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jsonschema_rs
import orjson
import pytest
from build import tiny_schedule

from models.specs import catalogue
from models.specs.costs import CostSpec
from models.specs.schedule import ScheduleSpec

STUDY = {
    "ontogeny": "1",
    "kind": "study",
    "name": "s",
    "base": "tiny",
    "seeds": {"count": 2},
    "axes": [{"name": "batch", "path": "/clock/batch", "values": [10, 20]}],
    "controls": [{"kind": "reversed", "name": "r", "labels": {"batch": 10}}],
    "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "1ep", "relative_to": {"batch": 10}}},
}


def errors(kind: Any, document: dict[str, Any]) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(catalogue.schema(kind))
    return ["/".join(map(str, error.instance_path)) for error in validator.iter_errors(document)]


@pytest.mark.parametrize("family", sorted(catalogue.FAMILIES))
def test_every_member_has_a_kind_a_summary_and_a_schema(family: str) -> None:
    found = catalogue.entries(family)
    assert found
    assert len({entry.kind for entry in found}) == len(found)
    for entry in found:
        assert entry.summary
        assert entry.schema["type"] == "object"
        jsonschema_rs.Draft202012Validator(entry.schema)


def test_the_members_of_a_family_are_those_of_its_union() -> None:
    kinds = [entry.kind for entry in catalogue.entries("costs")]
    assert kinds == [catalogue.kind_of(spec) for spec in catalogue.members(CostSpec)]
    assert "cross_entropy" in kinds


def test_the_keys_of_a_trigger_are_its_kinds() -> None:
    found = {entry.kind: entry for entry in catalogue.entries("triggers")}
    assert set(found) == {"after", "age", "since", "criterion", "plateau", "any", "all", "not"}
    validator = jsonschema_rs.Draft202012Validator(found["any"].schema)
    assert validator.is_valid({"any": [{"after": "1ba"}]})
    assert not validator.is_valid({"after": "1ba"})


def test_facts_of_probes_rules_and_worlds_are_there() -> None:
    accuracy, backprop, digits = (
        catalogue.entry(*key) for key in (("probes", "accuracy"), ("rules", "backprop"), ("worlds", "digits"))
    )
    assert accuracy
    assert backprop
    assert digits
    assert accuracy.facts["better"] == "higher"
    assert backprop.facts["needs"] == ["vector_error"]
    assert digits.facts["sizes"] == {"train": 1200, "valid": 200, "test": 397}
    assert catalogue.entry("costs", "nothing") is None


def test_sections_of_a_docstring_keep_their_lines() -> None:
    summary, sections = catalogue.sections_of(
        """Squared distance from a target.

        More is said here.

        Formula:    J = 1/U sum_u e_u^2
                      with e = r - rho
        Not to be confused with: l1
        Reference:  Foldiak (1990)
        """
    )
    assert summary == "Squared distance from a target."
    assert sections == {
        "Formula": "J = 1/U sum_u e_u^2\nwith e = r - rho",
        "Not to be confused with": "l1",
        "Reference": "Foldiak (1990)",
    }


def test_formulas_are_read_from_the_file_named_as_the_kind(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "costs").mkdir()
    source = (
        'import torch\nclass _Part:\n    """Nothing."""\nclass Mse:\n    """Mean.\n\n    Formula:  J = e^2\n    """\n'
    )
    (tmp_path / "costs" / "mse.py").write_text(source)
    monkeypatch.setattr(catalogue, "MODELS", tmp_path)
    catalogue.entries.cache_clear()
    try:
        found = {entry.kind: entry.sections for entry in catalogue.entries("costs")}
    finally:
        catalogue.entries.cache_clear()
    assert found["mse"] == {"Formula": "J = e^2"}
    assert found["activity"] == {}


def test_the_catalogue_loads_no_torch() -> None:
    code = (
        "import sys; from models.specs import catalogue; [catalogue.entries(f) for f in catalogue.FAMILIES]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_schema_accepts_documents_and_their_short_forms() -> None:
    assert errors("schedule", tiny_schedule()) == []
    assert errors("study", STUDY) == []
    world = {
        "source": "digits",
        "labels": "none",
        "order": "given",
        "transforms": ["flip", {"kind": "blur", "sigma": 1.0}],
    }
    named = {**world, "transforms": [{"kind": "noise", "sigma": 0.1, "name": "hiss"}]}
    document = tiny_schedule(worlds={"school": world, "quiz": named})
    assert errors("schedule", document) == []
    ScheduleSpec.model_validate_json(orjson.dumps(document))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"clock": {"batch": 0}}, "clock/batch"),
        ({"onest": 1}, ""),
        ({"worlds": {"school": {"source": "digit"}}}, "worlds/school/source"),
        ({"worlds": {"school": {"source": "digits", "transforms": ["blur"]}}}, "worlds/school/transforms/0"),
        ({"stages": [{"name": "a", "world": "school", "until": {"after": "1ba", "age": "2ba"}}]}, "stages/0/until"),
        ({"stages": [{"name": "a", "world": "school", "until": {"after": "3 epochs"}}]}, "stages/0/until/after"),
    ],
)
def test_the_schema_refuses_what_the_specs_refuse(change: dict[str, Any], place: str) -> None:
    document = tiny_schedule(**change)
    assert place in errors("schedule", document)
    with pytest.raises(ValueError, match="validation error"):
        ScheduleSpec.model_validate_json(orjson.dumps(document))


def test_the_schema_is_of_the_dialect_it_names_and_has_no_marks_left() -> None:
    for kind in ("schedule", "study"):
        found = catalogue.schema(kind)  # type: ignore[arg-type]
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert b'"x-' not in orjson.dumps(found)
