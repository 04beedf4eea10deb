"""Members in use: which, and where they act; how one asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from build import tiny_schedule

from models.specs import catalogue
from models.specs.document import read
from models.specs.members import UnknownMember, Use, read_use, uses
from models.specs.repeats import Expanded, expand
from models.specs.schedule import ScheduleSpec
from models.specs.study import StudySpec

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "members").rglob("*.yaml"))
FAMILY_OF = {"credit": "rules", "transforms": "deficits"}


def schedule(document: dict[str, Any]) -> ScheduleSpec:
    whole = expand(document)
    assert isinstance(whole, Expanded)
    return ScheduleSpec.model_validate_json(orjson.dumps(whole.document))


def used(**changes: Any) -> frozenset[Use]:
    return uses(None, [schedule(tiny_schedule(**changes))])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_member_of_every_example_is_found_in_it(path: Path) -> None:
    found = uses(None, [schedule(dict(read(path.read_bytes()).data))])
    family = FAMILY_OF.get(path.parent.name, path.parent.name)
    assert any((use.family, use.kind) == (family, path.stem) for use in found)
    for use in found:
        assert catalogue.entry(use.family, use.kind) is not None, use


def test_costs_stand_at_their_areas_and_rules_at_those_they_teach() -> None:
    organism = tiny_schedule()["organism"] | {"credit": [{"areas": ["V1"], "rule": {"kind": "feedback_alignment"}}]}
    found = used(organism=organism)
    assert {use for use in found if use.family in ("costs", "targets", "rules", "optimizers")} == {
        Use("costs", "cross_entropy", "head"),
        Use("targets", "label", "head"),
        Use("rules", "feedback_alignment", "V1"),
        Use("rules", "backprop", "head"),
        Use("optimizers", "sgd", "V1"),
        Use("optimizers", "sgd", "head"),
    }


def test_a_star_stands_for_every_area_or_world() -> None:
    decay = {"kind": "decay", "half_life": "1ep"}
    blur = {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "0ep", "duration": "1ep"}
    found = used(
        probes={"norm": {"kind": "weight_norm", "world": "quiz", "every": "5ba"}},
        critical_periods={"rate": {"areas": ["*"], "level": decay}},
        deficits={"cataract": blur},
    )
    assert {use.at for use in found if use.kind == "weight_norm"} == {"V1", "head"}
    assert {use.at for use in found if use.kind == "decay"} == {"V1", "head"}
    assert {use.at for use in found if use.family == "deficits"} == {"school", "quiz"}


def test_a_study_uses_what_its_arms_and_its_questions_use() -> None:
    asked = {
        "ontogeny": "1",
        "kind": "study",
        "name": "s",
        "base": "tiny",
        "seeds": {"count": 2},
        "outcomes": {"end": {"kind": "final", "probe": "acc", "window": "5ba"}},
        "controls": [{"kind": "readout_only", "name": "readout"}],
    }
    study = StudySpec.model_validate_json(orjson.dumps(asked))
    found = uses(study, [schedule(tiny_schedule())])
    assert {Use("outcomes", "final", "end"), Use("controls", "readout_only", "readout")} <= found
    assert Use("worlds", "digits", "school") in found


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("costs/denoise@V1", Use("costs", "denoise", "V1")),
        ("denoise", Use("costs", "denoise", "")),
        ("costs/*@V1", Use("costs", "", "V1")),
        (" rules/backprop ", Use("rules", "backprop", "")),
        ("deficits/blur@day", Use("deficits", "blur", "day")),
    ],
)
def test_what_is_asked_for_is_read(text: str, use: Use) -> None:
    assert read_use(text) == use


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("denoize", "near it: denoise"),
        ("cost/denoise", "there is no family 'cost'; near it: costs"),
        ("blur", "transforms/blur, deficits/blur"),
        ("costs/backprop", "there is no member 'costs/backprop'"),
        ("", "there is no member ''"),
        ("@V1", "there is no member ''"),
    ],
)
def test_what_is_in_no_catalogue_is_refused_with_what_is(text: str, why: str) -> None:
    with pytest.raises(UnknownMember, match=why):
        read_use(text)
