from __future__ import annotations

from typing import Any

import pytest
from build import tiny_schedule

from models.specs import catalogue
from models.specs.checks import check_document
from models.specs.findings import Finding
from models.specs.worlds.sources import SourceSpec

RAMP = {"kind": "ramp", "end": "1ep", "from": 0.0, "to": 1.0}


def changed(path: str, value: Any = ...) -> dict[str, Any]:
    """The tiny schedule with one member set, or left out."""
    document = tiny_schedule()
    node: Any = document
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")[1:]]
    for step in way:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return document


def only(document: dict[str, Any]) -> Finding:
    (found,) = check_document(document).errors
    return found


@pytest.mark.parametrize(
    ("path", "value", "code", "pointer", "words"),
    [
        ("/stages/0/limitt", "3ep", "E18", "/stages/0/limitt", "unknown key 'limitt'"),
        ("/stages/0/until", ..., "E18", "/stages/0", "missing key 'until'"),
        ("/clock", ..., "E18", "", "schedule: missing key 'clock'"),
        ("/clock/batch", 2.5, "E18", "/clock/batch", "expected a whole number, got 2.5"),
        ("/clock/batch", True, "E18", "/clock/batch", "got true"),
        ("/costs/naming", {"kind": "denoise", "at": "V1", "corrupt": 1.5}, "E30", "/costs/naming", "probability"),
        ("/stages/0/costs/naming", "1.0", "E18", "/stages/0/costs/naming", "expected a number, an envelope"),
        ("/stages/0/costs/naming", None, "E18", "/stages/0/costs/naming", "got null"),
        ("/stages/0/costs/naming", [1.0, RAMP | {"to": "x"}], "E18", "/stages/0/costs/naming/1/to", "the text 'x'"),
        ("/stages/0/costs/naming", RAMP | {"ennd": "1ep"}, "E18", "/stages/0/costs/naming/ennd", "costs.naming"),
        ("/stages/0/costs/naming", {"kind": "rampp"}, "E29", "/stages/0/costs/naming/kind", "unknown kind 'rampp'"),
        ("/stages/0/costs/naming", {"end": "1ep"}, "E18", "/stages/0/costs/naming", "missing key 'kind'"),
        ("/worlds/school/transforms", [{"kind": "blur", "sgma": 1.0, "sigma": 1.0}], "E18",
         "/worlds/school/transforms/0/sgma", "unknown key 'sgma'"),
        ("/worlds/school/transforms", ["blur"], "E18", "/worlds/school/transforms/0", "missing key 'sigma'"),
        ("/worlds/school/source", "digts", "E29", "/worlds/school/source", "unknown kind 'digts'"),
        ("/organism/areas/V1/size", "16", "E18", "/organism/areas/V1/size", "expected a whole number"),
        ("/organism/areas/V1/act", "tnah", "E29", "/organism/areas/V1/act", "'tnah' is none of"),
        ("/organism/areas/my area", {"kind": "linear", "size": 1}, "E18", "/organism/areas/my area", "is no name"),
        ("/stages/0/on_enter", ["reset_optimiser"], "E29", "/stages/0/on_enter/0", "unknown kind"),
        ("/stages/0/until", {}, "E23", "/stages/0/until", "exactly one of"),
        ("/stages/0/until", {"after": "1ep", "age": "2ep"}, "E23", "/stages/0/until", "exactly one of"),
        ("/stages/0/until", {"any": [{"after": "1ep"}, {}]}, "E23", "/stages/0/until/any/1", "exactly one of"),
        ("/critical_periods", {"c": {"areas": ["*"]}}, "E23", "/critical_periods/c", "closes"),
        ("/stages/0/until", {"after": "3 epochs"}, "E19", "/stages/0/until/after", "'3 epochs': a duration is"),
        ("/stages/0/until", {"after": 5}, "E19", "/stages/0/until/after", "a duration is"),
        ("/stages/0/costs/naming", RAMP | {"end": "1wk"}, "E19", "/stages/0/costs/naming/end", "'1wk'"),
        ("/stages/0/costs/naming", {"kind": "steps", "points": [["0", 1.0]]}, "E19",
         "/stages/0/costs/naming/points/0/0", "'0': a duration is"),
        ("/clock/batch", 0, "E30", "/clock/batch", "0 is out of bounds"),
        ("/stages", [], "E30", "/stages", "0 items"),
        ("/organism/optimizer/lr", float("nan"), "E30", "/organism/optimizer/lr", "not a finite number"),
        ("/organism/optimizer/lr", float("inf"), "E30", "/organism/optimizer/lr", "not a finite number"),
        ("/clock/batch", 10**30, "E30", "/clock/batch", "out of bounds"),
        ("/stages/0/until", {"since": {"event": "deficit.x.end", "time": "1ep"}}, "E29",
         "/stages/0/until/since/event", "unknown event 'deficit.x.end'"),
        ("/ontogeny", 1, "E18", "/ontogeny", "expected '1', got 1"),
        ("/kind", "shedule", "E29", "/kind", "unknown kind 'shedule'"),
        ("/kind", ..., "E18", "", "missing key 'kind'"),
    ],
)  # fmt: skip
def test_a_mistake_of_form_is_told_with_its_pointer(path: str, value: Any, code: str, pointer: str, words: str):
    found = only(changed(path, value))
    assert (found.code, found.pointer) == (code, pointer)
    assert words in found.message


def test_a_message_begins_with_the_place_and_its_path_is_by_name():
    found = only(changed("/stages/1/limitt", "3ep"))
    assert found.message == "stage late: unknown key 'limitt'"
    assert found.path == "/stages/late/limitt"


def test_a_misspelt_key_comes_with_the_nearest_and_the_edit():
    found = only(changed("/stages/1/limitt", "3ep"))
    assert found.suggestion is not None
    assert found.suggestion.text == "did you mean 'limit'?"
    assert [(each.op, each.path, each.value) for each in found.suggestion.edit or ()] == [
        ("remove", "/stages/late/limitt", None),
        ("add", "/stages/late/limit", "3ep"),
    ]


def test_an_unknown_kind_lists_the_known_ones():
    found = only(changed("/worlds/school/source", "digts"))
    assert found.suggestion is not None
    known = ", ".join(catalogue.kind_of(spec) for spec in catalogue.members(SourceSpec))
    assert found.suggestion.text == f"did you mean 'digits'? known kinds: {known}"


def test_a_number_in_quotes_is_told_to_lose_them():
    found = only(changed("/stages/0/costs/naming", "0.5"))
    assert found.suggestion is not None
    assert found.suggestion.text == "write 0.5 without quotes"


def test_all_mistakes_of_form_are_told_at_once():
    document = changed("/stages/0/limitt", "3ep")
    document["clock"] = {}
    del document["costs"]
    del document["worlds"]["quiz"]["source"]
    assert sorted((each.code, each.pointer) for each in check_document(document).errors) == [
        ("E18", ""),
        ("E18", "/clock"),
        ("E18", "/stages/0/limitt"),
        ("E23", "/worlds/quiz"),
    ]


def test_of_the_branches_of_a_union_one_finding_is_left():
    study = {"ontogeny": "1", "kind": "study", "name": "s", "base": 5, "seeds": {"count": 5}}
    assert [each.pointer for each in check_document(study).errors] == ["/base"]
