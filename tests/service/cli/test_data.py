"""`ontogeny data`, and what the API tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from registering import register_scans, schooled, write_scans
from typer.testing import CliRunner, Result

from models.specs.worlds import dataset
from service.cli import app as command
from service.settings import Settings

RUN = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = list(dataset._folder)
    monkeypatch.setenv("ONTOGENY_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "data"
    dataset._folder[:] = before


def data(*words: str) -> Result:
    return RUN.invoke(command, ["data", *words])


def test_a_data_set_is_added_listed_checked_and_removed(folder: Path, tmp_path: Path) -> None:
    given = write_scans(tmp_path / "given.npz")
    added = data("add", "scans", str(given), "--licence", "BSD-3")
    assert added.exit_code == 0, added.output
    (row,) = json.loads(data("list", "-o", "json").stdout)
    assert {name: row[name] for name in ("name", "form", "shape", "classes", "train", "licence")} == {
        "name": "scans", "form": "npz", "shape": [1, 8, 8], "classes": 10, "train": 1233, "licence": "BSD-3",
    }  # fmt: skip
    assert "scans" in data("list").stdout
    checked = data("check", "scans")
    assert (checked.exit_code, checked.output.strip()) == (0, "scans is what was registered")
    assert data("rm", "scans").exit_code == 0
    assert json.loads(data("list", "-o", "json").stdout) == []
    assert list(folder.iterdir()) == []


def test_what_is_wrong_is_said(folder: Path, tmp_path: Path) -> None:
    given = write_scans(tmp_path / "given.npz")
    for words, told in (
        (("add", "1st", str(given)), "is no name"),
        (("add", "scans", str(tmp_path / "none.npz")), "there is no such file"),
        (("add", "scans", str(given), "--items", "z"), "there is no array z; there are x, y"),
    ):
        done = data(*words)
        assert isinstance(done.exception, ValueError)
        assert told in str(done.exception)
    for verb in ("check", "rm"):
        assert data(verb, "scans").exit_code == 3
    assert not folder.exists()


def test_a_file_that_has_changed_does_not_pass_the_check(folder: Path) -> None:
    digest = register_scans(folder).content.digest
    path = folder / f"{digest}.npz"
    kept = bytearray(path.read_bytes())
    kept[5000] ^= 1
    path.write_bytes(kept)
    done = data("check", "scans")
    assert "register the data set again" in str(done.exception)


def test_the_api_lists_data_sets_and_takes_documents_that_name_them(api: httpx.Client, settings: Settings) -> None:
    assert api.get("/v1/datasets").json() == {"items": [], "next": None}
    document = schooled({"kind": "dataset", "name": "scans"})
    refused = api.post("/v1/jobs", json=document)
    assert refused.status_code == 422
    assert {each["code"] for each in refused.json()["errors"]} == {"E38"}
    entry = register_scans(settings.data_folder)
    (item,) = api.get("/v1/datasets").json()["items"]
    assert item == entry.model_dump(mode="json")
    assert api.post("/v1/jobs", json=document).status_code == 201
