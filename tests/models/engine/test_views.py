"""Targets at another look: an area is held against what it, or another, makes of the same scene seen otherwise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from raising import one_stage, plan, raised

from models.engine.cohort import birth
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Exam, Items
from models.engine.organism import Organism
from models.engine.step import Training

MOVERS = {"source": {"kind": "movers", "frame": 24, "share": 1.0}, "labels": "none"}
WORLDS = {"school": MOVERS, "quiz": MOVERS | {"split": "valid"}}
ORGANISM = {
    "senses": {"retina": {"shape": [1, 24, 24]}, "flow": {"shape": [2, 24, 24]}},
    "areas": {
        "a1": {"kind": "linear", "size": 9, "act": "sigmoid"},
        "a2": {"kind": "linear", "size": 2, "act": "none"},
    },
    "pathways": [{"from": "retina", "to": "a1"}, {"from": "flow", "to": "a1"}, {"from": "a1", "to": "a2"}],
    "optimizer": {"kind": "sgd", "lr": 0.05},
}
SAME = {"kind": "mse", "at": "a1", "target": {"kind": "area", "area": "a1", "view": "view2"}}


def regime(cost: dict[str, Any] = SAME, **changes: Any) -> Any:
    return one_stage(ORGANISM, costs={"same": cost}, worlds=WORLDS, probes={}, **changes)


def test_the_target_is_what_the_area_makes_of_the_other_look() -> None:
    given = regime()
    cohort = birth(given, [3, 4])
    training = Training(cohort, given)
    flow = training.flow.plan(training.knobs.at(0, cohort.age_N))
    batch, draw = training.feed.next(cohort.shown[training.stream.digest], flow.strengths)
    moment = training.organism.run(cohort.params, training.own, batch, draw, flow.wiring)
    channels = training.stream.world.view("view2", torch.zeros(2, dtype=torch.int64), batch.index_NB)  # type: ignore[attr-defined]
    assert not torch.equal(channels["retina"], batch.senses["retina"])
    weight = cohort.params["area/a1/from/retina/weight"], cohort.params["area/a1/from/flow/weight"]
    drive = cohort.params["area/a1/bias"] + sum(
        torch.bmm(channels[name].flatten(2), each) for name, each in zip(("retina", "flow"), weight, strict=True)
    )
    by_hand = (moment.rate["a1"][:, :, 0] - torch.sigmoid(drive)).square().mean(dim=(1, 2))
    torch.testing.assert_close(training.costs["same"](moment), by_hand)


def test_the_other_look_teaches_and_is_not_taught() -> None:
    given = regime()
    training = Training(birth(given, [3]), given)
    flow = training.flow.plan(training.knobs.at(0, training.cohort.age_N))
    batch, draw = training.feed.next(training.cohort.shown[training.stream.digest], flow.strengths)
    moment = training.organism.run(training.cohort.params, training.own, batch, draw, flow.wiring)
    target = training.costs["same"].target(moment)  # type: ignore[attr-defined]
    assert not target.requires_grad
    (gradient,) = torch.autograd.grad(training.costs["same"](moment).sum(), moment.rate["a1"])
    torch.testing.assert_close(gradient.flatten(3), 2 * (moment.rate["a1"].detach() - target) / target[0].numel())


def test_a_probe_of_more_than_one_pass_gives_the_mean_over_all_items() -> None:
    given = regime()
    cohort = raised(given, [3, 4], 2)
    organism = Organism(given.organism)
    items = Items(Stream(given.world, given.organism.senses, {}), 300, portion_of(cohort, [0, 1]), organism)
    spec = given.costs["same"].cost
    whole = Exam(items, {"same": spec}).cost("same")
    moment = organism.run(cohort.params, cohort.own | cohort.learned, items.batch, items.draw)
    with torch.no_grad():
        torch.testing.assert_close(whole, Exam(items, {"same": spec})._value("same", moment))


def test_a_contact_seen_from_the_face_gives_a_direction() -> None:
    target = {"kind": "area", "area": "a1", "view": "contact", "read": "direction"}
    given = regime({"kind": "mse", "at": "a2", "target": target, "scope": "local"})
    cohort = raised(given, [3], 2)
    assert all(bool(value.isfinite().all()) for value in cohort.params.values())


def test_a_life_that_sees_otherwise_is_the_same_alone_and_in_a_cohort() -> None:
    together, alone = raised(regime(), [3, 4, 5], 3), raised(regime(), [4], 3)
    for name, value in alone.params.items():
        assert torch.equal(value[0], together.params[name][1]), name


@pytest.mark.parametrize(("view", "code"), [("view2", None), ("behind", "E06")])
def test_a_world_must_have_the_look(view: str, code: str | None) -> None:
    from build import tiny_schedule  # noqa: PLC0415

    from models.specs.checks import check_document  # noqa: PLC0415

    cost = {**SAME, "target": {"kind": "area", "area": "a1", "view": view}}
    stage = {"name": "only", "world": "school", "costs": {"same": 1.0}, "until": {"after": "3ba"}}
    given = tiny_schedule(organism=ORGANISM, worlds=WORLDS, costs={"same": cost}, stages=[stage], probes={})
    found = check_document(given).errors
    assert [each.code for each in found] == ([code] if code else [])
    assert not code or f"needs the view '{view}', world school gives none" in found[0].message


def test_plans_of_documents_without_a_look_are_what_they_were() -> None:
    assert "view" not in plan().steps[0].regime.costs["naming"].cost.target.model_dump(mode="json")  # type: ignore[union-attr]
    plain = {"kind": "area", "area": "a1"}
    cost = regime({**SAME, "at": "a1", "target": plain}).costs["same"].cost
    assert set(cost.target.model_dump(mode="json")) == {"kind", "area", "shuffle"}  # type: ignore[union-attr]
