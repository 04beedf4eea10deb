"""A study grows into arms: the product of its axes, extra arms, controls."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from build import tiny_schedule

from models.specs.arms import arm_count, expand
from models.specs.canonical import canonical
from models.specs.patches import PatchError
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec

BATCH_AXIS = {"name": "batch", "path": "/clock/batch", "values": [10, 20]}
COST_AXIS = {"name": "late", "path": "/stages/late/costs/naming", "values": {"weak": 0.1, "strong": 1.0}}


def study(**members: Any) -> StudySpec:
    document = {
        "ontogeny": "1",
        "kind": "study",
        "name": "s",
        "base": "tiny",
        "seeds": {"start": 5, "count": 3},
        **members,
    }
    return StudySpec.model_validate_json(orjson.dumps(document))


def refused(base: dict[str, Any] | None = None, **members: Any) -> PatchError:
    with pytest.raises(PatchError) as caught:
        expand(study(**members), base or tiny_schedule())
    return caught.value


def test_axes_multiply_with_the_first_slowest() -> None:
    arms = expand(study(axes=[BATCH_AXIS, COST_AXIS]), tiny_schedule())
    assert [arm.name for arm in arms] == [
        "batch=10,late=weak",
        "batch=10,late=strong",
        "batch=20,late=weak",
        "batch=20,late=strong",
    ]
    assert [arm.index for arm in arms] == [0, 1, 2, 3]
    last = arms[-1]
    assert (last.labels, last.origin) == ({"batch": "20", "late": "strong"}, "grid")
    assert (last.document["clock"]["batch"], last.document["stages"][1]["costs"]) == (20, {"naming": 1.0})


def test_every_arm_has_the_seeds_of_the_study() -> None:
    for arm in expand(study(axes=[BATCH_AXIS]), tiny_schedule()):
        assert arm.document["seeds"] == {"start": 5, "count": 3}


def test_a_study_without_axes_is_its_base_and_its_arms() -> None:
    extra = {"name": "slow", "patch": [{"op": "replace", "path": "/organism/optimizer/lr", "value": 0.01}]}
    arms = expand(study(arms=[extra]), tiny_schedule())
    assert [(arm.name, arm.labels, arm.origin) for arm in arms] == [("base", {}, "grid"), ("slow", {}, "arm")]
    assert arms[0].document == tiny_schedule(seeds={"start": 5, "count": 3})


def test_an_arm_that_does_not_name_an_axis_keeps_the_base_there() -> None:
    extra = {"name": "mixed", "labels": {"batch": 10}, "patch": [{"op": "remove", "path": "/stages/early"}]}
    arm = expand(study(axes=[BATCH_AXIS, COST_AXIS], arms=[extra]), tiny_schedule())[-1]
    assert arm.labels == {"batch": "10"}
    assert arm.document["clock"]["batch"] == 10
    assert [stage["costs"] for stage in arm.document["stages"]] == [{"naming": 0.5}]


def test_paths_in_lock_step_take_one_value_each() -> None:
    axis = {
        "name": "size",
        "path": ["/clock/batch", "/organism/areas/V1/size"],
        "values": {"small": [10, 4], "large": [20, 8]},
    }
    small, large = expand(study(axes=[axis]), tiny_schedule())
    assert (small.document["clock"]["batch"], small.document["organism"]["areas"]["V1"]["size"]) == (10, 4)
    assert (large.document["clock"]["batch"], large.document["organism"]["areas"]["V1"]["size"]) == (20, 8)
    error = refused(axes=[{**axis, "values": {"odd": [10]}}])
    assert (error.code, error.pointer) == ("E18", "/axes/0/values/odd")


def test_patches_are_further_labels() -> None:
    axis = {**COST_AXIS, "patches": {"none": [{"op": "remove", "path": "/stages/late"}]}}
    arms = expand(study(axes=[axis]), tiny_schedule())
    assert [arm.labels["late"] for arm in arms] == ["weak", "strong", "none"]
    assert [stage["name"] for stage in arms[-1].document["stages"]] == ["early"]


def test_equal_numbers_are_equal_labels() -> None:
    axis = {"name": "lr", "path": "/organism/optimizer/lr", "values": [1.0, 0.1]}
    arms = expand(study(axes=[axis], arms=[{"name": "one", "labels": {"lr": 1}}]), tiny_schedule())
    assert [arm.labels["lr"] for arm in arms] == ["1", "0.1", "1"]
    assert refused(axes=[{**axis, "values": [1, 1.0]}]).code == "E02"


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"axes": [BATCH_AXIS, BATCH_AXIS]}, "E02", "/axes/1/name"),
        ({"axes": [{**BATCH_AXIS, "values": [{"k": 20}]}]}, "E18", "/axes/0/values/0"),
        ({"axes": [{**BATCH_AXIS, "values": ["a b"]}]}, "E18", "/axes/0/values/0"),
        ({"axes": [{**BATCH_AXIS, "values": []}]}, "E18", "/axes/0"),
        ({"axes": [{**BATCH_AXIS, "path": "/clock/bach"}]}, "E16", "/axes/0/path"),
        ({"axes": [{**BATCH_AXIS, "path": "/seeds/count"}]}, "E33", "/axes/0/path"),
        ({"axes": [BATCH_AXIS, {**BATCH_AXIS, "name": "again"}]}, "E33", "/axes/1/path"),
        ({"arms": [{"name": "x"}, {"name": "x"}]}, "E02", "/arms/1/name"),
        ({"arms": [{"name": "x", "labels": {"bach": 1}}], "axes": [BATCH_AXIS]}, "E32", "/arms/0/labels/bach"),
        ({"arms": [{"name": "x", "labels": {"batch": 1}}], "axes": [BATCH_AXIS]}, "E32", "/arms/0/labels/batch"),
        (
            {"arms": [{"name": "x", "patch": [{"op": "remove", "path": "/stages/x"}]}]},
            "E16",
            "/arms/0/patch/0/path",
        ),
        (
            {"controls": [{"kind": "reversed", "name": "r", "labels": {"arm": "nobody"}}]},
            "E32",
            "/controls/0/labels/arm",
        ),
    ],
)
def test_a_mistake_is_refused_at_its_place(members: dict[str, Any], code: str, pointer: str) -> None:
    error = refused(**members)
    assert (error.code, error.pointer) == (code, pointer)


def test_a_patch_may_not_write_what_an_axis_has_written() -> None:
    patch = [{"op": "replace", "path": "/clock/batch", "value": 5}]
    error = refused(axes=[BATCH_AXIS], arms=[{"name": "x", "labels": {"batch": 10}, "patch": patch}])
    assert (error.code, error.pointer) == ("E33", "/arms/0/patch/0/path")
    assert "axis batch" in error.message
    assert expand(study(axes=[BATCH_AXIS], arms=[{"name": "x", "patch": patch}]), tiny_schedule())


def test_a_control_may_be_made_of_a_named_arm_or_of_an_earlier_control() -> None:
    extra = {"name": "slow", "patch": [{"op": "replace", "path": "/organism/optimizer/lr", "value": 0.01}]}
    controls = [
        {"kind": "reversed", "name": "back", "labels": {"arm": "slow"}},
        {"kind": "shuffled", "name": "noise", "cost": "naming", "labels": {"arm": "back"}},
    ]
    arms = expand(study(arms=[extra], controls=controls), tiny_schedule())
    assert [arm.name for arm in arms] == ["base", "slow", "back", "noise"]
    assert arms[-1].origin == "control"
    assert arms[-1].document["organism"]["optimizer"]["lr"] == 0.01
    assert [stage["name"] for stage in arms[-1].document["stages"]] == ["late", "early"]


# ---- a temporary blur: onset x duration x kind, four arms, one control


def blur_schedule() -> dict[str, Any]:
    areas = {name: {"kind": "linear", "size": size} for name, size in (("V1", 100), ("IT", 100), ("head", 10))}
    pathways = [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "IT"}, {"from": "IT", "to": "head"}]
    end = {"since": {"event": "deficits.cataract.end", "time": "100ep"}}
    blur = {"kind": "blur", "sigma": 3.0}
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "cataract-blur",
        "clock": {"batch": 100},
        "organism": {"senses": {"retina": {"shape": [40]}}, "areas": areas, "pathways": pathways},
        "worlds": {"day": {"source": "mnist1d", "size": 4000}, "test": {"source": "mnist1d", "split": "test"}},
        "costs": {"classify": {"kind": "cross_entropy", "at": "head"}},
        "stages": [{"name": "rearing", "world": "day", "costs": {"classify": 1.0}, "until": end, "limit": "400ep"}],
        "deficits": {"cataract": {"transform": blur, "worlds": ["day"], "onset": "0sp", "duration": "60ep"}},
        "critical_periods": {"rate": {"areas": ["*"], "level": 1.0}},
        "probes": {"acc": {"kind": "accuracy", "at": "head", "world": "test", "every": "2ep"}},
    }


def blur_study() -> StudySpec:
    treated = {"onset": "0ep", "duration": "60ep", "kind": "blur"}
    decay = {"op": "replace", "path": "/critical_periods/rate/level", "value": {"kind": "decay", "half_life": "23ep"}}
    restarted = {**decay, "value": {**decay["value"], "restart_at": ["60ep"]}}
    return study(
        axes=[
            {
                "name": "onset",
                "path": "/deficits/cataract/onset",
                "values": ["0ep", "20ep", "40ep", "80ep", "120ep"],
            },
            {"name": "duration", "path": "/deficits/cataract/duration", "values": ["0ep", "20ep", "60ep"]},
            {
                "name": "kind",
                "path": "/deficits/cataract/transform",
                "values": {"blur": {"kind": "blur", "sigma": 3.0}, "flip": {"kind": "flip"}},
            },
        ],
        arms=[
            {"name": "blur-decaying", "labels": treated, "patch": [decay]},
            {"name": "blur-restarted", "labels": treated, "patch": [restarted]},
            {"name": "flip-decaying", "labels": {**treated, "kind": "flip"}, "patch": [decay]},
            {"name": "clean-decaying", "labels": {**treated, "duration": "0ep"}, "patch": [decay]},
        ],
        controls=[
            {
                "kind": "matched",
                "name": "same-age",
                "by": "sp",
                "labels": {"duration": "0ep"},
                "to": treated,
                "stage": "rearing",
            }
        ],
    )


def test_the_blur_study_grows_into_thirty_arms_four_more_and_a_control() -> None:
    arms = expand(blur_study(), blur_schedule())
    assert arm_count(blur_study()) == len(arms) == 35
    assert [arm.origin for arm in arms] == ["grid"] * 30 + ["arm"] * 4 + ["control"]
    assert len({arm.name for arm in arms}) == 35


def test_the_same_age_control_lives_as_long_as_the_treated_arm() -> None:
    arms = {arm.name: arm for arm in expand(blur_study(), blur_schedule())}
    lived = {}
    for name in ("same-age", "onset=0ep,duration=60ep,kind=blur", "onset=0ep,duration=0ep,kind=blur"):
        schedule = ScheduleSpec.model_validate_json(orjson.dumps(arms[name].document))
        lived[name] = plan_arm(canonical(schedule)).updates_max
    assert list(lived.values()) == [6400, 6400, 4000]
    (stage,) = arms["same-age"].document["stages"]
    assert stage["until"] == {"after": "640000sp"}
    assert "limit" not in stage
