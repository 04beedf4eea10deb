"""A pathway that comes to begin elsewhere: what is heard, what is kept, who learns, what is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from living import live, obeys_the_law, planned

from models.engine import stage
from models.engine.cohort import birth
from models.engine.stage import Orders, run
from models.engine.step import Training
from models.specs.checks import check_document
from models.specs.document import read
from models.specs.numerics import NumericsSpec
from models.specs.plan import arm_keys

EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "acts" / "rewire.yaml"
ACT: dict[str, Any] = {"kind": "rewire", "pathway": "ear-A1", "from": "eye"}
OLD, NEW = "area/A1/from/ear/weight", "area/A1/from/eye/weight"


def schedule(*acts: dict[str, Any], optimizer: str = "adam", rule: str = "backprop", **changes: Any) -> dict[str, Any]:
    """The ear hears noise, A1 the ear; later A1 may hear the eye."""
    document = copy.deepcopy(tiny_schedule())
    areas = {
        "V1": {"kind": "linear", "size": 8, "act": "tanh"},
        "A1": {"kind": "linear", "size": 24, "act": "tanh"},
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    ways = [("eye", "V1"), ("ear", "A1"), ("A1", "head")]
    document["organism"] = {
        "senses": {name: {"shape": [1, 8, 8], "channel": which} for name, which in (("eye", "left"), ("ear", "right"))},
        "areas": areas,
        "pathways": [{"from": below, "to": above} for below, above in ways],
        "credit": [{"areas": ["A1", "head"], "rule": rule}],
        "optimizer": {"kind": optimizer, "lr": 0.01},
    }
    seen = {"source": {"kind": "two_eyes", "of": "digits"}, "transforms": [{"kind": "eye", "sense": "ear"}]}
    document["worlds"] = {"school": seen | {"size": 200}, "quiz": seen | {"split": "valid", "size": 100}}
    costs = {"naming": 1.0}
    document["stages"] = [
        {"name": "before", "world": "school", "costs": costs, "until": {"after": "4ba"}},
        {"name": "after", "world": "school", "costs": costs, "on_enter": list(acts), "until": {"after": "3ba"}},
        {"name": "late", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "3ba"}},
    ]
    return document | changes


def test_what_was_for_the_ear_hears_the_eye_with_the_weights_that_it_has() -> None:
    arm = planned(schedule(ACT))
    first, second, _ = arm.steps
    cohort = birth(first.regime, [1, 2])
    list(run(cohort, Orders(first.regime, offsets=(4,)), 0, 4))
    before = {name: value.detach().clone() for name, value in cohort.params.items()}
    moments = {name: value.clone() for name, value in cohort.moments.items()}
    stage.enter(cohort, second.regime)
    assert OLD not in cohort.params
    assert all(torch.equal(cohort.params[name.replace(OLD, NEW)], value) for name, value in before.items())
    assert all(torch.equal(cohort.moments[name.replace(OLD, NEW)], value) for name, value in moments.items())
    assert any(OLD in name and value.any() for name, value in moments.items())
    training = Training(cohort, second.regime)
    plan = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], plan.strengths)
    moment = training.organism.run(cohort.params, training.own, batch, draw, plan.wiring)
    drive = torch.bmm(batch.senses["eye"].flatten(2), before[OLD]) + before["area/A1/bias"]
    torch.testing.assert_close(moment.rate["A1"][:, :, 0], torch.tanh(drive))


def test_a_pathway_keeps_its_name_and_may_come_back() -> None:
    document = schedule(ACT)
    document["stages"][2]["on_enter"] = [ACT | {"from": "ear"}]
    steps = planned(document).steps
    assert [path.source for step in steps for path in step.regime.organism.pathways if path.title == "ear-A1"] == [
        "ear",
        "eye",
        "ear",
    ]
    assert [step.regime.rewired for step in steps] == [{}, {"ear-A1": "ear"}, {"ear-A1": "eye"}]
    cohort, _ = live(planned(document), [1])
    assert OLD in cohort.params
    assert NEW not in cohort.params


@pytest.mark.parametrize("rule", ["backprop", "kolen_pollack"])
def test_a_rewired_life_obeys_the_law(rule: str) -> None:
    optimizer = "sgd" if rule == "kolen_pollack" else "adam"
    obeys_the_law(planned(schedule(ACT, {"kind": "reset_optimizer"}, optimizer=optimizer, rule=rule)), cuts=(1, 4))


def test_only_what_was_lived_before_is_shared_with_those_who_keep_their_pathways() -> None:
    rewired, plain = (arm_keys(planned(each), [0], NumericsSpec()) for each in (schedule(ACT), schedule()))
    assert len(rewired) == 3
    assert rewired[0] == plain[0]
    assert not {*rewired[1:]} & {*plain}


def test_names_are_learned_by_an_area_that_was_deaf() -> None:
    """The noise tells nothing of digits: who keeps the ear never names those it has not met."""
    ends = []
    for acts in ([ACT], []):
        document = schedule(*acts)
        document["stages"][1]["until"] = {"after": "60ba"}
        document["stages"] = document["stages"][:2]
        document["probes"]["acc"]["every"] = "60ba"
        arm = planned(document)
        _, histories = live(arm, [0, 1])
        (probe,) = arm.probes
        last = max(place for place, name in histories[0] if name == probe)
        ends.append([float(np.frombuffer(each[last, probe][-1][1], np.float32)[0]) for each in histories.values()])
    assert min(ends[0]) > 0.6
    assert max(ends[1]) < 0.3


def refused(*acts: dict[str, Any], place: int = 1, **changes: Any) -> list[tuple[str, str, str]]:
    document = schedule(**changes)
    document["stages"][place]["on_enter"] = list(acts)
    return [(each.code, each.pointer, each.message) for each in check_document(document).errors]


WAY = "/stages/1/on_enter/0"


@pytest.mark.parametrize(
    ("act", "code", "key", "told"),
    [
        ({"pathway": "ear-A2"}, "E01", "/pathway", "unknown pathway 'ear-A2'"),
        ({"from": "nose"}, "E01", "/from", "unknown sense 'nose'"),
        ({"from": "ear"}, "E30", "/from", "rewire of ear-A1: it begins at ear already"),
        ({"pathway": "A1-head"}, "E30", "/from", "rewire of A1-head: it begins at A1, which is no sense"),
    ],
)
def test_ways_that_cannot_be_are_refused(act: dict[str, Any], code: str, key: str, told: str) -> None:
    assert refused(ACT) == []
    assert refused(ACT | act) == [(code, WAY + key, f"stage after: {told}")]


def test_it_comes_first_and_not_at_birth() -> None:
    renewed = {"kind": "reset_area", "areas": ["A1"]}
    assert [(code, place) for code, place, _ in refused(renewed, ACT)] == [("E30", "/stages/1/on_enter/1")]
    assert refused(ACT, renewed) == []
    assert [(code, place) for code, place, _ in refused(ACT, place=0)] == [("E30", "/stages/0/on_enter/0")]


def test_shapes_and_other_pathways_stand_in_the_way() -> None:
    document = schedule(ACT)
    document["organism"]["senses"]["nose"] = {"shape": [64], "channel": "left"}
    document["organism"]["pathways"].append({"from": "nose", "to": "V1"})
    document["stages"][1]["on_enter"] = [ACT | {"from": "nose"}]
    found = [(each.code, each.message) for each in check_document(document).errors]
    assert (
        "E14",
        "stage after: rewire of ear-A1: its weights are for another shape: ear [1, 8, 8], nose [64]",
    ) in found
    document = schedule(ACT)
    document["organism"]["pathways"].append({"from": "eye", "to": "A1"})
    found = [(each.code, each.message) for each in check_document(document).errors]
    assert found == [("E02", "stage after: rewire of ear-A1: eye leads to A1 by another pathway")]


def test_probes_of_the_weights_of_one_pathway_are_refused() -> None:
    cells = {"kind": "traces", "at": "A1", "source": "ear", "synapses": 2, "world": "quiz", "every": "1ba"}
    found = refused(ACT, probes={"cells": cells})
    assert [(code, place) for code, place, _ in found] == [("E36", "/probes/cells")]


def test_the_example_is_valid() -> None:
    assert check_document(dict(read(EXAMPLE.read_bytes()).data)).findings == ()
