"""Names of data sets in documents: filled in, pinned, refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from registering import register_scans, schooled

from models.specs.checks import Checked, check_document
from models.specs.worlds import dataset

SCANS: dict[str, Any] = {"kind": "dataset", "name": "scans"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = list(dataset._folder)
    dataset.look_under(tmp_path)
    yield tmp_path
    dataset._folder[:] = before


def told(found: Checked) -> list[tuple[str, str, str, str]]:
    return [
        (each.code, each.pointer, each.message, str(each.suggestion and each.suggestion.text)) for each in found.errors
    ]


def test_a_registered_name_stands_for_its_content(folder: Path) -> None:
    entry = register_scans(folder)
    found = check_document(schooled(SCANS))
    assert found.ok
    assert found.schedules[0].worlds["school"].source.content == entry.content  # type: ignore[union-attr]
    pinned = found.schedules[0].model_dump(mode="json")
    assert check_document(pinned).schedules == found.schedules


def test_a_name_that_stands_for_nothing_is_refused_once_for_each_world(folder: Path) -> None:
    register_scans(folder)
    found = told(check_document(schooled(SCANS | {"name": "scan"})))
    assert sorted((code, pointer) for code, pointer, _, _ in found) == [
        ("E38", "/worlds/quiz/source"),
        ("E38", "/worlds/school/source"),
    ]
    assert {message for _, _, message, _ in found} == {
        "world school: source: data set 'scan' is not registered",
        "world quiz: source: data set 'scan' is not registered",
    }
    assert {suggestion for *_, suggestion in found} == {"did you mean 'scans'?"}


def test_where_nothing_is_registered_the_way_out_is_the_command(folder: Path) -> None:
    ((_, _, _, first), _) = told(check_document(schooled(SCANS)))
    assert first == "ontogeny data add NAME FILE..."


def test_a_pinned_content_that_is_not_the_registered_one_is_refused(folder: Path) -> None:
    register_scans(folder)
    pinned = check_document(schooled(SCANS)).schedules[0].model_dump(mode="json")
    register_scans(folder, inverted=True)
    found = told(check_document(pinned))
    assert {code for code, *_ in found} == {"E38"}
    assert "has other content" in found[0][2]
    (folder / "scans.json").unlink()
    assert "is not registered" in told(check_document(pinned))[0][2]


def test_a_broken_entry_is_told(folder: Path) -> None:
    register_scans(folder)
    pinned = check_document(schooled(SCANS)).schedules[0].model_dump(mode="json")
    (folder / "scans.json").write_text("{}")
    for document in (schooled(SCANS), pinned):
        assert "register it again" in told(check_document(document))[0][2]


@pytest.mark.parametrize("name", ["../scans", "/etc/passwd", "scans.json", "", "a/b", 7])
def test_a_name_is_no_path(folder: Path, name: object) -> None:
    register_scans(folder)
    found = told(check_document(schooled(SCANS | {"name": name})))
    assert "E18" in {code for code, *_ in found}


def test_two_eyes_may_look_at_a_data_set(folder: Path) -> None:
    register_scans(folder)
    source = {"kind": "two_eyes", "of": SCANS}
    document = schooled(source)
    document["organism"]["senses"] = {"retina": {"shape": [1, 8, 8], "channel": "left"}}
    assert check_document(document).ok
    missing = schooled(source | {"of": SCANS | {"name": "other"}})
    assert {code for code, *_ in told(check_document(missing))} == {"E38"}


def test_an_axis_of_a_study_may_run_over_data_sets(folder: Path) -> None:
    register_scans(folder)
    register_scans(folder, "negatives", inverted=True)
    study = {
        "ontogeny": "1",
        "kind": "study",
        "name": "s",
        "base": schooled(SCANS),
        "seeds": {"count": 5},
        "axes": [{"name": "set", "path": "/worlds/school/source/name", "values": ["scans", "negatives"]}],
        "outcomes": {"final": {"kind": "final", "probe": "acc", "window": "1ep"}},
    }
    found = check_document(study)
    assert found.ok, found.errors
    digests = {each.worlds["school"].source.content.digest for each in found.schedules}  # type: ignore[union-attr]
    assert len(digests) == 2
    study["axes"][0]["values"] = ["scans", "nothing"]
    assert {code for code, *_ in told(check_document(study))} == {"E38"}
