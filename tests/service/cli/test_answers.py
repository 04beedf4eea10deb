"""Outcomes and contrasts as the client and the command line show them."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
import yaml
from answering import FINAL, ask, submit
from build import tiny_schedule
from painting import OUTCOMES

from service.client import ApiError, Client

Document = dict[str, Any]


def test_the_client_reads_answers_as_they_are_shaped(client: Client, finished: str) -> None:
    job = client.job(finished)
    found = job.outcomes()
    assert found.complete
    assert {arm.name: arm.mean for arm in found.outcomes[0].arms}["care=good"] == pytest.approx(
        np.mean(np.array(FINAL["good"], dtype=float))
    )
    assert found.outcomes[0].arms[1].lives[4].value is None
    assert [each.name for each in job.contrasts().contrasts] == ["worse", "slower", "spared"]


def test_the_client_raises_the_refusal(client: Client, api: httpx.Client) -> None:
    with pytest.raises(ApiError, match="plain schedule"):
        client.job(submit(api, tiny_schedule())).outcomes()


def test_the_command_line_shows_outcomes_in_every_form(run: Any, api: httpx.Client, finished: str) -> None:
    table = run("outcomes", finished)
    assert table.exit_code == 0
    (row,) = (line for line in table.stdout.splitlines() if line.startswith("time ") and "care=poor" in line)
    assert row.split() == [
        "time",
        "care=poor",
        "290",
        "179.9",
        "400.1",
        "104.9",
        "sp",
        "6",
        "0",
        "2",
        "1",
        "320",
        "300",
    ]
    assert table.stderr == ""
    lives = run("outcomes", finished, "--lives", "-o", "csv").stdout.splitlines()
    assert lives[0] == "outcome,arm,seed,status,value,unit,censored,diverged"
    assert "time,care=poor,4,diverged,140,sp,true,true" in lives
    assert yaml.safe_load(run("outcomes", finished, "-o", "yaml").stdout) == ask(api, finished)
    assert yaml.safe_load(run("outcomes", finished, "-o", "json").stdout) == ask(api, finished)
    assert run("outcomes", finished, "-o", "id").stdout.split() == list(OUTCOMES)
    assert len(run("outcomes", finished, "-o", "jsonl").stdout.splitlines()) == 3 * len(OUTCOMES)


def test_the_command_line_shows_contrasts(run: Any, finished: str) -> None:
    table = run("contrasts", finished)
    assert table.exit_code == 0
    (row,) = (line for line in table.stdout.splitlines() if line.startswith("spared"))
    assert row.split()[:3] == ["spared", "time", "-83.33"]
    assert "worse: 1 of 6 seeds have no value on some side" in table.stderr
    assert run("contrasts", finished, "-o", "id").stdout.split() == ["worse", "slower", "spared"]


def test_the_command_line_says_that_answers_are_not_final(run: Any, api: httpx.Client) -> None:
    found = run("contrasts", submit(api))
    assert found.exit_code == 0
    assert "not final: 18 waiting" in found.stderr
