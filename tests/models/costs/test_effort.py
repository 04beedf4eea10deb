"""Sums of squared commands, by hand, and how work is shared out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import yaml
from living import live, planned

from models.costs import build_cost
from models.specs.costs.properties import EffortSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "costs" / "effort.yaml"
COST: Any = build_cost("thrift", EffortSpec(kind="effort", at="M1"))


def test_two_items_of_two_effectors(moment_by_hand: Any) -> None:
    rate = torch.tensor([[1.0, 2.0], [0.0, -3.0]]).reshape(1, 2, 1, 2).requires_grad_()
    moment = moment_by_hand({"M1": rate})
    assert COST.per_sample(moment).tolist() == [[5.0, 9.0]]
    assert COST(moment).tolist() == [7.0]
    (down,) = torch.autograd.grad(COST(moment).sum(), rate)
    torch.testing.assert_close(down, rate.detach())


def test_steps_are_a_mean_and_effectors_a_sum(moment_by_hand: Any) -> None:
    rate = torch.full((1, 3, 4, 5), 2.0)
    assert COST(moment_by_hand({"M1": rate})).tolist() == [20.0]
    assert COST(moment_by_hand({"M1": torch.cat([rate, rate], dim=3)})).tolist() == [40.0]


def test_work_is_shared_out_by_how_well_each_pulls() -> None:
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    for thrift, evenly in ((0.05, True), (0.0, False)):
        document["stages"][0] |= {"costs": {"reach": 1.0, "thrift": thrift}, "until": {"after": "600ba"}}
        cohort, _ = live(planned(document), range(3))
        pulls = cohort.params["area/hand/from/muscles/weight"].detach()[..., 0]
        does = cohort.params["area/muscles/from/x/weight"].detach()[:, 0]
        alike = torch.nn.functional.cosine_similarity(pulls, does, dim=1).abs()
        assert all((each > 0.995) == evenly for each in alike.tolist()), alike
