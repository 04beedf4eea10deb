"""The controls that a study asks for by a key are there for every rule, and do what they say when trained."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
import torch
from build import tiny_schedule
from crediting import RULES, taught
from pydantic import TypeAdapter
from raising import differing, raised, state

from models.engine.cohort import birth
from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.controls import generate
from models.specs.credit import CAPABILITIES
from models.specs.outcomes import ControlSpec
from models.specs.plan import plan_arm
from models.specs.regime import RegimeSpec
from models.specs.schedule import ScheduleSpec

CONTROL: TypeAdapter[Any] = TypeAdapter(ControlSpec)

rules = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def document_of(rule: dict[str, Any]) -> dict[str, Any]:
    """One stage; a rule that hears no cost teaches hidden areas only."""
    below = ["a1", "a2", "a3"] if CAPABILITIES[rule["kind"]].free else []
    stage = {"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "4ba"}}
    sweeps = 3 if "time" in CAPABILITIES[rule["kind"]].needs else 1
    clock = {"batch": 20, "sweeps": sweeps}
    return tiny_schedule(organism=taught(rule, areas=below), stages=[stage], probes={}, clock=clock)


def regime(document: dict[str, Any]) -> RegimeSpec:
    check_document(document).refuse()
    return plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(document)))).steps[0].regime


def control(kind: str, document: dict[str, Any], **options: Any) -> RegimeSpec:
    spec = CONTROL.validate_json(orjson.dumps({"kind": kind, "name": "c", **options}))
    return regime(generate(spec, document, None, "/controls/0"))


@rules
def test_with_the_readout_alone_nothing_below_it_moves(rule: dict[str, Any]) -> None:
    given = control("readout_only", document_of(rule))
    first, last = state(birth(given, [3]), 3), state(raised(given, [3], 4), 3)
    moved = {name for name in first if not torch.equal(first[name], last[name])}
    assert "params/area/head/from/a3/weight" in moved
    assert {name for name in moved if "/area/head/" not in name} == set()


@rules
def test_shuffled_labels_are_what_the_rule_hears(rule: dict[str, Any]) -> None:
    document = document_of(rule)
    true = state(raised(regime(document), [3], 4), 3)
    shuffled = state(raised(control("shuffled", document, cost="naming"), [3], 4), 3)
    changed = {name for name in differing(true, shuffled) if name.startswith("params/") and "weight" in name}
    assert "params/area/head/from/a3/weight" in changed
    hears = not CAPABILITIES[rule["kind"]].free
    assert ("params/area/a1/from/retina/weight" in changed) is hears
