"""Paths by name, four operations, and no path written twice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from build import tiny_schedule
from hypothesis import given
from hypothesis import strategies as st

from models.specs.patches import PatchError, Write, apply, nearest, write_of
from models.specs.study import Patch


def write(op: Any, path: str, value: Any = None, names: tuple[str, ...] = ()) -> Write:
    return Write(op, path, "/arms/0/patch/0/path", "arm x", value, names)


def refused(*writes: Write, document: dict[str, Any] | None = None) -> PatchError:
    with pytest.raises(PatchError) as caught:
        apply(document or tiny_schedule(), writes)
    return caught.value


def test_a_stage_is_found_by_its_name() -> None:
    made = apply(tiny_schedule(), [write("replace", "/stages/late/until/after", "3ba")])
    assert made["stages"][1]["until"] == {"after": "3ba"}


def test_a_pathway_without_a_name_is_found_by_its_ends() -> None:
    made = apply(tiny_schedule(), [write("add", "/organism/pathways/V1-head/gradient", "block")])
    assert made["organism"]["pathways"][1] == {"from": "V1", "to": "head", "gradient": "block"}


def test_a_pathway_with_a_name_is_not_found_by_its_ends() -> None:
    pathways = [{"name": "up", "from": "retina", "to": "V1"}]
    document = tiny_schedule(organism={"pathways": pathways})
    assert apply(document, [write("remove", "/organism/pathways/up")])["organism"]["pathways"] == []
    assert refused(write("remove", "/organism/pathways/retina-V1"), document=document).code == "E16"


def test_a_circuit_is_found_by_its_rule_and_a_transform_by_its_kind() -> None:
    document = tiny_schedule(
        organism={"credit": [{"areas": ["V1"], "rule": "backprop"}]},
        worlds={"school": {"source": "digits", "transforms": ["flip", {"kind": "blur", "sigma": 1.0}]}},
    )
    made = apply(
        document,
        [
            write("replace", "/organism/credit/backprop/rule", "frozen"),
            write("replace", "/worlds/school/transforms/blur/sigma", 2.0),
            write("add", "/worlds/school/transforms/flip/axis", -2),
        ],
    )
    assert made["organism"]["credit"][0]["rule"] == "frozen"
    assert made["worlds"]["school"]["transforms"] == [{"kind": "flip", "axis": -2}, {"kind": "blur", "sigma": 2.0}]


def test_an_unnamed_list_goes_by_index() -> None:
    document = tiny_schedule()
    document["stages"][0]["on_enter"] = ["reset_optimizer", {"kind": "shrink_perturb"}]
    made = apply(
        document,
        [
            write("add", "/stages/early/on_enter/1/noise", 0.0),
            write("add", "/stages/early/on_enter/-", {"kind": "reset_area", "areas": ["V1"]}),
            write("remove", "/stages/early/on_enter/0"),
        ],
    )
    kinds = [act["kind"] for act in made["stages"][0]["on_enter"]]
    assert kinds == ["shrink_perturb", "reset_area"]
    assert made["stages"][0]["on_enter"][0]["noise"] == 0.0


def test_a_bare_kind_is_opened_to_write_an_option() -> None:
    made = apply(tiny_schedule(), [write("add", "/costs/naming/target/shuffle", True)])
    assert made["costs"]["naming"]["target"] == {"kind": "label", "shuffle": True}


def test_escaped_steps_are_unescaped() -> None:
    assert apply({"a/b": {"c~d": 1}}, [write("replace", "/a~1b/c~0d", 2)]) == {"a/b": {"c~d": 2}}


def test_a_missing_path_names_the_place_and_the_nearest() -> None:
    error = refused(write("replace", "/stages/latee/until/after", "3ba"))
    assert (error.code, error.pointer) == ("E16", "/arms/0/patch/0/path")
    assert error.message == "arm x: no 'latee' below /stages"
    assert error.suggestion == "did you mean 'late'?"


def test_replace_of_what_is_not_written_is_refused() -> None:
    assert refused(write("replace", "/stages/late/limit", "3ba")).code == "E16"


def test_add_needs_its_parent_and_refuses_its_target() -> None:
    assert refused(write("add", "/deficits/cataract", {})).code == "E16"
    assert refused(write("add", "/costs/naming", {})).code == "E33"


def test_a_thing_is_added_to_a_named_list_under_its_own_name() -> None:
    stage = {"name": "last", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "1ba"}}
    made = apply(tiny_schedule(), [write("add", "/stages/last", stage)])
    assert [each["name"] for each in made["stages"]] == ["early", "late", "last"]
    assert refused(write("add", "/stages/tail", stage)).code == "E33"


def test_reorder_lists_every_name_once() -> None:
    made = apply(tiny_schedule(), [write("reorder", "/stages", names=("late", "early"))])
    assert [each["name"] for each in made["stages"]] == ["late", "early"]
    for names in (("late",), ("late", "late"), ("late", "early", "x")):
        assert refused(write("reorder", "/stages", names=names)).code == "E33"
    assert refused(write("reorder", "/costs", names=("naming",))).code == "E33"


def test_two_writes_to_one_path_are_refused_with_both_writers() -> None:
    error = refused(
        Write("replace", "/clock/batch", "/axes/0/path", "axis a", 1),
        Write("replace", "/clock/batch", "/axes/1/path", "axis b", 2),
    )
    assert (error.code, error.pointer) == ("E33", "/axes/1/path")
    assert "axis a" in error.message
    assert "axis b" in error.message


def test_a_later_write_may_lie_inside_an_earlier_value_but_not_around_it() -> None:
    outer = write("replace", "/stages/late/until", {"after": "2ba"})
    inner = write("replace", "/stages/late/until/after", "3ba")
    assert apply(tiny_schedule(), [outer, inner])["stages"][1]["until"] == {"after": "3ba"}
    assert refused(inner, outer).code == "E33"


def test_a_stage_may_be_added_and_then_put_in_its_place() -> None:
    stage = {"name": "first", "world": "school", "until": {"after": "1ba"}}
    order = ("first", "early", "late")
    made = apply(tiny_schedule(), [write("add", "/stages/first", stage), write("reorder", "/stages", names=order)])
    assert tuple(each["name"] for each in made["stages"]) == order
    assert refused(*[write("reorder", "/stages", names=("late", "early"))] * 2).code == "E33"


def test_a_patch_takes_exactly_what_its_operation_needs() -> None:
    null = Patch.model_validate({"op": "replace", "path": "/a", "value": None})
    assert write_of(null, "/p", "arm x").value is None
    for bad in (
        {"op": "replace", "path": "/a"},
        {"op": "remove", "path": "/a", "value": 1},
        {"op": "reorder", "path": "/a", "value": 1},
    ):
        with pytest.raises(PatchError, match="E33"):
            write_of(Patch.model_validate(bad), "/p", "arm x")


def test_nearest_lists_what_there_is_if_nothing_is_near() -> None:
    assert nearest("zzz", ["b", "a"]) == "there is a, b"
    assert nearest("zzz", []) is None


LEAVES = {
    "/clock/batch": st.integers(1, 100),
    "/costs/naming/at": st.sampled_from(["V1", "head"]),
    "/stages/early/until/after": st.sampled_from(["1ba", "2ba"]),
    "/stages/late/costs/naming": st.floats(0.0, 1.0),
    "/probes/acc/every": st.sampled_from(["1ba", "2ba"]),
    "/organism/areas/V1/size": st.integers(1, 9),
    "/organism/pathways/V1-head/to": st.just("head"),
}


@given(st.fixed_dictionaries({}, optional=LEAVES), st.randoms(use_true_random=False))
def test_writes_to_different_paths_do_not_depend_on_their_order(chosen: dict[str, Any], random: Any) -> None:
    writes = [write("replace", path, value) for path, value in chosen.items()]
    shuffled = random.sample(writes, len(writes))
    assert apply(tiny_schedule(), writes) == apply(tiny_schedule(), shuffled)


@given(st.sampled_from(sorted(LEAVES)))
def test_the_document_given_is_never_changed(path: str) -> None:
    document = tiny_schedule()
    before = copy.deepcopy(document)
    apply(document, [write("remove", path)])
    assert document == before


@given(st.sampled_from(["/costs/naming", "/probes/acc", "/worlds/quiz", "/stages/late", "/organism/areas/V1"]))
def test_what_is_removed_and_added_again_leaves_the_same_things(path: str) -> None:
    document = tiny_schedule()
    node: Any = document
    for step in path.split("/")[1:]:
        node = node[step] if isinstance(node, dict) else next(each for each in node if each["name"] == step)
    without = apply(document, [write("remove", path)])
    assert without != document
    assert apply(without, [write("add", path, node)]) == document
