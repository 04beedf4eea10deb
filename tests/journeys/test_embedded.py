"""From a file to a history, as a user goes: command line, client, plain HTTP, on real processes."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from build import tiny_schedule
from running import Service

from service.client import ApiError, Job

pytestmark = [pytest.mark.processes, pytest.mark.slow]
EXAMPLES = Path(__file__).parents[2] / "examples"
QUICKSTART = str(EXAMPLES / "quickstart.yaml")


@pytest.fixture(scope="module")
def grown(service: Service) -> Job:
    """The quickstart, submitted by the command line and watched to its end."""
    job_id = service.run("submit", QUICKSTART, "--watch", "--label", "set:journey").strip()
    job = service.client.job(job_id)
    assert job.status == "succeeded", job.state["error"]
    return job


def numbers(job: Job) -> dict[tuple[str, int], tuple[list[float], list[float]]]:
    """Every value of every life."""
    return {(t.series, t.seed): (t.x.tolist(), t.y.tolist()) for t in job.history("*", points="all").traces}


def lived(job: Job) -> list[list[float]]:
    """Every value that the lives decide, and not the machine."""
    return [y for (series, _), (_, y) in numbers(job).items() if not series.startswith("machine.")]


def test_check_and_plan_speak_before_anything_runs(service: Service) -> None:
    assert service.run("check", QUICKSTART) == ""
    plan = json.loads(service.run("plan", str(EXAMPLES / "cataract-study.yaml"), "-o", "json"))
    assert plan["totals"]["arms"] == 35
    samples = plan["totals"]["samples"]
    assert samples["shared"] < 0.7 * samples["flat"]


def test_every_life_ends_its_stages_and_says_why(grown: Job) -> None:
    rows = grown.transitions()
    assert [row["stage"] for row in rows if row["seed"] == 2] == ["looking", "handover", "naming"]
    assert [row["age_sp"] for row in rows if row["stage"] == "handover"] == [24000] * 4
    for row in [row for row in rows if row["stage"] == "naming"]:
        assert row["fired"] in ("/until/criterion", "limit")
        if row["fired"] != "limit":
            assert row["values"][0]["value"] >= np.float32(0.99)
    assert all(life["status"] == "complete" for life in grown.lives())


def test_the_history_has_no_gap_and_no_duplicate(grown: Job) -> None:
    ends = {life["seed"]: life["age_sp"] for life in grown.lives()}
    values = numbers(grown)
    for seed, end in ends.items():
        ages, costs = values["cost.naming", seed]
        assert ages == list(range(int(ages[0]), end + 1, 20))
        assert np.isfinite(costs).all()
        quiz = values["probe.quiz-acc", seed][0]
        assert quiz == sorted(set(quiz))
    assert len({values["cost.naming", seed][1][0] for seed in ends}) == len(ends)


def test_it_learns_to_name_digits(grown: Job) -> None:
    exam = [t.y[np.isfinite(t.y)][-1] for t in grown.history("probe.exam-acc", points="all").traces]
    assert min(exam) > 0.95


def test_mean_and_band_over_seeds(grown: Job) -> None:
    (trace,) = grown.history("probe.quiz-acc", over="seed", to="24000sp").traces
    assert trace.n is not None
    assert set(trace.n) == {4}
    singles = list(grown.history("probe.quiz-acc", to="24000sp", points="all").traces)
    assert trace.y.tolist() == pytest.approx(np.mean([t.y for t in singles], axis=0).tolist())


def test_the_export_holds_every_value(service: Service, grown: Job, tmp_path: Path) -> None:
    file = tmp_path / "all.parquet"
    service.run("export", grown.id, "-o", str(file))
    table = pq.read_table(file).to_pydict()
    mine = numbers(grown)
    exported: dict[tuple[str, int], list[float]] = {}
    for series, seed, value in zip(table["series"], table["seed"], table["value"], strict=True):
        exported.setdefault((series, seed), []).append(value)
    assert {key: len(values) for key, values in exported.items()} == {key: len(y) for key, (_, y) in mine.items()}


def test_the_same_document_again_is_answered_at_once(service: Service, grown: Job) -> None:
    again = service.client.submit(QUICKSTART)
    assert again.status == "succeeded"
    assert again.state["progress"]["updates_reused"] > 0
    assert numbers(again) == numbers(grown)


def test_pause_holds_and_resume_goes_on(service: Service) -> None:
    job = service.client.submit(tiny(updates=20000, seed=50))
    wait_for(job, "running")
    service.run("pause", job.id)
    wait_for(job, "paused")
    done = job.refresh().state["progress"]["updates_done"]
    time.sleep(1.5)
    assert job.refresh().state["progress"]["updates_done"] == done
    service.run("resume", job.id)
    assert job.wait().status == "succeeded"


def test_cancel_keeps_what_was_seen_and_retry_goes_on_from_there(service: Service) -> None:
    job = service.client.submit(tiny(updates=20000, seed=60))
    wait_for(job, "running")
    service.run("cancel", job.id)
    wait_for(job, "cancelled")
    service.run("resume", job.id, ok=5)
    again = service.client.job(service.run("retry", job.id).strip())
    assert again.id != job.id
    assert again.wait().status == "succeeded"


def test_killed_workers_change_nothing(service: Service) -> None:
    quiet = service.client.submit(tiny(updates=2500, seed=70, name="quiet")).wait()
    job = service.client.submit(tiny(updates=2500, seed=70, name="killed", fresh=True))
    kills = 0
    for _ in range(40):
        if job.refresh().finished or kills == 4:
            break
        if workers := worker_pids(service):
            os.kill(workers[kills % len(workers)], signal.SIGKILL)
            kills += 1
        time.sleep(1.2)
    assert job.wait().status == "succeeded"
    assert kills >= 2
    assert lived(job) == lived(quiet)


def test_speed_and_memory_are_recorded_beside_what_lives_become(grown: Job) -> None:
    rows = {row["name"]: row for row in grown.series()}
    assert (rows["machine.speed"]["unit"], rows["machine.memory"]["unit"]) == ("updates/s", "MiB")
    assert all(rows[name]["meaning"] for name in rows)
    assert 1 < rows["machine.speed"]["min"] <= rows["machine.speed"]["max"] < 1e6
    assert 20 < rows["machine.memory"]["last"] < 1e5
    assert rows["gradient_norm.V1"]["cadence_updates"] == rows["weight_norm.V1"]["cadence_updates"] == 10
    speed = grown.history("machine.speed", over="seed").traces[0]
    assert len(speed.x) >= 2


def test_the_stream_tells_the_end_and_can_be_taken_up_again(service: Service, grown: Job) -> None:
    events = list(grown.follow())
    assert events[0].type == "job"
    assert events[-1].type == "end"
    numbered = [event.seq for event in events if event.seq is not None and event.type != "history"]
    assert numbered == sorted(numbered)
    headers = {"Last-Event-ID": str(numbered[-1])}
    answer = httpx.get(f"{service.client.url}/v1/jobs/{grown.id}/events/stream", headers=headers)
    assert answer.status_code == 204


def test_plain_http_is_enough(service: Service) -> None:
    url = service.client.url
    text = Path(QUICKSTART).read_bytes()
    made = httpx.post(f"{url}/v1/jobs", content=text, headers={"Content-Type": "application/yaml"})
    assert made.status_code == 201
    place = f"{url}{made.headers['Location']}"
    seen = httpx.get(place)
    assert httpx.get(place, headers={"If-None-Match": seen.headers["ETag"]}).status_code == 304
    csv = httpx.get(f"{place}/history?series=probe.quiz-acc", headers={"Accept": "text/csv"})
    assert csv.status_code == 200
    assert csv.text.startswith("#")


def test_a_refused_document_says_where_and_exits_with_seven(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(Path(QUICKSTART).read_text().replace("plasticity:", "plastizity:", 1))
    service.run("check", str(file), ok=7)
    service.run("submit", str(file), ok=7)
    service.run("show", "job_none", ok=3)
    service.run("history", "@last", "probe.none", ok=3)
    with pytest.raises(ApiError, match="plasticity"):
        service.client.submit(file)


def tiny(*, updates: int, seed: int, name: str = "tiny", fresh: bool = False) -> dict[str, Any]:
    """A small schedule of one stage; `fresh`: the same life under another key, so that nothing is shared."""
    data = tiny_schedule()
    stage = data["stages"][0] | {"until": {"after": f"{updates}ba"}}
    acts = [{"kind": "reset_optimizer"}] if fresh else []
    return data | {"name": name, "seeds": {"start": seed, "count": 3}, "stages": [stage | {"on_enter": acts}]}


def wait_for(job: Job, status: str) -> None:
    until = time.monotonic() + 30
    while job.refresh().status != status:
        assert time.monotonic() < until, f"{job.id} stays {job.status}"
        time.sleep(0.1)


def worker_pids(service: Service) -> list[int]:
    """Worker processes below the service."""
    parents, found = {service.process.pid}, []
    tree = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (place / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        tree.append((int(place.name), parent, words))
    for _ in range(3):
        parents |= {pid for pid, parent, _ in tree if parent in parents}
    found = [pid for pid, _, words in tree if pid in parents and b"--slot" in words]
    return sorted(found)
