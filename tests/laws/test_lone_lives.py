"""House law: whatever it is made of, a life alone, with one item at a time, has the bits it has among others."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from raising import differing, raised, state

from models.specs.canonical import canonical
from models.specs.checks import check_schedule
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.regime import RegimeSpec
from models.specs.schedule import ScheduleSpec

FOLDER = Path(__file__).parents[2] / "examples" / "members"
EXAMPLES = sorted(path for family in ("areas", "costs", "credit") for path in (FOLDER / family).glob("*.yaml"))


def first_regime(path: Path) -> RegimeSpec:
    """Of an example without probes, one item at a time where its costs and rules allow that."""
    given = read(path.read_bytes()).data | {"probes": {}}
    lone = given | {"clock": given["clock"] | {"batch": 1}}
    schedules = [ScheduleSpec.model_validate_json(orjson.dumps(each)) for each in (lone, given)]
    sound = [each for each in schedules if not any(found.severity == "error" for found in check_schedule(each))]
    return plan_arm(canonical(sound[0])).steps[0].regime


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_lone_life_has_the_bits_it_has_among_others(path: Path) -> None:
    regime = first_regime(path)
    assert differing(state(raised(regime, [0, 1, 2]), 1), state(raised(regime, [1]), 1)) == []
