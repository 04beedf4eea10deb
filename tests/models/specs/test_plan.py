"""The invariances of the language: what a change of the document does and does not do to trajectories."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.specs.canonical import canonical, document_id
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, arm_keys, divergence, plan_arm, totals
from models.specs.schedule import ScheduleSpec

SEEDS = range(4)
NUMERICS = NumericsSpec()


def document() -> dict[str, Any]:
    """Two stages, a deficit that crosses them, a triggered third one."""
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "grown",
        "clock": {"batch": 20},
        "organism": {
            "senses": {"retina": {"shape": [1, 8, 8]}},
            "areas": {"V1": {"kind": "linear", "size": 8}, "head": {"kind": "linear", "size": 10, "act": "none"}},
            "pathways": [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "head"}],
        },
        "worlds": {"day": {"source": "digits"}, "quiz": {"source": "digits", "split": "valid"}},
        "costs": {
            "naming": {"kind": "cross_entropy", "at": "head"},
            "rebuild": {"kind": "autoencode", "at": "V1"},
            "never": {"kind": "activity", "at": "V1"},
        },
        "stages": [
            {"name": "first", "world": "day", "costs": {"rebuild": 1.0}, "until": {"after": "2ep"}},
            {"name": "second", "world": "day", "costs": {"naming": 1.0}, "until": {"after": "3ep"}},
            {
                "name": "third",
                "world": "day",
                "costs": {"naming": 1.0, "rebuild": {"kind": "ramp", "end": "1200sp", "from": 1.0, "to": 0.0}},
                "until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9, "hold": 2}},
                "limit": "10ep",
            },
        ],
        "deficits": {"fog": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "1ep", "duration": "2ep"}},
        "probes": {"acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "1ep"}},
    }


def plan(data: dict[str, Any]) -> ArmPlan:
    return plan_arm(canonical(ScheduleSpec.model_validate(data)))


def keys(data: dict[str, Any]) -> list[str]:
    return arm_keys(plan(data), SEEDS, NUMERICS)


def changed(**edits: Any) -> dict[str, Any]:
    """The document with values written at `__`-joined paths."""
    data = document()
    for path, value in edits.items():
        *above, last = path.split("__")
        place: Any = data
        for step in above:
            place = place[int(step) if isinstance(place, list) else step]
        place[int(last) if isinstance(place, list) else last] = value
    return data


def test_a_deficit_cuts_fixed_stages_at_its_edges_and_a_stage_border_where_the_cost_changes() -> None:
    steps = plan(document()).steps
    assert [step.demand.offset for step in steps] == [60, 60, 60, 120, 600]
    assert [sorted(step.regime.deficits) for step in steps] == [[], ["fog"], ["fog"], [], []]
    assert [span.stage for step in steps for span in step.spans] == ["first", "first", "second", "second", "third"]


def test_readings_fall_on_stage_time_zero_on_multiples_and_on_the_end_once() -> None:
    data = changed(probes__acc__every="700sp")
    acc = next(iter(plan(data).probes))
    taken = [sorted(o for r in step.readings[acc] for o in r.offsets()) for step in plan(data).steps]
    assert taken[0] == [0, 35]
    assert taken[1] == [70 - 60, 105 - 60, 60]
    assert taken[2] == [0, 35]
    assert taken[3] == [10, 45, 80, 115, 120]
    assert taken[4] == list(range(0, 601, 35))


@pytest.mark.parametrize(
    "data",
    [
        changed(name="other", notes="n"),
        changed(stages__0__name="renamed"),
        changed(stages__0__until={"after": "120ba"}),
        changed(stages__0__until={"after": "2400sp"}, stages__1__until={"after": "3.6ksp"}),
        changed(stages__1__until={"age": "5ep"}),
        changed(stages__1__until={"since": {"event": "deficits.fog.end", "time": "2ep"}}),
        changed(costs__never={"kind": "activity", "at": "V1", "target_rate": 0.3}),
        changed(stages__0__costs={"rebuild": 1.0, "never": 0.0}),
        changed(stages__0__costs={"rebuild": [0.5, 2.0]}),
        changed(probes__acc__every="2ep", stages__2__until={"after": "1ep"}),
        changed(worlds__day={"source": {"kind": "digits"}, "labels": {"kind": "all"}}),
        changed(stages__0__plasticity={"V1": 1.0, "head": 1.0}),
    ],
    ids=["notes", "stage", "ba", "sp", "age", "since", "unused", "zero", "product", "probe", "member", "spelled"],
)
def test_another_way_of_saying_the_same_life_keeps_every_key_of_the_fixed_part(data: dict[str, Any]) -> None:
    assert keys(data)[:4] == keys(document())[:4]


@pytest.mark.parametrize(
    ("data", "shared"),
    [
        (changed(clock__batch=40), 0),
        (changed(organism__areas__V1__size=9), 0),
        (changed(deficits__fog__onset="0ep"), 0),
        (changed(deficits__fog__onset="90ba"), 1),
        (changed(deficits__fog__transform__sigma=2.0), 1),
        (changed(deficits__fog__duration="3ep"), 3),
        (changed(stages__1__costs={"naming": 2.0}), 2),
        (changed(stages__2__costs={"naming": 2.0}), 4),
        (changed(stages__1__on_enter=["reset_optimizer"]), 2),
    ],
)
def test_a_change_keeps_the_keys_before_it_and_no_key_after_it(data: dict[str, Any], shared: int) -> None:
    ours, theirs = keys(document()), keys(data)
    assert ours[:shared] == theirs[:shared]
    assert set(ours[shared:]).isdisjoint(theirs[shared:])


def test_a_longer_stage_asks_the_same_trajectory_for_more() -> None:
    longer = changed(stages__1__until={"after": "9ep"})
    assert keys(longer)[:4] == keys(document())[:4]
    assert plan(longer).steps[3].demand.offset > plan(document()).steps[3].demand.offset


def test_neighbouring_stages_with_nothing_between_them_are_one_trajectory() -> None:
    data = changed(stages__0__costs={"naming": 1.0})
    assert [[span.stage for span in step.spans] for step in plan(data).steps] == [
        ["first"],
        ["first", "second"],
        ["second"],
        ["third"],
    ]


def test_a_deficit_without_length_is_no_deficit_of_whatever_kind() -> None:
    blurred = changed(deficits__fog__duration="0ep")
    flipped = changed(deficits__fog__duration="0ep", deficits__fog__transform={"kind": "flip"})
    assert keys(blurred) == keys(flipped)


def test_other_seeds_and_another_numerics_class_are_other_trajectories() -> None:
    arm = plan(document())
    assert set(arm_keys(arm, range(4), NUMERICS)).isdisjoint(arm_keys(arm, range(5), NUMERICS))
    other = NumericsSpec(engine=NUMERICS.engine + 1)
    assert set(arm_keys(arm, SEEDS, NUMERICS)).isdisjoint(arm_keys(arm, SEEDS, other))


def test_the_order_of_keys_in_mappings_does_not_matter_and_canonical_is_a_fixed_point() -> None:
    data = document()
    data["worlds"] = dict(reversed(data["worlds"].items()))
    data["costs"] = dict(reversed(data["costs"].items()))
    once = canonical(ScheduleSpec.model_validate(document()))
    assert document_id(canonical(ScheduleSpec.model_validate(data))) == document_id(once)
    assert canonical(once) == once


def test_divergence_names_the_age_and_the_stages() -> None:
    later = plan(changed(deficits__fog__onset="90ba"))
    found = divergence(plan(document()), later)
    assert found is not None
    assert (found.age_sp, found.exact, found.stages) == (1200, True, ("first", "first"))
    assert divergence(plan(document()), plan(changed(notes="other"))) is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=4),
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
)
def test_sharing_never_asks_for_more_than_the_flat_study_and_its_ends_are_counted(
    onsets: list[int], durations: list[int]
) -> None:
    arms = []
    for onset in onsets:
        for duration in durations:
            data = copy.deepcopy(document())
            data["deficits"]["fog"] |= {"onset": f"{onset * 10}ba", "duration": f"{duration * 10}ba"}
            arms.append(plan(data))
    total = totals(arms, SEEDS, NUMERICS)
    assert 0 < total.samples_shared <= total.samples_flat
    assert total.distinct_ends <= len(arms)
    assert total.samples_shared >= max(arm.updates_max for arm in arms) * 20 * len(SEEDS)
