"""The command line without a service: forms of output, plots, stages' shares, keys, and its exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from service.cli import app
from service.cli.output import Form, show_one, show_rows
from service.cli.plotting import HEIGHT, plot
from service.cli.watching import stage_shares
from service.client import History, Trace
from service.store.engine import migrate

ROWS = [{"id": "a", "deep": {"share": 0.25}}, {"id": "b", "deep": {"share": None}}]


@pytest.mark.parametrize("form", list(Form))
def test_every_form_is_what_it_says(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, ("id", "deep.share"), form)
    text = capsys.readouterr().out
    match form:
        case Form.JSON:
            assert json.loads(text) == ROWS
        case Form.JSONL:
            assert [json.loads(line) for line in text.splitlines()] == ROWS
        case Form.YAML:
            assert yaml.safe_load(text) == ROWS
        case Form.ID:
            assert text == "a\nb\n"
        case Form.CSV:
            assert list(csv.reader(text.splitlines())) == [["id", "deep.share"], ["a", "0.25"], ["b", ""]]
        case Form.TABLE:
            assert [line.split() for line in text.splitlines()] == [["id", "share"], ["a", "0.25"], ["b"]]


def test_nothing_is_printed_for_no_rows_in_forms_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([], ("id",), Form.ID)
    show_rows([], ("id",), Form.JSONL)
    assert capsys.readouterr().out == ""


def test_one_object_leaves_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show_one({"id": "a", "notes": "", "labels": {}}, Form.TABLE)
    assert "notes" not in capsys.readouterr().out


def trace(x: list[float], y: list[float]) -> Trace:
    return Trace("probe.acc", "fraction", 0, {}, 0, None, np.array(x), np.array(y))


def history(*traces: Trace) -> History:
    return History(list(traces), {}, [], True, None, {"x": {"name": "age", "unit": "sp"}})


def test_a_plot_names_its_extremes_and_keeps_its_size() -> None:
    lines = plot(history(trace([0, 100, 200], [0.25, np.nan, 0.75]))).splitlines()
    assert len(lines) == HEIGHT + 2
    assert lines[1].split()[0] == "0.75"
    assert lines[HEIGHT].split()[0] == "0.25"
    assert lines[-1].split()[0] == "0"
    assert lines[-1].split()[-1] == "200"


def test_nothing_to_plot_is_said() -> None:
    assert plot(history(trace([0], [np.nan]))) == "nothing recorded yet"


class FakeJob:
    """Lives at given places; what `stage_shares` asks of a job."""

    def __init__(self, *lives: dict[str, Any]) -> None:
        self._lives = list(lives)

    def lives(self) -> list[dict[str, Any]]:
        return self._lives


def test_shares_of_stages_are_means_over_lives() -> None:
    steps = [
        {"stage": "first", "from_age": [0, 0], "to_age": [100, 100]},
        {"stage": "second", "from_age": [100, 100], "to_age": [300, 300]},
    ]
    lives = [
        {"arm": 0, "stage": "first", "age_sp": 50, "status": "developing"},
        {"arm": 0, "stage": "second", "age_sp": 200, "status": "developing"},
        {"arm": 0, "stage": "second", "age_sp": 150, "status": "complete"},
    ]
    shares = stage_shares(FakeJob(*lives), {"arms": [{"index": 0, "steps": steps}]})  # type: ignore[arg-type]
    assert shares == {"first": pytest.approx((0.5 + 1 + 1) / 3), "second": pytest.approx((0 + 0.5 + 1) / 3)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONTOGENY_HOME", str(tmp_path))
    migrate(f"sqlite:///{tmp_path / 'ontogeny.db'}")
    return tmp_path


def test_a_key_is_made_listed_and_revoked(home: Path) -> None:
    runner = CliRunner()
    made = runner.invoke(app, ["keys", "create", "lab", "--scope", "read"])
    assert made.stdout.startswith("ont_")
    (row,) = json.loads(runner.invoke(app, ["keys", "list", "-o", "json"]).stdout)
    assert (row["name"], row["scopes"], row["revoked_at"]) == ("lab", ["read"], None)
    assert made.stdout.strip().split("_", 2)[2] not in json.dumps(row)
    assert runner.invoke(app, ["keys", "revoke", row["id"]]).exit_code == 0
    assert runner.invoke(app, ["keys", "revoke", row["id"]]).exit_code == 3
    (row,) = json.loads(runner.invoke(app, ["keys", "list", "-o", "json"]).stdout)
    created, revoked = (datetime.fromisoformat(row[time]) for time in ("created_at", "revoked_at"))
    assert datetime.now(UTC) - timedelta(minutes=5) < created <= revoked


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--url", "http://127.0.0.1:1", "show", "job_x"], 6, "ontogeny up"),
        (["keys", "create", "--scope", "everything"], 2, "unknown scope"),
        (["submit", "no-such-file.yaml"], 2, "does not exist"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_trouble_is_one_message_and_a_code(home: Path, words: list[str], code: int, said: str) -> None:
    done = subprocess.run([sys.executable, "-m", "service.cli", *words], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_rows_without_ids_are_refused_as_ids() -> None:
    with pytest.raises(ValueError, match="no ids"):
        show_rows([{"seed": 0}], ("seed",), Form.ID)
