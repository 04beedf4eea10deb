"""Estimates of plans against what lives really write down."""

from __future__ import annotations

from typing import Any

import pytest
from build import tiny_schedule
from living import live, planned

from models.engine import snapshot
from models.specs.estimates import history_values, snapshot_bytes, workload

BY_AREA = {"kind": "effective_rank", "at": "*", "world": "quiz", "every": "3ba"}
RANKED = {"kind": "effective_rank", "at": "V1", "world": "quiz", "every": "7ba"}
BLUR = {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "3ba", "duration": "4ba"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"deficits": {"cataract": BLUR}},
        {"probes": tiny_schedule()["probes"] | {"rank": BY_AREA, "V1-rank": RANKED}},
    ],
)
def test_as_many_values_are_counted_as_a_life_writes_down(changes: dict[str, Any]) -> None:
    arm = planned(tiny_schedule(**changes))
    _, histories = live(arm, [0, 1])
    counted = sum(history_values(step, arm.probes) for step in arm.steps)
    for life in histories.values():
        assert sum(len(values) for values in life.values()) == counted


@pytest.mark.parametrize(
    "optimizer",
    [{"kind": "sgd", "lr": 0.1}, {"kind": "sgd", "lr": 0.1, "momentum": 0.9}, {"kind": "adam", "lr": 0.001}],
)
def test_a_snapshot_is_as_large_as_its_parameters_and_their_moments(optimizer: dict[str, Any]) -> None:
    arm = planned(tiny_schedule(organism={**tiny_schedule()["organism"], "optimizer": optimizer}))
    cohort, _ = live(arm, [0, 1, 2])
    tensors = [*cohort.params.values(), *cohort.moments.values()]
    own = sum(each.numel() * each.element_size() for each in tensors) / 3
    assert snapshot_bytes(arm.steps[0].regime) == own
    whole = len(snapshot.dump(cohort, {})) / 3
    assert own < whole < own + 10_000


def test_a_workload_is_what_decides_how_long_an_update_takes() -> None:
    def of(**changes: Any) -> str:
        return workload(planned(tiny_schedule(**changes)).steps[0].regime.model_dump(mode="json"))

    organism = tiny_schedule()["organism"]
    assert of() == of(seeds={"start": 7, "count": 3})
    assert of() == of(organism={**organism, "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.9}})
    stages = tiny_schedule()["stages"]
    assert of() == of(stages=[{**stage, "plasticity": {"V1": 0.5}} for stage in stages])
    assert of() == of(deficits={"cataract": BLUR})
    others = [
        of(clock={"batch": 10}),
        of(organism={**organism, "areas": {**organism["areas"], "V1": {"kind": "linear", "size": 17}}}),
        of(organism={**organism, "credit": [{"areas": ["V1"], "rule": "feedback_alignment"}]}),
        of(worlds={**tiny_schedule()["worlds"], "school": {"source": "digits", "size": 200, "transforms": ["flip"]}}),
    ]
    assert len({of(), *others}) == 5
