"""House law: every member has an example, a whole schedule without a finding, in which it is used."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from unions import UNIONS, kinds

from models.specs.checks import check_document, check_schedule
from models.specs.document import read
from models.specs.schedule import ScheduleSpec

FOLDER = Path(__file__).parents[2] / "examples" / "members"


@pytest.mark.parametrize(
    ("family", "kind"), [(family, kind) for family, union in UNIONS.items() for kind in kinds(union)]
)
def test_a_member_has_an_example_that_is_valid_and_uses_it(family: str, kind: str) -> None:
    schedule = ScheduleSpec.model_validate_json(
        orjson.dumps(read((FOLDER / family / f"{kind}.yaml").read_bytes()).data)
    )
    assert check_schedule(schedule) == []
    used = {
        "areas": {area.kind for area in schedule.organism.areas.values()},
        "costs": {cost.kind for cost in schedule.costs.values()},
        "credit": {circuit.rule.kind for circuit in schedule.organism.credit},
        "worlds": {world.source.kind for world in schedule.worlds.values()},
        "transforms": {deficit.transform.kind for deficit in schedule.deficits.values()},
        "probes": {probe.kind for probe in schedule.probes.values()},
    }
    assert kind in used[family]


OTHERS = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name not in UNIONS)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_examples_of_other_parts_of_the_language_are_valid(path: Path) -> None:
    assert check_document(read(path.read_bytes()).data).findings == ()


def test_no_example_is_of_a_member_that_does_not_exist() -> None:
    for family, union in UNIONS.items():
        assert {path.stem for path in (FOLDER / family).glob("*.yaml")} <= set(kinds(union))
