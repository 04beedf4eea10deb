from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from models.specs import reach
from models.specs.costs import CostSpec
from models.specs.credit import CAPABILITIES
from models.specs.credit.capability import Capability
from models.specs.organism import OrganismSpec


def organism(**changes: Any) -> OrganismSpec:
    document = {
        "senses": {"retina": {"shape": [4]}},
        "areas": {name: {"kind": "linear", "size": 4} for name in ("V1", "IT", "side", "head")},
        "pathways": [
            {"from": "retina", "to": "V1"},
            {"from": "V1", "to": "IT"},
            {"from": "IT", "to": "head"},
            {"from": "side", "to": "head", "gradient": "block"},
            {"from": "V1", "to": "side"},
        ],
    }
    return OrganismSpec.model_validate_json(orjson.dumps(document | changes))


def cost(at: str, scope: str = "upstream") -> CostSpec:
    return TypeAdapter(CostSpec).validate_python({"kind": "mse", "at": at, "scope": scope})


def test_a_local_cost_reaches_its_own_area_only():
    assert reach.reaches(organism(), cost("IT", "local")) == {"IT"}


def test_an_upstream_cost_reaches_all_areas_before_it_but_those_behind_a_block():
    assert reach.reaches(organism(), cost("head")) == {"head", "IT", "V1"}


def test_an_error_leaves_a_circuit_only_if_its_rule_lets_it_out(monkeypatch: pytest.MonkeyPatch):
    circuit = {"areas": ["IT", "head"], "rule": "feedback_alignment"}
    assert reach.reaches(organism(credit=[circuit]), cost("head")) == {"head", "IT", "V1"}
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", Capability(out=False))
    assert reach.reaches(organism(credit=[circuit]), cost("head")) == {"head", "IT"}


def test_pathways_no_upstream_error_needs_are_closed():
    body = organism()
    assert reach.closed_pathways(body, [cost("head", "local")]) == {each.title for each in body.pathways}
    assert reach.closed_pathways(body, [cost("head")]) == {"retina-V1", "side-head", "V1-side"}
    assert reach.closed_pathways(body, [cost("head"), cost("side")]) == {"retina-V1", "side-head"}
    assert reach.closed_pathways(body, []) == {each.title for each in body.pathways}


def test_a_loop_does_not_walk_for_ever():
    looped = organism(pathways=[{"from": "V1", "to": "IT"}, {"from": "IT", "to": "V1"}, {"from": "retina", "to": "V1"}])
    assert reach.reaches(looped, cost("V1")) == {"V1", "IT"}
