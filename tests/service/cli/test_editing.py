"""`--set`: what a file says, changed for one call; and what the file plans, printed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from build import tiny_schedule, tiny_study
from direct import client_of
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from models.specs.patches import PatchError
from service.cli import app as cli
from service.client import ApiError, Client, edited


@pytest.fixture
def client(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Client:
    made = client_of(app)
    for room in ("documents", "envelopes", "jobs"):
        monkeypatch.setattr(f"service.cli.{room}.client", lambda context: made)
    return made


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_schedule()))
    return str(path)


@pytest.fixture
def study(tmp_path: Path, file: str) -> str:
    """A study that names the schedule beside it."""
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({**tiny_study(0.25, 0.5), "base": "tiny"}))
    return str(path)


def run(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == code, done.output
    return done


def stored(client: Client, *words: str) -> dict[str, Any]:
    return client.job(run("submit", *words).stdout.strip()).document()


def test_what_is_submitted_is_the_file_with_its_edits(client: Client, file: str) -> None:
    edits = ("/stages/late/costs/naming=2.5e-1", "/seeds={start: 3, count: 2}", "/tags=[pilot]")
    document = stored(client, file, *(word for each in edits for word in ("--set", each)))
    assert document["stages"][1]["costs"]["naming"] == 0.25
    assert document["seeds"] == {"start": 3, "count": 2}
    assert document["tags"] == ["pilot"]
    assert yaml.safe_load(Path(file).read_text()) == tiny_schedule()


def test_later_edits_build_on_earlier_ones_and_an_empty_value_takes_away(client: Client, file: str) -> None:
    tags = ("--set", "/tags=[a]", "--set", "/notes=here", "--set", "/notes=there", "--set", "/tags=")
    document = stored(client, file, *tags)
    assert ("tags" in document, document["notes"]) == (False, "there")


def test_a_study_is_edited_by_names_and_its_base_below_base(client: Client, study: str) -> None:
    edits = ("/axes/weight/values=[0.75, 1]", "/base/clock/batch=10")
    document = stored(client, study, *(word for each in edits for word in ("--set", each)))
    assert document["axes"][0]["values"] == [0.75, 1]
    assert document["base"]["clock"]["batch"] == 10
    assert document["base"]["stages"] == tiny_schedule()["stages"]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("/stages/lte/costs/naming=1", "did you mean 'late'?"),
        ("stages/late=1", "an edit is /path=value"),
        ("/stages/late", "an edit is /path=value"),
        ("/tags=[a", "cannot be read as YAML"),
        ("/nowhere/deep=1", "no 'nowhere'"),
    ],
)
def test_an_edit_that_cannot_be_made_is_told_before_anything_is_sent(
    client: Client, file: str, edit: str, told: str
) -> None:
    assert told in " ".join(run("submit", file, "--set", edit, code=2).stderr.split())
    assert list(client.jobs()) == []


def test_check_plan_and_dry_run_take_edits_and_store_nothing(client: Client, file: str) -> None:
    assert "E19" in run("check", file, "--set", "/stages/late/until/after=2 epochs", code=7).stdout
    longer = json.loads(run("plan", file, "--set", "/stages/late/until/after=5ep", "-o", "json").stdout)
    plain = json.loads(run("plan", file, "-o", "json").stdout)
    assert longer["totals"]["samples"]["flat"] > plain["totals"]["samples"]["flat"]
    dry = run("submit", file, "--dry-run", "--label", "set:pilot", "--notes", "why", "--priority", "3")
    assert "1 arms" in dry.stdout
    assert "nothing was stored" in dry.stderr
    with pytest.raises(ApiError, match="E21 at /stages/1"):
        client.dry_run(
            edited(file, [{"op": "replace", "path": "/stages/late/until", "value": {"not": {"after": "1ep"}}}])
        )
    assert list(client.jobs()) == []


def test_notes_and_priority_are_submitted(client: Client, file: str) -> None:
    job = client.job(run("submit", file, "--notes", "why", "--priority", "3", "--label", "set:pilot").stdout.strip())
    assert (job.state["notes"], job.state["priority"], job.state["labels"]) == ("why", 3, {"set": "pilot"})


def test_what_a_file_plans_is_printed_by_age(client: Client, file: str) -> None:
    done = run("envelopes", file, "--points", "3", "-o", "csv", "--set", "/stages/late/costs/naming=0.25")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    late = [row for row in rows if row["stage"] == "late"]
    assert late
    assert {row["weight.naming"] for row in late} == {"0.25"}
    assert rows[0]["age_sp"] == "0"
    assert [row["world"] for row in rows] == ["school"] * len(rows)
    assert "weight.naming" in run("envelopes", file).stdout.splitlines()[0]
    assert json.loads(run("envelopes", file, "-o", "json").stdout)["exact_until"] == int(rows[-1]["age_sp"])


def test_where_a_trigger_decides_nothing_is_printed_unless_limits_are_asked_for(client: Client, file: str) -> None:
    until = "/stages/early/until={criterion: {probe: acc, op: '>=', value: 2}}"
    words = ("envelopes", file, "--set", until, "--set", "/stages/early/limit=2ep", "-o", "csv")
    done = run(*words)
    last = list(csv.DictReader(io.StringIO(done.stdout)))[-1]
    assert (last["weight.naming"], last["stage"]) == ("", "")
    assert "a trigger decides" in done.stderr
    last = list(csv.DictReader(io.StringIO(run(*words, "--to-limits").stdout)))[-1]
    assert last["stage"] == "late"


def test_a_document_is_given_as_file_text_or_mapping(client: Client, file: str) -> None:
    ids = {client.check(each)["id"] for each in (file, Path(file), Path(file).read_text(), tiny_schedule())}
    assert len(ids) == 1


def test_an_edit_of_a_mapping_leaves_it_as_it_was() -> None:
    document = tiny_schedule()
    changed = edited(document, [{"op": "replace", "path": "/stages/late/costs/naming", "value": 0.5}])
    assert changed["stages"][1]["costs"]["naming"] == 0.5
    assert document == tiny_schedule()
    with pytest.raises(PatchError, match="no 'lat' below /stages"):
        edited(document, [{"op": "remove", "path": "/stages/lat"}])
