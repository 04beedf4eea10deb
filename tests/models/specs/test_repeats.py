"""Repeats written out, what stages vary of their worlds, and the law of lives that live so."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import orjson
import pytest
from build import tiny_schedule
from living import obeys_the_law

from models.specs.canonical import canonical
from models.specs.checks import check_document
from models.specs.document import read
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, arm_keys, plan_arm
from models.specs.repeats import Expanded, expand
from models.specs.schedule import ScheduleSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "random-labels.yaml"
Document = dict[str, Any]


def tasks(turns: int = 3, **stage: Any) -> Document:
    """The first stage of the tiny schedule, then so many turns of two stages."""
    document = copy.deepcopy(tiny_schedule())
    document["worlds"]["school"]["transforms"] = [{"kind": "permute"}]
    base = document["stages"][0]
    first = {**base, "name": "new", "vary": {"permute.task": {"kind": "index", "base": 1}}} | stage
    second = {**base, "name": "old", "costs": {"naming": {"kind": "index", "base": 0.5, "step": 0.25}}}
    inside = [each | {"until": {"after": "5ba"}} for each in (first, second)]
    document["stages"] = [base, {"name": "block", "repeat": turns, "stages": inside}]
    return document


def written(document: Document) -> ScheduleSpec:
    whole = expand(document)
    assert isinstance(whole, Expanded)
    return ScheduleSpec.model_validate_json(orjson.dumps(whole.document))


def planned(document: Document) -> ArmPlan:
    return plan_arm(canonical(written(document)))


def test_stages_are_written_out_in_turns_with_their_numbers() -> None:
    stages = written(tasks()).stages
    names = ["early", *(f"block[{turn}].{stage}" for turn in range(3) for stage in ("new", "old"))]
    assert [stage.name for stage in stages] == names
    assert [stage.vary["permute.task"] for stage in stages[1::2]] == [1, 2, 3]
    assert [stage.costs["naming"] for stage in stages[2::2]] == [0.5, 0.75, 1.0]


def test_a_document_without_repeats_stays_what_it_is() -> None:
    assert expand(tiny_schedule()) == Expanded(tiny_schedule())


def test_what_is_varied_is_in_the_key_and_what_is_not_is_shared() -> None:
    steps = planned(tasks()).steps
    worlds = [step.regime.world.transforms[0].transform.model_dump()["task"] for step in steps]
    assert worlds == [0, 1, 0, 2, 0, 3, 0]
    keys = arm_keys(planned(tasks()), [0], NumericsSpec())
    assert keys[:5] == arm_keys(planned(tasks(2)), [0], NumericsSpec())
    by_hand = tiny_schedule()
    by_hand["worlds"]["school"]["transforms"] = [{"kind": "permute"}]
    by_hand["worlds"]["other"] = by_hand["worlds"]["school"] | {"transforms": [{"kind": "permute", "task": 1}]}
    by_hand["stages"] = [
        by_hand["stages"][0],
        by_hand["stages"][0] | {"name": "other", "world": "other", "until": {"after": "5ba"}},
    ]
    plain = plan_arm(canonical(ScheduleSpec.model_validate_json(orjson.dumps(by_hand))))
    assert arm_keys(plain, [0], NumericsSpec()) == keys[:2]


def test_the_canonical_form_is_a_fixed_point() -> None:
    form = canonical(written(tasks()))
    assert canonical(form) == form
    assert ScheduleSpec.model_validate_json(form.model_dump_json()) == form
    plain = canonical(ScheduleSpec.model_validate_json(orjson.dumps(tiny_schedule())))
    assert "vary" not in plain.stages[0].model_dump(mode="json")


def test_a_life_of_turns_obeys_the_law() -> None:
    obeys_the_law(planned(tasks(2)))


def test_an_event_of_a_repeat_is_its_first() -> None:
    since = {"since": {"event": "stages.block.new.start", "time": "12ba"}}
    document = tasks()
    document["stages"].append(document["stages"][0] | {"name": "last", "until": since, "limit": "100ba"})
    assert check_document(document).ok
    stages = canonical(written(document)).stages
    assert stages[-1].until.since is not None
    assert stages[-1].until.since.event == "stages.block[0].new.start"


def changed(place: str, value: Any) -> Document:
    document = tasks()
    node: Any = document["stages"][1]
    *way, last = place.split("/")
    for step in way:
        node = node[int(step) if step.isdigit() else step]
    node[int(last) if last.isdigit() else last] = value
    return document


INSIDE = "/stages/1/stages/0"


@pytest.mark.parametrize(
    ("place", "value", "code", "pointer"),
    [
        ("repeat", 4, None, ""),
        ("repeat", 0, "E30", "/stages/1/repeat"),
        ("repeat", 600, "E30", "/stages"),
        ("stages", [], "E18", "/stages/1/stages"),
        ("turns", 3, "E18", "/stages/1/turns"),
        ("stages/0", {"name": "deep", "repeat": 2, "stages": []}, "E35", INSIDE),
        ("stages/0/world", "nowhere", "E04", INSIDE + "/world"),
        ("stages/0/untl", {}, "E18", INSIDE + "/untl"),
        ("stages/0/vary", {"permute.tusk": 1}, "E18", INSIDE + "/vary/permute.tusk"),
        ("stages/0/vary", {"blur.sigma": 1}, "E01", INSIDE + "/vary/blur.sigma"),
        ("stages/0/vary", {"permute.task": -1}, "E30", INSIDE + "/vary/permute.task"),
        ("stages/0/vary", {"permute.task": {"kind": "ramp", "end": "3ba", "from": 0, "to": 1}}, "E30", INSIDE),
    ],
)
def test_what_cannot_be_repeated_or_varied_is_refused(place: str, value: Any, code: str | None, pointer: str) -> None:
    errors = [(each.code, each.pointer) for each in check_document(changed(place, value)).errors]
    assert len(errors) == len(set(errors))
    assert any(each == code and at.startswith(pointer) for each, at in errors) if code else not errors


def test_an_index_outside_a_repeat_is_refused() -> None:
    document = tiny_schedule()
    document["stages"][0]["costs"]["naming"] = {"kind": "index"}
    (error,) = check_document(document).errors
    assert (error.code, error.pointer) == ("E35", "/stages/0/costs/naming/kind")


def test_what_senses_receive_may_not_vary() -> None:
    document = tiny_schedule()
    document["worlds"]["school"]["source"] = {"kind": "noisy_disks", "frame": 8}
    document["costs"] = {"naming": {"kind": "autoencode", "at": "V1", "target": "input"}}
    document["probes"] = {}
    document["stages"][0]["vary"] = {"source.frame": 9}
    assert ("E30", "/stages/0/vary") in [(each.code, each.pointer) for each in check_document(document).errors]


def test_the_example_is_valid() -> None:
    assert check_document(dict(read(EXAMPLE.read_bytes()).data)).findings == ()
