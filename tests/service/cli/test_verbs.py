"""Verbs of the command line, on an application in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from build import tiny_schedule
from direct import Direct
from fastapi import FastAPI
from simulated import Bench, Clock
from typer.testing import CliRunner, Result

from service.app import create_app
from service.cli import app as cli
from service.cli.jobs import readings
from service.client import ApiError, Client
from service.settings import Settings
from service.store.engine import migrate


@pytest.fixture
def api(tmp_path: Path) -> FastAPI:
    settings = Settings(home=tmp_path)
    migrate(settings.database_url)
    return create_app(settings)


@pytest.fixture
def bench(api: FastAPI) -> Bench:
    api.state.database._clock = Clock()
    return Bench(api.state.database, api.state.database._clock)


@pytest.fixture
def client(api: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client("http://localhost:8714")
    made._http = httpx.Client(transport=Direct(api), base_url=made.url)
    for room in ("verbs", "jobs", "documents", "catalogue"):
        monkeypatch.setattr(f"service.cli.{room}.client", lambda context: made)
    return made


def run(*words: str, code: int = 0, stdin: str | None = None) -> Result:
    done = CliRunner().invoke(cli, list(words), input=stdin)
    assert done.exit_code == code, done.output
    return done


def submit(client: Client, start: int = 0, **about: Any) -> str:
    return client.submit(tiny_schedule(seeds={"start": start, "count": 2}), **about).id


def test_a_fork_is_said_by_edits_or_by_a_document(client: Client, bench: Bench, tmp_path: Path) -> None:
    job = submit(client)
    bench.run()
    new = run("fork", job, "10ba", "--set", "/stages/late/costs/naming=0.25", "--name", "softer").stdout.strip()
    state = client.job(new).state
    assert (state["name"], state["relation"], state["parent_age_sp"]) == ("softer", "fork", 200)
    assert client.job(new).document("resolved")["stages"][1]["costs"] == {"naming": 0.25}
    document = tmp_path / "longer.yaml"
    document.write_text(yaml.safe_dump(tiny_schedule()))
    assert run("fork", job, "0sp", str(document)).stdout.startswith("job_")
    run("fork", job, "10ba", code=2)


def test_a_stage_is_made_longer(client: Client, bench: Bench) -> None:
    job = submit(client)
    bench.run()
    new = run("extend", job, "late", "--after", "3ep", "--name", "long").stdout.strip()
    assert client.job(new).state["progress"]["updates_total"] == 40
    run("extend", job, "late", code=2)


def test_many_jobs_are_named_read_or_chosen(client: Client, bench: Bench) -> None:
    jobs = [submit(client, 10 * place, labels={"set": "pilot"}) for place in range(4)]
    run("pause", *jobs[:2])
    assert [bench.status(job) for job in jobs] == ["paused", "paused", "queued", "queued"]
    run("resume", "-", stdin="\n".join(jobs[:2]))
    rows = json.loads(run("cancel", "--label", "set:pilot", "--dry-run", "-o", "json").stdout)
    assert {row["answer"] for row in rows} == {"would be asked"}
    assert bench.status(jobs[0]) == "queued"
    run("cancel", "--label", "set:pilot", "--now")
    assert {bench.status(job) for job in jobs} == {"cancelled"}
    assert run("retry", jobs[0]).stdout.startswith("job_")
    run("rm", *jobs)
    assert len(list(client.jobs())) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [(["cancel"], 2), (["cancel", "a", "--status", "queued"], 2), (["rm", "job_" + "0" * 26], 3)],
)
def test_what_cannot_be_meant_has_a_code_of_its_own(client: Client, words: list[str], code: int) -> None:
    run(*words, code=code)


def test_a_refusal_is_told_and_the_others_are_done(client: Client, bench: Bench) -> None:
    done = submit(client)
    bench.run()
    waiting = submit(client, 10)
    told = run("cancel", done, waiting, code=5)
    assert "invalid-transition" in told.stdout
    assert "succeeded cannot be asked to cancel; what it can be asked to: fork, extend, delete" in " ".join(
        told.stderr.split()
    )
    assert bench.status(waiting) == "cancelled"


def test_where_nothing_is_found_it_is_said(client: Client) -> None:
    assert run("list").stderr.strip() == "none"
    assert run("rm", "--label", "set:pilot", "--dry-run").stderr.strip() == "none"
    with pytest.raises(ValueError, match="'yesterday' is no time; write 2026-11-25"):
        CliRunner().invoke(cli, ["list", "--after", "yesterday"], catch_exceptions=False)


def test_a_mistake_is_told_once_with_its_place(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump({name: part for name, part in tiny_schedule().items() if name != "clock"}))
    with pytest.raises(ApiError) as caught:
        CliRunner().invoke(cli, ["submit", str(file)], catch_exceptions=False)
    assert str(caught.value) == "E18 at /: schedule: missing key 'clock'"
    assert run("check", str(file), code=7).stderr.strip() == "1 error"


def test_what_a_trigger_read_is_told_in_words() -> None:
    assert readings([{"probe": "quiz", "value": 0.99000001}, {"probe": "cost", "value": None}]) == "quiz=0.99 cost=none"


def test_the_catalogue_lists_families_members_and_pages(client: Client) -> None:
    families = run("catalogue", "-o", "jsonl").stdout.splitlines()
    assert {"family": "rules", "kind": "force"}.items() <= next(
        row for row in map(json.loads, families) if row["kind"] == "force"
    ).items()
    costs = run("catalogue", "costs").stdout
    assert "denoise" in costs
    assert "force" not in costs
    page = run("catalogue", "costs", "denoise").stdout
    assert "J_n = mean" in page
    assert "corrupt" in page.split("Options")[1]
    assert "local | upstream" in page
    assert json.loads(run("catalogue", "costs", "denoise", "-o", "json").stdout)["family"] == "costs"
    run("catalogue", "-o", "id", code=2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("noise",), "known: areas, .*, controls"),
        (("cost",), "did you mean 'costs'"),
        (("cost", "denoise"), "did you mean 'costs'"),
        (("costs", "denoisy"), "did you mean 'denoise'"),
    ],
)
def test_what_is_not_in_the_catalogue_is_said(client: Client, words: tuple[str, ...], told: str) -> None:
    with pytest.raises(ApiError, match=f"there is no .*; {told}"):
        CliRunner().invoke(cli, ["catalogue", *words], catch_exceptions=False)


def test_documents_and_arms_are_held_against_each_other(client: Client, tmp_path: Path) -> None:
    job = submit(client)
    other = tmp_path / "other.yaml"
    changed = tiny_schedule(seeds={"start": 0, "count": 2})
    changed["stages"][-1]["costs"]["naming"] = 0.25
    other.write_text(yaml.safe_dump(changed))
    told = json.loads(run("diff", job, str(other), "-o", "json").stdout)
    assert (told["equal"], [change["b"] for change in told["changes"]]) == (False, [0.25])
    assert json.loads(run("diff", str(other), str(other), "-o", "json").stdout)["equal"] is True
    assert run("diff", f"{job}:0", job).stdout.strip()
    run("diff", str(tmp_path / "none.yaml"), job, code=2)
