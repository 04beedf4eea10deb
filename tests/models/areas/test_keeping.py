"""What holds of areas that keep what lives meet, by a rule of their own: planners, stores, records of returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from build import tiny_schedule
from holding import ROOMS, walking
from raising import assert_alone_as_among_others, one_stage, plan, raised, train

from models.engine import snapshot, stage
from models.engine.cohort import Cohort, birth
from models.specs.checks import check_document


@dataclass(frozen=True)
class Keeper:
    """A life with such an area, and the updates after which it has kept something."""

    name: str
    life: dict[str, Any]
    updates: int = 3

    def held(self, cohort: Cohort) -> dict[str, torch.Tensor]:
        """A copy of all that the area keeps."""
        return {at: value.clone() for at, value in cohort.own.items() if at.startswith(f"kept/{self.name}/")}

    def organism(self, **area: Any) -> dict[str, Any]:
        """The organism, with other options of the area."""
        organism = self.life["organism"]
        return {**organism, "areas": {**organism["areas"], self.name: organism["areas"][self.name] | area}}


ALL = {
    "planner": Keeper("CA1", walking("CA1", {"kind": "planner", "size": 33})),
    "salience_store": Keeper(
        "CA3", walking("CA3", {"kind": "salience_store", "size": 33, "slots": 7, "threshold": 1.0})
    ),
    "episodic_control": Keeper("CA3", ROOMS, updates=8),
}


@pytest.mark.parametrize("kind", ALL)
def test_it_keeps_without_a_cost_while_plastic_and_outlasts_stages_and_crashes(kind: str) -> None:
    keeper = ALL[kind]
    day = {"name": "day", "world": "school", "costs": {}, "until": {"after": "3ba"}}
    stages = [day, {**day, "name": "night", "plasticity": {keeper.name: 0.0}, "costs": {"worth": 1.0}}]
    first, last = (step.regime for step in plan(**keeper.life, stages=stages).steps)
    cohort = birth(first, [1, 2])
    before = keeper.held(cohort)
    train(cohort, first, 3)
    kept = keeper.held(cohort)
    for life in (0, 1):
        assert any(not torch.equal(value[life], before[at][life]) for at, value in kept.items())
    stage.enter(cohort, last)
    train(cohort, last, 3)
    assert all(torch.equal(cohort.own[at], value) for at, value in kept.items())
    again = snapshot.load(snapshot.dump(cohort, {}))[0]
    assert snapshot.state_hash(again) == snapshot.state_hash(cohort)


@pytest.mark.parametrize("kind", ALL)
def test_a_lesioned_area_keeps_nothing(kind: str) -> None:
    keeper = ALL[kind]
    harm = {"transform": {"kind": "lesion", "areas": [keeper.name]}, "onset": "0sp", "duration": "500ba"}
    regime = one_stage(**keeper.life, deficits={"harm": harm})
    cohort = birth(regime, [1, 2])
    before = keeper.held(cohort)
    train(cohort, regime, keeper.updates)
    assert all(torch.equal(cohort.own[at], value) for at, value in before.items())


@pytest.mark.parametrize("kind", ALL)
def test_a_life_is_the_same_alone_and_at_every_slot(kind: str) -> None:
    keeper = ALL[kind]
    regime = one_stage(**keeper.life, clock={"batch": 7})
    at_birth, later = (keeper.held(raised(regime, [0], updates)) for updates in (0, keeper.updates))
    assert not all(torch.equal(value, later[at]) for at, value in at_birth.items())
    assert_alone_as_among_others(regime, keeper.updates, lives=6)


@pytest.mark.parametrize(
    ("kind", "area", "credit", "code", "words"),
    [
        *((kind, {}, [], None, "") for kind in ALL),
        *((kind, {}, ["feedback_alignment"], "E25", f"{ALL[kind].name} is {kind}") for kind in ALL),
        ("planner", {"size": 32}, [], "E14", "planner takes its inputs unit by unit: they bring 33, its size is 32"),
        ("planner", {"discount": 1.0}, [], "E30", ""),
        (
            "salience_store",
            {"size": 32},
            [],
            "E14",
            "salience_store takes its inputs unit by unit: they bring 33, its size is 32",
        ),
        ("salience_store", {"tag": 1.5}, [], "E30", ""),
        ("episodic_control", {"width": 103}, [], "E14", "its inputs bring 104 numbers, its width is 103"),
        ("episodic_control", {"size": 3}, [], "E14", "grid knows 4 actions"),
        ("episodic_control", {"discount": 1.0}, [], "E30", ""),
    ],
)
def test_what_cannot_be_is_refused(
    kind: str, area: dict[str, Any], credit: list[str], code: str | None, words: str
) -> None:
    keeper = ALL[kind]
    areas = [each for each in (keeper.name, "critic") if kind != "episodic_control" or each == keeper.name]
    organism = keeper.organism(**area) | {"credit": [{"areas": areas, "rule": rule} for rule in credit]}
    stages = [{"name": "only", "world": "school", "costs": {"worth": 1.0}, "until": {"after": "3ba"}}]
    found = check_document(tiny_schedule(**{**keeper.life, "organism": organism}, stages=stages)).errors
    assert [each.code for each in found] == ([code] if code else [])
    assert all(words in each.message for each in found)
