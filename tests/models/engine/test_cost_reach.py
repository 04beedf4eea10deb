"""Which parameters each cost moves, in a chain retina -> a1 -> a2 -> head of digits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import chain, one_stage, raised, state

from models.engine.cohort import birth

OWN = {"params/area/a2/bias", "params/area/a2/from/a1/weight"}
WEIGHTS = {"params/area/a2/from/a1/weight"}
BELOW = OWN | {"params/area/a1/bias", "params/area/a1/from/retina/weight"}
HEAD = BELOW | {"params/area/head/bias", "params/area/head/from/a2/weight"}

REACH: list[tuple[dict[str, Any], set[str]]] = [
    ({"kind": "decorrelate"}, OWN),
    ({"kind": "decorrelate", "scope": "upstream"}, BELOW),
    ({"kind": "l1"}, WEIGHTS),
    ({"kind": "l2"}, WEIGHTS),
    ({"kind": "wiring"}, WEIGHTS),
    ({"kind": "hinge", "at": "head", "target": "label"}, HEAD),
    ({"kind": "bce", "target": {"kind": "area", "area": "a1"}}, BELOW),
    ({"kind": "bce", "target": {"kind": "area", "area": "a1"}, "scope": "local"}, OWN),
    ({"kind": "vae"}, BELOW),
    ({"kind": "sparse_code"}, OWN),
    ({"kind": "predict_next"}, BELOW),
    ({"kind": "temporal_contrast"}, OWN),
    ({"kind": "infonce"}, BELOW),
    ({"kind": "effort"}, BELOW),
    ({"kind": "cross_modal", "target": {"kind": "area", "area": "a1"}}, BELOW),
    ({"kind": "effort", "scope": "local"}, OWN),
    ({"kind": "imax", "target": {"kind": "area", "area": "a1"}}, OWN),
]


@pytest.mark.parametrize(("cost", "reached"), REACH, ids=[f"{cost['kind']}-{len(reached)}" for cost, reached in REACH])
def test_a_cost_moves_what_it_reaches_and_nothing_else(cost: dict[str, Any], reached: set[str]) -> None:
    organism = chain(10, 10, act="sigmoid")
    regime = one_stage(organism, costs={"judge": {"at": "a2"} | cost}, clock={"batch": 20, "sweeps": 2})
    first, last = state(birth(regime, [1]), 1), state(raised(regime, [1], 3), 1)
    moved = {name for name in first if name.startswith("params/") and not torch.equal(first[name], last[name])}
    assert moved == reached
