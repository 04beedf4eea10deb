"""What a job is made of, on the command line and in Python: document, arms, snapshots, events; how it is listed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from build import tiny_schedule, tiny_study
from direct import client_of
from fastapi import FastAPI
from simulated import Bench, Clock
from typer.testing import CliRunner, Result

from service.cli import app as cli
from service.client import ApiError, Client, Job, NoSuchJob


@pytest.fixture
def client(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Client:
    made = client_of(app)
    for room in ("jobs", "parts", "verbs"):
        monkeypatch.setattr(f"service.cli.{room}.client", lambda context: made)
    return made


@pytest.fixture
def job(client: Client, app: FastAPI) -> Job:
    """A study of two arms that has ended."""
    submitted = client.submit(tiny_study(0.25, 0.5), name="pilot", labels={"set": "a", "by": "me"})
    Bench(app.state.database, Clock()).run()
    return submitted.refresh()


def run(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == code, done.output
    return done


def test_a_document_is_printed_as_it_can_be_submitted_again(client: Client, job: Job, tmp_path: Path) -> None:
    file = tmp_path / "again.yaml"
    file.write_text(run("document", "pilot").stdout)
    assert yaml.safe_load(file.read_text()) == tiny_study(0.25, 0.5)
    assert client.check(file)["id"] == job.state["document_hash"]
    lived = json.loads(run("document", "pilot", "--form", "resolved", "--arm", "1", "-o", "json").stdout)
    assert lived["stages"][1]["costs"] == {"naming": 0.5}
    assert "yaml or json" in str(CliRunner().invoke(cli, ["document", "pilot", "-o", "csv"]).exception)


def test_arms_are_listed_with_their_labels(client: Client, job: Job) -> None:
    assert [row["labels"] for row in json.loads(run("arms", "@last", "-o", "json").stdout)] == [
        {"weight": "0.25"},
        {"weight": "0.5"},
    ]
    assert job.arms()[1]["index"] == 1
    assert [arm["index"] for arm in job.plan()["arms"]] == [0, 1]


def test_how_a_job_is_listed_is_changed_and_nothing_else(client: Client, job: Job) -> None:
    words = ("change", "pilot", "--name", "main", "--notes", "why", "--priority", "-3", "--label", "set:b")
    run(*words, "--label", "by:")
    state = job.refresh().state
    assert (state["name"], state["notes"], state["priority"]) == ("main", "why", -3)
    assert state["labels"] == {"set": "b"}
    assert state["document_hash"] == client.find("main").state["document_hash"]
    assert "say what" in run("change", "main", code=2).stderr
    assert "a label is key:value" in run("change", "main", "--label", "set", code=2).stderr


def test_lives_transitions_and_events_are_chosen(client: Client, job: Job) -> None:
    lives = json.loads(run("lives", "pilot", "--arm", "1", "--seed", "0", "-o", "json").stdout)
    assert [(row["arm"], row["seed"]) for row in lives] == [(1, 0)]
    assert job.lives(status="developing") == []
    rows = json.loads(run("transitions", "pilot", "--arm", "0", "--seed", "1", "-o", "json").stdout)
    assert {(row["arm"], row["seed"]) for row in rows} == {(0, 1)}
    assert [row["stage"] for row in rows] == ["early", "late"]
    kinds = {row["type"] for row in json.loads(run("events", "pilot", "--type", "job.status", "-o", "json").stdout)}
    assert kinds == {"job.status"}


def test_events_are_objects_in_order_and_the_stream_tells_the_same(client: Client, job: Job) -> None:
    stored = job.events()
    assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
    assert stored[0].type == "job.created"
    (last,) = job.events(after=len(stored) - 1)
    assert last == stored[-1]
    assert {event.type for event in job.events(type="snapshot.stored,job.status")} <= {"snapshot.stored", "job.status"}
    told = list(job.follow())
    assert (told[0].type, told[0].data["id"]) == ("job", job.id)
    assert (told[-1].type, told[-1].seq) == ("end", None)
    numbered = [event for event in told if event.seq is not None and event.type != "history"]
    assert numbered == [event for event in stored if event.type != "history"]


def test_a_job_is_found_by_name_beginning_or_as_the_last(client: Client, job: Job) -> None:
    assert {client.find(word).id for word in ("pilot", "@last", job.id, job.id[:20])} == {job.id}
    client.submit(tiny_schedule(), name="pilot")
    with pytest.raises(NoSuchJob, match="means 2 jobs") as caught:
        client.find("pilot")
    assert job.id in str(caught.value)
    assert "no job is called 'nobody'" in run("show", "nobody", code=3).stderr
    assert repr(job) == f"<Job {job.id} 'pilot': succeeded, 100%>"


def test_what_was_thinned_is_told_by_attributes(client: Client, job: Job) -> None:
    thinning = job.history("probe.acc").thinning
    assert thinning.exact is thinning["exact"] is True
    with pytest.raises(AttributeError, match="says nothing of 'exct'"):
        _ = thinning.exct


def test_examples_are_listed_and_printed_and_can_be_submitted(client: Client) -> None:
    names = client.examples()
    assert "quickstart" in names
    assert client.check(client.example("quickstart"))["ok"]
    study = client.example("cataract-study")
    assert study["base"]["kind"] == "schedule"
    assert client.check(study)["ok"]
    assert run("examples", "-o", "id").stdout.split() == names
    assert client.check(run("examples", "quickstart").stdout)["id"] == client.check(client.example("quickstart"))["id"]
    assert client.me()["project"] == "default"
    assert client.datasets() == []


def test_an_example_that_is_none_is_answered_with_the_nearest(client: Client) -> None:
    caught = CliRunner().invoke(cli, ["examples", "quickstrt"]).exception
    assert "did you mean 'quickstart'?" in str(caught)


def test_a_series_that_is_not_recorded_is_told_with_the_nearest(job: Job) -> None:
    with pytest.warns(UserWarning, match="nothing is recorded under 'probe.ac'; did you mean 'probe.acc'?"):
        assert job.history("probe.ac", "cost.*").traces != []
    with pytest.warns(UserWarning, match="lists what is recorded"):
        job.history("xyz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        job.history("probe.*", "probe.acc", "xyz.*")
        job.history()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"arm": 9}, "no arm is as asked; there are 2, 0 is the first"),
        ({"seed": [0, 99]}, "no life has seed 99; there are 0 to 1"),
        ({"axis": {"weight": "0.7"}}, "no arm has the label '0.7' on axis 'weight'"),
        ({"axis": {"onset": "4ep"}}, "no arm has the label '4ep' on axis 'onset'"),
    ],
)
def test_lives_that_there_are_not_are_refused_instead_of_answered_with_nothing(
    job: Job, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ApiError) as caught:
        job.history("probe.*", **asked)
    assert told in str(caught.value)
    assert caught.value.code == "invalid-query"


def test_the_list_tells_labels_as_they_are_asked_for(client: Client, job: Job) -> None:
    client.submit(tiny_schedule(), name="bare")
    told = {line.split()[1]: line for line in run("list").stdout.splitlines()[1:]}
    assert "set:a by:me" in told["pilot"]
    assert ":" not in told["bare"].rpartition("Z")[2]
    assert json.loads(run("list", "--label", "set:a", "-o", "json").stdout)[0]["labels"] == {"set": "a", "by": "me"}


def test_a_retry_tells_the_new_job_in_any_form(client: Client) -> None:
    old = client.submit(tiny_schedule()).cancel()
    new = json.loads(run("retry", old.id, "-o", "json").stdout)
    assert (new["parent"], new["relation"]) == (old.id, "retry")
    assert run("retry", old.id).stdout.startswith("job_")
