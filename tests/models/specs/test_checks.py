from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from build import tiny_schedule

from models.errors import Malformed, Refused
from models.specs.checks import check_document, check_schedule
from models.specs.credit import CAPABILITIES
from models.specs.credit.capability import Capability
from models.specs.document import read
from models.specs.findings import Code, Finding
from models.specs.schedule import ScheduleSpec

EXAMPLES = Path(__file__).parents[3] / "examples"
Document = dict[str, Any]
Change = Callable[[Document], object]


def richer() -> Document:
    """Three areas with local costs, a second finite world of another size, an endless world and every overlay."""
    document = copy.deepcopy(tiny_schedule())
    document["organism"]["areas"]["IT"] = {"kind": "linear", "size": 8}
    document["organism"]["pathways"] = [
        {"from": "retina", "to": "V1"},
        {"from": "V1", "to": "IT"},
        {"from": "IT", "to": "head"},
    ]
    document["worlds"]["crib"] = {"source": "digits", "size": 100, "labels": "none"}
    document["worlds"]["clips"] = {"source": {"kind": "moving_shapes", "frame": 8}, "steps": 4}
    document["costs"]["rebuild"] = {"kind": "denoise", "at": "V1", "target": "input"}
    document["stages"][0]["costs"]["rebuild"] = 1.0
    document["stages"][1]["costs"]["rebuild"] = 1.0
    document["stages"][1]["costs"]["naming"] = 1.0
    document["deficits"] = {"blur": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "0ba", "duration": "5ba"}}
    document["critical_periods"] = {"young": {"areas": ["V1"], "closes": "8ba", "edge": "1ba"}}
    document["modulators"] = {"calm": {"level": 1.0, "plasticity": {"V1": 0.5}, "costs": {"naming": 1.0}}}
    return document


def at(path: str, value: Any = ...) -> Change:
    """Sets one member, or leaves it out."""

    def change(document: Document) -> None:
        node: Any = document
        *way, last = [int(step) if step.isdigit() else step for step in path.split("/")[1:]]
        for step in way:
            node = node[step]
        if value is ...:
            del node[last]
        elif isinstance(node, list) and last == len(node):
            node.append(value)
        else:
            node[last] = value

    return change


def found(*changes: Change) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in checked(*changes).errors or checked(*changes).warnings]


def checked(*changes: Change) -> Any:
    document = richer()
    for change in changes:
        change(document)
    return check_document(document)


def one(*changes: Change) -> Finding:
    (finding,) = checked(*changes).findings
    return finding


CIRCUIT = {"areas": ["V1", "IT"], "rule": "feedback_alignment"}
RAMP = {"kind": "ramp", "start": "1ba", "end": "5ba", "from": 0.0, "to": 1.0}
CRITERION = {"criterion": {"probe": "acc", "op": ">=", "value": 0.9, "hold": 3}}
ONCE = {"criterion": CRITERION["criterion"] | {"hold": 1}}
S0 = "/stages/0"
ERRORS: list[tuple[str, list[Change], str]] = [
    ("E01", [at("/organism/pathways/1/from", "V2")], "/organism/pathways/1/from"),
    ("E01", [at("/organism/pathways/1/to", "retina")], "/organism/pathways/1/to"),
    ("E01", [at("/organism/credit", [{**CIRCUIT, "areas": ["V1", "V2"]}])], "/organism/credit/0/areas/1"),
    ("E01", [at(S0 + "/plasticity", {"V2": 1.0})], S0 + "/plasticity/V2"),
    ("E01", [at(S0 + "/on_enter", [{"kind": "reset_area", "areas": ["V2"]}])], S0 + "/on_enter/0/areas/0"),
    ("E01", [at("/critical_periods/young/areas", ["V2"])], "/critical_periods/young/areas/0"),
    ("E01", [at("/modulators/calm/plasticity", {"V2": 1.0})], "/modulators/calm/plasticity/V2"),
    ("E01", [at("/probes/acc/at", "haed")], "/probes/acc/at"),
    ("E01", [at("/deficits/blur/transform/sense", "eye")], "/deficits/blur/transform/sense"),
    ("E01", [at("/deficits/blur/transform", {"kind": "cut_pathway", "pathways": ["V1-V2"]})],
     "/deficits/blur/transform/pathways/0"),
    ("E01", [at("/costs/rebuild/target", {"kind": "input", "sense": "eye"})], "/costs/rebuild/target/sense"),
    ("E02", [at("/stages/1/name", "early")], "/stages/1"),
    ("E02", [at("/organism/pathways/3", {"from": "V1", "to": "IT"})], "/organism/pathways/3"),
    ("E02", [at("/organism/pathways/3", {"name": "again", "from": "V1", "to": "IT"})], "/organism/pathways/3"),
    ("E02", [at("/worlds/school/transforms", ["flip", "flip"])], "/worlds/school/transforms/1"),
    ("E02", [at("/organism/areas/retina", {"kind": "linear", "size": 3}),
             at("/organism/pathways/3", {"from": "V1", "to": "retina"})], "/organism/areas/retina"),
    ("E03", [at("/costs/naming/at", "haed")], "/costs/naming/at"),
    ("E03", [at("/costs/rebuild/target", {"kind": "area", "area": "V2"})], "/costs/rebuild/target/area"),
    ("E04", [at(S0 + "/world", "scool")], S0 + "/world"),
    ("E04", [at("/probes/acc/world", "scool")], "/probes/acc/world"),
    ("E04", [at("/deficits/blur/worlds", ["scool"])], "/deficits/blur/worlds/0"),
    ("E05", [at(S0 + "/costs/namng", 1.0)], S0 + "/costs/namng"),
    ("E05", [at("/modulators/calm/costs", {"namng": 1.0})], "/modulators/calm/costs/namng"),
    ("E05", [at("/probes/loss", {"kind": "loss", "cost": "namng", "world": "quiz", "every": "5ba"})],
     "/probes/loss/cost"),
    ("E06", [at(S0 + "/world", "crib"), at("/deficits", {})], S0 + "/costs/naming"),
    ("E06", [at("/costs/slow", {"kind": "slow_feature", "at": "V1"}), at(S0 + "/costs/slow", 1.0)],
     S0 + "/costs/slow"),
    ("E06", [at("/costs/rebuild/target", {"kind": "label", "name": "angle"}), at("/stages/1/costs/rebuild", ...)],
     S0 + "/costs/rebuild"),
    ("E07", [at(S0 + "/plasticity", {"*": 1.0, "V1": 0.0})], S0 + "/costs/rebuild"),
    ("E08", [at(S0 + "/costs", {"naming": 0.0})], S0 + "/costs"),
    ("E09", [at(S0 + "/until", {"criterion": {"probe": "akk", "op": ">", "value": 1.0}}), at(S0 + "/limit", "20ba")],
     S0 + "/until/criterion/probe"),
    ("E10", [at(S0 + "/until", CRITERION), at(S0 + "/limit", "4ba")], S0 + "/until/criterion/probe"),
    ("E10", [at(S0 + "/until", CRITERION), at(S0 + "/limit", "9ba")], S0 + "/until/criterion/probe"),
    ("E11", [at(S0 + "/until", CRITERION), at(S0 + "/limit", "20ba"),
             at(S0 + "/costs/naming", [RAMP | {"end": "0.5st"}, 1.0])], S0 + "/costs/naming/0/end"),
    ("E12", [at("/deficits/blur/duration", "21ba")], "/deficits/blur/duration"),
    ("E12", [at("/critical_periods/young/closes", "20ba")], "/critical_periods/young/closes"),
    ("E13", [at(S0 + "/costs/naming", RAMP | {"end": "1ba"})], S0 + "/costs/naming/end"),
    ("E13", [at(S0 + "/costs/naming", {"kind": "steps", "points": [["1ba", 1.0]]})],
     S0 + "/costs/naming/points/0/0"),
    ("E13", [at(S0 + "/costs/naming", {"kind": "steps", "points": [["0sp", 1.0], ["5ba", 2.0], ["5ba", 1.0]]})],
     S0 + "/costs/naming/points/2/0"),
    ("E13", [at(S0 + "/costs/naming", {"kind": "decay", "half_life": "0sp"})], S0 + "/costs/naming/half_life"),
    ("E13", [at("/probes/acc/every", "0ba")], "/probes/acc/every"),
    ("E13", [at("/critical_periods/young/opens", "8ba")], "/critical_periods/young/closes"),
    ("E13", [at("/critical_periods/young/edge", "9ba")], "/critical_periods/young/edge"),
    ("E13", [at("/critical_periods/young/reopen", [{"at": "8ba", "duration": "3ba"}])],
     "/critical_periods/young/reopen/0/at"),
    ("E14", [at("/organism/areas/IT", {"kind": "conv", "channels": 3})], "/organism/areas/IT"),
    ("E14", [at("/organism/areas/lone", {"kind": "linear", "size": 3})], "/organism/areas/lone"),
    ("E14", [at("/costs/naming/at", "IT")], "/costs/naming/at"),
    ("E14", [at("/costs/rebuild", {"kind": "mse", "at": "V1", "target": {"kind": "area", "area": "IT"}})],
     "/costs/rebuild/at"),
    ("E14", [at("/worlds/line", {"source": "mnist1d", "size": 200}), at(S0 + "/world", "line")], S0 + "/world"),
    ("E14", [at("/organism/senses/retina/shape", [40]), at("/worlds/school/source", "mnist1d"),
             at("/worlds/quiz/source", "mnist1d"), at("/deficits/blur/transform", {"kind": "flip", "axis": -2})],
     "/deficits/blur/transform"),
    ("E15", [at("/worlds/school/size", 1201)], "/worlds/school/size"),
    ("E15", [at("/probes/acc/n", 101)], "/probes/acc/n"),
    ("E15", [at("/clock/batch", 201)], "/clock/batch"),
    ("E30", [at("/organism/optimizer/lr", 1e308)], "/organism/optimizer/lr"),
    ("E30", [at("/organism/optimizer/weight_decay", 1e308)], "/organism/optimizer/weight_decay"),
    (
        "E30",
        [at("/stages/0/costs/naming", {"kind": "ramp", "end": "2st", "from": 0.0, "to": 1.0})],
        "/stages/0/costs/naming/end",
    ),
    ("E18", [at(S0 + "/untill", {})], S0 + "/untill"),
    ("E19", [at(S0 + "/until", {"after": "1st"})], S0 + "/until/after"),
    ("E19", [at("/deficits/blur/onset", "0.1st")], "/deficits/blur/onset"),
    ("E20", [at("/stages/1/world", "crib"), at("/stages/1/costs", {"rebuild": 1.0}),
             at("/deficits/blur/duration", "1ep")], "/deficits/blur/duration"),
    ("E21", [at(S0 + "/until", CRITERION)], S0),
    ("E22", [at(S0 + "/limit", "9ba")], S0 + "/limit"),
    ("E23", [at(S0 + "/until", {})], S0 + "/until"),
    ("E24", [at("/organism/pathways/3", {"from": "IT", "to": "V1"})], "/organism/pathways"),
    ("E24", [at("/organism/pathways/0", {"from": "retina", "to": "V1", "delay": 1})], "/organism/pathways/0/delay"),
    ("E25", [at("/organism/pathways/0", {"from": "retina", "to": "V1", "mode": "symmetric"})],
     "/organism/pathways/0/mode"),
    ("E25", [at("/organism/areas/V1/act", "lif")], "/organism/areas/V1/act"),
    ("E25", [at("/organism/areas/V1/act", "lif"), at("/organism/credit", [{**CIRCUIT, "areas": ["V1"]}])],
     "/organism/credit/0/areas/0"),
    ("E25", [at("/organism/pathways/3", {"from": "V1", "to": "V1", "delay": 1}), at("/clock/sweeps", 3),
             at("/organism/credit", [{"areas": ["V1", "IT", "head"], "rule": "direct_feedback"}])],
     "/organism/credit/0/areas/0"),
    ("E27", [at("/organism/credit", [CIRCUIT, {"name": "b", **CIRCUIT, "areas": ["IT", "head"]}])],
     "/organism/credit/1/areas/0"),
    ("E27", [at("/organism/credit", [{**CIRCUIT, "areas": ["V1", "head"]}])], "/organism/credit/0/areas"),
    ("E28", [at("/organism/areas/IT/innate", True), at(S0 + "/plasticity", {"IT": 1.0})], S0 + "/plasticity/IT"),
    ("E28", [at("/organism/areas/IT/innate", True), at("/organism/credit", [{**CIRCUIT, "areas": ["IT"]}])],
     "/organism/credit/0/areas/0"),
    ("E28", [at("/organism/areas/IT/innate", True), at("/critical_periods/young/areas", ["IT"])],
     "/critical_periods/young/areas/0"),
    ("E28", [at("/organism/areas/V1/innate", True), at("/critical_periods", {}), at("/modulators", {}),
             at(S0 + "/costs/rebuild", 0.0), at("/stages/1/costs/rebuild", 0.0)], "/costs/rebuild/at"),
    ("E29", [at(S0 + "/until", {"since": {"event": "deficits.blr.end", "time": "5ba"}})],
     S0 + "/until/since/event"),
    ("E30", [at(S0 + "/costs/naming", -1.0)], S0 + "/costs/naming"),
    ("E30", [at(S0 + "/costs/naming", [1e4, 1e4])], S0 + "/costs/naming"),
    ("E30", [at(S0 + "/plasticity", {"*": 101.0})], S0 + "/plasticity/*"),
    ("E30", [at("/deficits/blur/strength", RAMP | {"to": 1.5})], "/deficits/blur/strength"),
    ("E30", [at(S0 + "/costs/naming", RAMP | {"shape": "exp"})], S0 + "/costs/naming"),
    ("E30", [at("/clock/batch", 8), at("/costs/quiet", {"kind": "activity", "at": "V1"}),
             at(S0 + "/costs/quiet", 1.0)], "/clock/batch"),
    ("E30", [at("/worlds/clips/steps", 65)], "/worlds/clips/steps"),
    ("E30", [at("/worlds/school/order", "temporal")], "/worlds/school/order"),
    ("E30", [at("/worlds/clips/size", 5), at("/worlds/clips/order", "temporal")], "/worlds/clips/order"),
    ("E31", [at("/stages/0/until", {"since": {"event": "stages.late.start", "time": "5ba"}}), at(S0 + "/limit", "9ba")],
     S0 + "/until/since/event"),
    ("E31", [at(S0 + "/until", {"any": [CRITERION, {"since": {"event": "deficits.blur.end", "time": "1ba"}}]}),
             at(S0 + "/limit", "15ba"), at("/deficits/blur/duration", "25ba"),
             at("/stages/1/until", {"after": "20ba"})],
     S0 + "/until/any/1/since/event"),
    ("E36", [at("/probes/acc/world", "crib")], "/probes/acc/world"),
    ("E36", [at("/probes/acc/at", "IT")], "/probes/acc/at"),
    ("E36", [at("/probes/acc/world", "clips")], "/probes/acc/at"),
    ("E36", [at("/worlds/line", {"source": "mnist1d"}), at("/probes/acc/world", "line")], "/probes/acc/world"),
    ("E36", [at("/probes/acc", {"kind": "linear_readout", "train": "school", "world": "quiz", "every": "5ba"}),
             at(S0 + "/until", CRITERION), at(S0 + "/limit", "20ba")], S0 + "/until/criterion/probe"),
    ("E36", [at("/probes/acc", {"kind": "weight_norm", "at": "V1", "world": "quiz", "every": "5ba"}),
             at(S0 + "/until", {"plateau": {"probe": "acc", "min_delta": 0.1, "patience": "5ba"}}),
             at(S0 + "/limit", "20ba")], S0 + "/until/plateau/probe"),
    ("E36", [at("/probes/acc", {"kind": "traces", "at": "head", "source": "IT", "world": "quiz", "every": "5ba"}),
             at(S0 + "/until", CRITERION), at(S0 + "/limit", "20ba")], S0 + "/until/criterion/probe"),
    ("E36", [at("/probes/f", {"kind": "fisher_trace", "cost": "rebuild", "world": "quiz", "every": "5ba"})],
     "/probes/f/cost"),
    ("E36", [at("/probes/r", {"kind": "linear_readout", "train": "crib", "world": "quiz", "every": "5ba"})],
     "/probes/r/train"),
    ("E36", [at("/probes/l", {"kind": "loss", "cost": "naming", "world": "crib", "every": "5ba"})], "/probes/l/world"),
]  # fmt: skip
WARNINGS: list[tuple[str, list[Change], str]] = [
    ("W01", [at(S0 + "/plasticity", {"*": {"kind": "decay", "half_life": "5ba"}})], S0 + "/plasticity/*"),
    ("W03", [at(S0 + "/until", {"any": [{"after": "10ba"}, CRITERION, ONCE]}),
             at("/deficits", {}), at("/critical_periods", {})], S0 + "/until/any/2/criterion"),
    ("W04", [at(S0 + "/costs/naming", ...), at("/organism/optimizer/momentum", 0.0)], S0),
    ("W05", [at("/stages/1/until", CRITERION), at("/stages/1/limit", "30ba"),
             at("/critical_periods/young/closes", "35ba"), at("/critical_periods/young/areas", ["*"])],
     "/critical_periods/young/closes"),
    ("W07", [at("/probes/acc/world", "school")], "/probes/acc/world"),
    ("W08", [at("/stages/0/until", CRITERION), at(S0 + "/limit", "30ba"), at("/critical_periods", {})],
     "/deficits/blur"),
    ("W09", [at("/stages/1/costs/naming", 0.1)], "/stages/1/costs/naming"),
    ("W10", [at("/worlds/exam", {"source": "digits", "split": "test"}), at("/probes/acc/world", "exam"),
             at("/stages/1/on_enter", [{"kind": "restore_best", "probe": "acc"}])], "/stages/1/on_enter/0/probe"),
    ("W11", [at(S0 + "/until", {"after": "190sp"})], S0 + "/until/after"),
    ("W15", [at("/worlds/spare", {"source": "digits"})], "/worlds/spare"),
    ("W15", [at("/costs/spare", {"kind": "mse", "at": "head"})], "/costs/spare"),
    ("W15", [at("/organism/senses/spare", {"shape": [1, 8, 8]}),
             at("/costs/rebuild/target", {"kind": "input", "sense": "retina"})], "/organism/senses/spare"),
    ("W16", [at("/organism/areas/old", {"kind": "linear", "size": 4}),
             at("/organism/pathways/3", {"from": "retina", "to": "old"}),
             at(S0 + "/plasticity", {"*": 1.0, "old": 0.0}), at("/stages/1/plasticity", {"*": 1.0, "old": 0.0}),
             at("/stages/1/costs/rebuild", ...), at("/organism/optimizer/momentum", 0.0),
             at("/costs/rebuild/target", {"kind": "area", "area": "old"})], S0 + "/costs/rebuild"),
]  # fmt: skip


def test_the_schedule_all_others_are_made_from_has_no_errors():
    assert found() == [("W15", "/worlds/crib"), ("W15", "/worlds/clips")]


@pytest.mark.parametrize(("code", "changes", "pointer"), ERRORS)
def test_an_error_is_found_at_its_place(code: str, changes: list[Change], pointer: str):
    document = richer()
    for change in changes:
        change(document)
    result = check_document(document)
    assert (code, pointer) in [(each.code, each.pointer) for each in result.errors]
    assert {each.code for each in result.errors} == {code}
    assert not result.warnings
    assert result.schedules == ()


@pytest.mark.parametrize(("code", "changes", "pointer"), WARNINGS)
def test_a_warning_is_given_at_its_place(code: str, changes: list[Change], pointer: str):
    result = checked(*changes)
    assert not result.errors
    assert (code, pointer) in [(each.code, each.pointer) for each in result.warnings]
    assert result.ok


def test_a_rule_that_cannot_teach_an_area_is_refused(monkeypatch: pytest.MonkeyPatch):
    narrow = Capability(areas=frozenset({"conv"}))
    monkeypatch.setitem(CAPABILITIES, "feedback_alignment", narrow)
    assert found(at("/organism/credit", [CIRCUIT])) == [
        ("E25", "/organism/credit/0/areas/0"),
        ("E25", "/organism/credit/0/areas/1"),
    ]


def test_endless_worlds_have_no_passes():
    endless = [
        at("/organism/senses/retina/shape", [1, 8, 8]),
        at("/stages/1/world", "clips"),
        at("/stages/1/until", {"after": "1ep"}),
    ]
    assert ("E19", "/stages/1/until/after") in found(*endless)


def test_a_cost_that_reaches_nothing_says_what_stops_it():
    quickstart = read((EXAMPLES / "quickstart.yaml").read_bytes()).data
    quickstart["stages"][0]["costs"] = {"rebuild-V1": 1.0, "naming": 1.0}
    quickstart["stages"][0]["plasticity"] = {"*": 0.0}
    quickstart["stages"][0]["world"] = "school"
    messages = [each.message for each in check_document(quickstart).errors if each.code == "E07"]
    assert messages == [
        "stage looking: cost rebuild-V1 reaches no plastic area: V1 is at plasticity 0",
        "stage looking: cost naming reaches no plastic area: V1, IT and head are at plasticity 0",
    ]


def test_an_unknown_area_comes_with_the_nearest():
    (finding,) = checked(at("/costs/naming/at", "haed")).errors
    assert finding.message == "cost naming: unknown area 'haed'"
    assert finding.suggestion is not None
    assert finding.suggestion.text == "did you mean 'head'?"


def test_a_missing_label_names_the_worlds_that_have_it():
    (finding,) = checked(at(S0 + "/world", "crib"), at("/deficits", {})).errors
    assert finding.message == "stage early: cost naming needs labels, world crib gives none"
    assert finding.suggestion is not None
    assert finding.suggestion.text == "worlds that do: school, quiz, clips"


def test_all_errors_are_told_at_once():
    changes = [at(S0 + "/limit", "9ba"), at(S0 + "/costs/naming", -1.0), at("/worlds/school/size", 5000)]
    assert [code for code, _ in found(*changes)] == ["E15", "E22", "E30"]


def test_a_cost_of_weight_zero_is_asked_for_nothing():
    changes = [at(S0 + "/world", "crib"), at("/deficits", {}), at(S0 + "/costs/naming", 0.0)]
    assert not checked(*changes).errors


@pytest.mark.parametrize("name", ["quickstart", "cataract-blur", "mover-hand-gaze"])
def test_an_example_is_clean(name: str):
    result = check_document(read((EXAMPLES / f"{name}.yaml").read_bytes()).data)
    assert result.findings == ()
    assert result.summary is not None


def test_the_summary_counts():
    result = check_document(read((EXAMPLES / "quickstart.yaml").read_bytes()).data)
    assert result.summary is not None
    assert result.summary.model_dump() == {
        "areas": 3, "parameters": 64 * 65 + 32 * 65 + 10 * 33, "stages": 3, "arms": 1, "lives": 4, "updates_max": 3000,
    }  # fmt: skip


def test_check_schedule_tells_the_same_of_a_spec():
    document = richer()
    document["stages"][0]["costs"]["naming"] = -1.0
    assert [
        (each.code, each.pointer) for each in check_schedule(ScheduleSpec.model_validate(document, strict=False))
    ] == [("E30", S0 + "/costs/naming")]


def test_findings_of_a_text_get_line_and_column():
    parsed = read("ontogeny: '1'\nkind: schedule\nclock:\n  batch: 0\n")
    placed = {each.pointer: (each.line, each.column) for each in check_document(parsed.data).at(parsed).findings}
    assert placed == {"": (None, None), "/clock/batch": (4, 3)}


def test_a_document_with_errors_can_be_raised():
    with pytest.raises(Refused) as caught:
        checked(at(S0 + "/limit", "9ba")).refuse()
    assert [each.code for each in caught.value.findings] == ["E22"]
    checked().refuse()


def test_what_is_no_document_is_e00():
    with pytest.raises(Malformed) as caught:
        read("a: [1\n")
    assert caught.value.findings[0].code == "E00"


def test_every_code_of_a_schedule_has_a_test():
    study = {"E16", "E32", "E33", "E34", "W02", "W06", "W12", "W13", "W17"}
    elsewhere = {"E00", "E17", "E25", "E26", "E35", "E38", "W14"}
    tested = {code for code, _, _ in [*ERRORS, *WARNINGS]}
    assert tested | study | elsewhere == set(get_args(Code))


def test_a_vote_for_a_class_wants_a_label_of_classes() -> None:
    document = tiny_schedule()
    document["organism"]["senses"] = {"x": {"shape": [16]}}
    document["organism"]["pathways"][0]["from"] = "x"
    document["worlds"] = {name: {"source": "linear_map"} for name in ("school", "quiz")}
    document["probes"] = {}
    said = [each.message for each in check_document(document).findings if each.code == "E06"]
    assert said[0] == "stage early: cost naming needs classes (the label is 16 numbers), world school gives none"
    document["costs"]["naming"]["kind"] = "mse"
    document["organism"]["areas"]["head"]["size"] = 16
    document["stages"][1]["until"] = {"after": "5ba"}
    assert [each.code for each in check_document(document).findings if each.severity == "error"] == []
