from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from build import tiny_schedule

from models.specs.checks import check_document
from models.specs.document import read

EXAMPLES = Path(__file__).parents[3] / "examples"
Document = dict[str, Any]


def study(**changes: Any) -> Document:
    """The smallest study with two arms and a contrast between them."""
    document = {
        "ontogeny": "1",
        "kind": "study",
        "name": "weights",
        "base": "tiny",
        "seeds": {"start": 0, "count": 5},
        "axes": [{"name": "weight", "path": "/stages/early/costs/naming", "values": [0.5, 0.55]}],
        "outcomes": {"end": {"kind": "final", "probe": "acc", "window": "5ba"}},
        "contrasts": [
            {"name": "c", "kind": "pair", "outcome": "end", "treat": {"weight": 0.5}, "control": {"weight": 0.55}}
        ],
    }
    return copy.deepcopy(document | changes)


def found(document: Document, base: Document | None = None) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in check_document(document, base or tiny_schedule()).findings]


def test_a_sound_study_has_its_arms_made():
    result = check_document(study(), tiny_schedule())
    assert result.findings == ()
    assert [arm.name for arm in result.arms] == ["weight=0.5", "weight=0.55"]
    assert [schedule.seeds.count for schedule in result.schedules] == [5, 5]
    assert result.summary is not None
    assert (result.summary.arms, result.summary.lives) == (2, 10)


def test_the_example_study_is_clean():
    base = read((EXAMPLES / "cataract-blur.yaml").read_bytes()).data
    result = check_document(read((EXAMPLES / "cataract-study.yaml").read_bytes()).data, base)
    assert result.findings == ()
    assert len(result.arms) == 35


def test_the_study_of_a_chain_of_teachers_has_no_fault():
    base = read((EXAMPLES / "mover-hand-gaze.yaml").read_bytes()).data
    result = check_document(read((EXAMPLES / "mover-hand-gaze-study.yaml").read_bytes()).data, base)
    # Who is lesioned for a time has fewer samples without a lesion: that is the arm.
    assert [(each.code, each.pointer) for each in result.findings] == [("W02", "/contrasts/2")]
    assert len(result.arms) == 7


def test_a_base_may_stand_inside():
    assert check_document(study(base=tiny_schedule())).ok


def test_a_base_that_is_not_here_is_told():
    (error,) = check_document(study()).errors
    assert (error.code, error.pointer, error.message) == ("E16", "/base", "base: schedule 'tiny' is not here")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"axes": [{"name": "w", "path": "/stages/erly/costs/naming", "values": [1.0]}], "contrasts": []},
         "E16", "/axes/0/path"),
        ({"axes": [{"name": "a", "path": "/name", "values": ["x"]}] * 2, "contrasts": []}, "E02", "/axes/1"),
        ({"outcomes": {"end": {"kind": "final", "probe": "akk", "window": "5ba"}}}, "E32", "/outcomes/end/probe"),
        ({"contrasts": [{"name": "c", "kind": "pair", "outcome": "fin", "treat": {"weight": 0.5},
                         "control": {"weight": 0.55}}]}, "E32", "/contrasts/0/outcome"),
        ({"contrasts": [{"name": "c", "kind": "pair", "outcome": "end", "treat": {"weight": 0.7},
                         "control": {"weight": 0.55}}]}, "E32", "/contrasts/0/treat/weight"),
        ({"arms": [{"name": "x", "patch": [{"op": "add", "path": "/stages/early", "value": {}}]}]},
         "E33", "/arms/0/patch/0/path"),
        ({"controls": [{"kind": "without", "name": "no", "cost": "namng"}]}, "E34", "/controls/0/cost"),
        ({"outcomes": {"end": {"kind": "final", "probe": "acc", "window": "0.5st"}}}, "E19", "/outcomes/end/window"),
        ({"outcomes": {"end": {"kind": "value_at", "probe": "acc", "event": "stages.erly.end"}}},
         "E29", "/outcomes/end/event"),
        ({"confirm": {"start": 4, "count": 5}}, "E30", "/confirm/start"),
        ({"expect": [{"contrast": "d", "relation": "above"}]}, "E32", "/expect/0/contrast"),
        ({"expect": [{"contrast": "c", "relation": "within"}]}, "E30", "/expect/0"),
        ({"expect": [{"contrast": "c", "relation": "over"}]}, "E29", "/expect/0/relation"),
    ],
)  # fmt: skip
def test_an_error_of_a_study_is_found_at_its_place(changes: Document, code: str, pointer: str):
    assert (code, pointer) in found(study(**changes))


def test_a_window_in_passes_needs_worlds_of_one_size():
    base = tiny_schedule()
    base["worlds"]["crib"] = {"source": "digits", "size": 100}
    base["stages"][1]["world"] = "crib"
    outcomes = {"end": {"kind": "final", "probe": "acc", "window": "1ep"}}
    assert ("E20", "/outcomes/end/window") in found(study(outcomes=outcomes), base)


def test_what_is_wrong_in_every_arm_is_said_of_the_base():
    base = tiny_schedule()
    base["stages"][0]["limit"] = "5ba"
    (error,) = check_document(study(), base).errors
    assert (error.code, error.pointer, error.path) == ("E22", "/base/stages/0/limit", "/base/stages/early/limit")
    assert error.message.startswith("base: stage early: limit 5ba")


def test_what_is_wrong_in_some_arms_is_said_of_the_first_of_them():
    axis = {"name": "weight", "path": "/stages/early/costs/naming", "values": [0.5, 0.55, -1.0]}
    (error,) = check_document(study(axes=[axis]), tiny_schedule()).errors
    assert (error.code, error.pointer) == ("E30", "/base/stages/0/costs/naming")
    assert error.message == "arm weight=-1: stage early: weight of naming -1 is out of bounds"
    axis["values"] = [0.5, 0.55, "a", "b"]
    messages = [each.message for each in check_document(study(axes=[axis]), tiny_schedule()).errors]
    assert [message.partition(":")[0] for message in messages] == ["arm weight=a", "arm weight=b"]


def warned(document: Document, base: Document | None = None) -> list[str]:
    result = check_document(document, base or tiny_schedule())
    assert not result.errors
    return [each.code for each in result.warnings]


@pytest.mark.parametrize(
    ("probe", "outcome"),
    [
        ({"kind": "effective_rank", "world": "quiz", "every": "5ba"}, {"kind": "final", "window": "5ba"}),
        ({"kind": "effective_rank", "at": "V1", "world": "quiz", "every": "5ba"}, {"kind": "best"}),
    ],
)
def test_an_outcome_that_is_no_one_number_is_refused(probe: Document, outcome: Document):
    base = tiny_schedule()
    base["probes"]["rank"] = probe
    assert found(study(outcomes={"end": {**outcome, "probe": "rank"}}), base) == [("E36", "/outcomes/end/probe")]


def test_few_seeds_are_warned_of():
    assert warned(study(seeds={"count": 4})) == ["W06"]


def test_arms_of_unlike_length_are_warned_of_unless_one_is_matched():
    axis = {"name": "weight", "path": "/stages/early/until/after", "values": ["10ba", "12ba"]}
    contrast = {
        "name": "c",
        "kind": "pair",
        "outcome": "end",
        "treat": {"weight": "12ba"},
        "control": {"weight": "10ba"},
    }
    unequal = study(axes=[axis], contrasts=[contrast])
    base = tiny_schedule()
    base["stages"][1]["costs"]["naming"] = 1.0
    assert warned(unequal, base) == ["W02"]
    control = {
        "kind": "matched",
        "name": "same",
        "labels": {"weight": "10ba"},
        "to": {"weight": "12ba"},
        "stage": "late",
    }
    assert warned(unequal | {"controls": [control]}, base) == []


def test_another_rule_without_its_control_is_warned_of():
    base = tiny_schedule()
    base["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": "feedback_alignment"}]
    assert warned(study(), base) == ["W12"]
    assert "W12" not in warned(study(controls=[{"kind": "readout_only", "name": "r"}]), base)


def test_nothing_is_read_out_where_no_area_is_told_a_label():
    base = tiny_schedule()
    base["organism"]["credit"] = [{"areas": ["V1", "head"], "rule": "feedback_alignment"}]
    base["costs"] = {
        "naming": {"kind": "goal_match", "at": "head", "target": {"kind": "template", "area": "head"}, "eta": 0.1}
    }
    assert warned(study(), base) == []


def test_a_test_probe_that_decides_and_is_reported_is_warned_of():
    base = tiny_schedule()
    base["worlds"]["quiz"] = {"source": "digits", "split": "test"}
    base["stages"][1]["until"] = {"criterion": {"probe": "acc", "op": ">=", "value": 0.9, "hold": 3}}
    base["stages"][1]["limit"] = "20ba"
    assert warned(study(), base) == ["W13"]


def test_an_area_as_target_without_control_is_warned_of():
    base = tiny_schedule()
    base["stages"][0]["costs"]["naming"] = 0.5
    base["costs"]["copy"] = {"kind": "mse", "at": "head", "target": {"kind": "area", "area": "head"}}
    for stage in base["stages"]:
        stage["costs"]["copy"] = 0.1
    assert warned(study(), base) == ["W17"]
    assert warned(study(controls=[{"kind": "shuffled", "name": "s", "cost": "copy"}]), base) == []


def test_an_arm_whose_decay_restarts_answers_the_warning_of_decay():
    base = tiny_schedule()
    base["stages"][0]["costs"]["naming"] = 0.5
    base["deficits"] = {"blur": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "0ba", "duration": "5ba"}}
    base["critical_periods"] = {"rate": {"areas": ["*"], "level": {"kind": "decay", "half_life": "5ba"}}}
    assert warned(study(), base) == ["W01"]
    patch = {"op": "add", "path": "/critical_periods/rate/level/restart_at", "value": ["5ba"]}
    assert warned(study(arms=[{"name": "anew", "patch": [patch]}]), base) == []


def test_seeds_kept_for_claims_are_lives_too():
    result = check_document(study(confirm={"start": 100, "count": 20}), tiny_schedule())
    assert result.findings == ()
    assert result.summary is not None
    assert result.summary.lives == 50
    assert result.numbers == (*range(5), *range(100, 120))
    (few,) = check_document(study(confirm={"start": 5, "count": 2}), tiny_schedule()).findings
    assert (few.code, few.pointer) == ("W06", "/confirm/count")


def test_what_is_expected_does_not_change_a_study_that_expects_nothing():
    document = check_document(study(), tiny_schedule()).spec
    assert document is not None
    assert {"confirm", "expect"}.isdisjoint(document.model_dump(mode="json"))


def test_arms_that_are_shown_other_amounts_are_warned_of_by_measure():
    axis = {"name": "late", "path": "/stages/late/until/after", "values": {"one": "1ep", "half": "5ba"}}
    contrast = {"name": "c", "kind": "pair", "outcome": "end", "treat": {"late": "one"}, "control": {"late": "half"}}
    base = tiny_schedule()
    base["stages"][1]["costs"] = {"naming": 1.0}
    (warned,) = check_document(study(axes=[axis], contrasts=[contrast]), base).findings
    assert warned.code == "W02"
    assert "400 samples in treated arms, 300 in controls" in warned.message
    assert "20 updates in treated arms, 15 in controls" in warned.message
    assert "items" not in warned.message
    axis = {"name": "size", "path": "/worlds/school/size", "values": [100, 200]}
    contrast |= {"treat": {"size": 100}, "control": {"size": 200}}
    base["stages"][1]["until"] = {"after": "10ba"}
    (warned,) = check_document(study(axes=[axis], contrasts=[contrast]), base).findings
    assert "100 distinct items in treated arms, 200 in controls" in warned.message
