"""`docker-compose.yml`, taken at its word: every service's own command runs, against servers of this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import tiny_schedule
from composing import ROOT, Service, filled, image, services
from processes import Processes, until
from servers import private

from benchmarks.chaos.servers import Postgres, free_port, redis_program
from service.lifecycle import TERMINAL
from service.settings import Settings

PASSWORDS = {"ONTOGENY_POSTGRES_PASSWORD": "pg-secret", "ONTOGENY_REDIS_PASSWORD": "redis-secret"}
OURS = ("migrate", "api", "worker")
MEMORY = "/var/lib/ontogeny"


@pytest.fixture(scope="module")
def composed() -> dict[str, Service]:
    return services(PASSWORDS)


# ---- what stands in it


def test_it_asks_for_its_passwords() -> None:
    for missing in PASSWORDS:
        with pytest.raises(KeyError, match=missing):
            filled((ROOT / "docker-compose.yml").read_text(), {k: v for k, v in PASSWORDS.items() if k != missing})


def test_only_loopback_is_published_and_only_of_the_api(composed: dict[str, Service]) -> None:
    assert {name: each.given["ports"] for name, each in composed.items() if "ports" in each.given} == {
        "api": ["127.0.0.1:8714:8714"]
    }
    several = services(PASSWORDS | {"ONTOGENY_PORTS": "8714-8716"})
    assert several["api"].given["ports"] == ["127.0.0.1:8714-8716:8714"], "a range of ports for several APIs"
    assert not any("container_name" in each.given for each in composed.values()), "a name could not be scaled"


def test_what_a_service_waits_for_says_when_it_is_well(composed: dict[str, Service]) -> None:
    for each in composed.values():
        for name, condition in each.given.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert composed[name].check
            else:
                assert composed[name].given["restart"] == "no", "a task that ends"


def test_snapshots_lie_in_the_volume_that_all_share(composed: dict[str, Service]) -> None:
    for name in OURS:
        volume, _, place = composed[name].given["volumes"][0].partition(":")
        assert (volume, place) == ("snapshots", composed[name].environment["ONTOGENY_SNAPSHOTS"])


def test_images_hold_what_they_need_and_run_as_nobody_special(composed: dict[str, Service]) -> None:
    for file in {composed[name].given["build"]["dockerfile"] for name in OURS}:
        made = image(file)
        assert made.user == "ontogeny"
        assert all((ROOT / each).exists() for each in made.copied)
        assert {"models", "service", "workers", "migrations"} <= set(made.copied)


def test_a_worker_may_finish_its_slice_before_it_is_killed(composed: dict[str, Service]) -> None:
    grace = float(composed["worker"].given["stop_grace_period"].removesuffix("s"))
    assert grace > Settings.model_fields["slice_seconds_max"].default


# ---- what it starts


@dataclass
class Machine:
    """Runs services as Docker would: their command and environment; only addresses and places are of this machine."""

    composed: dict[str, Service]
    processes: Processes
    folder: Path
    places: dict[str, str]
    """What a container sees -> where it is here."""
    stack: ExitStack
    ports: list[int] = field(default_factory=list)
    """Of the APIs."""

    def here(self, text: str) -> str:
        for theirs, ours in self.places.items():
            text = text.replace(theirs, ours)
        return text

    def environment(self, name: str) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ONTOGENY_", "PG"))}
        own = {key: self.here(value) for key, value in self.composed[name].environment.items()}
        return clean | own | {"PATH": path, "ONTOGENY_HOME": str(self.folder / name)}

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """`docker compose run`: a service with another command, else its own, to its end."""
        command = [self.here(word) for word in words or self.composed[name].command]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, text=True, check=False, timeout=120
        )

    def up(self, name: str, **more: str) -> subprocess.Popen[bytes]:
        """`docker compose up`: one container of a service."""
        command = [self.here(word) for word in self.composed[name].command]
        if name == "api":
            self.ports.append(free_port())
            command = [str(self.ports[-1]) if word == "8714" else word for word in command]
        return self.processes.begin(command, self.environment(name) | more)

    def client(self, port: int) -> httpx.Client:
        return self.stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30))

    def is_well(self, name: str, **addresses: str) -> bool:
        """The check of a service's health; addresses are those of one container."""
        check = list(self.composed[name].check)
        kind = check.pop(0) if check[0] in ("CMD", "CMD-SHELL") else "CMD"
        for theirs, ours in addresses.items():
            check = [word.replace(theirs, ours) for word in check]
        words = ["sh", "-c", *check] if kind == "CMD-SHELL" else check
        return subprocess.run(words, env=self.environment(name), check=False, capture_output=True).returncode == 0


@pytest.fixture
def machine(composed: dict[str, Service], processes: Processes, tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        postgres = stack.enter_context(private(Postgres))
        told = composed["postgres"].environment
        postgres.run(f"create role {told['POSTGRES_USER']} superuser login password '{told['POSTGRES_PASSWORD']}'")
        postgres.run(f"create database {told['POSTGRES_DB']} owner {told['POSTGRES_USER']}")
        port = free_port()
        places = {
            "@postgres:5432": f"@127.0.0.1:{postgres.port}",
            "@redis:6379": f"@127.0.0.1:{port}",
            MEMORY: str(tmp_path / "memory"),
        }
        (tmp_path / "memory" / "snapshots").mkdir(parents=True)
        made = Machine(composed, processes, tmp_path, places, stack)
        words = [redis_program(), *composed["redis"].command[1:], "--port", str(port), "--bind", "127.0.0.1"]
        processes.begin(words, dict(os.environ), cwd=tmp_path)
        yield made


@pytest.mark.servers
@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.timeout(280)
def test_several_apis_and_workers_do_what_the_file_says(machine: Machine) -> None:
    database = machine.composed["postgres"]
    told = re.search(r"127\.0\.0\.1:(\d+)", machine.places["@postgres:5432"])
    assert told is not None
    well = {"pg_isready": f"pg_isready --host 127.0.0.1 --port {told.group(1)}"}
    assert database.check[1].split() == ["pg_isready", "--username", "ontogeny", "--dbname", "ontogeny"]
    until(partial(machine.is_well, "postgres", **well), 30, lambda: "pg_isready")

    migrated = machine.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    refused = machine.run("api")
    assert refused.returncode != 0, "bound to all addresses it starts only once a key exists"
    assert "keys create" in refused.stderr
    key = machine.run("api", *first_key()).stdout.split()[-1]

    for _ in range(2):
        machine.up("api")
    workers = [machine.up("worker", ONTOGENY_SLOTS="1", ONTOGENY_LOG_LEVEL="info") for _ in range(2)]
    for port in machine.ports:
        until(partial(machine.is_well, "api", **{"8714": str(port)}), 60, machine.processes.log)
    until(partial(machine.is_well, "worker"), 60, machine.processes.log)

    clients = [machine.client(port) for port in machine.ports]
    assert [each.get("/v1/jobs").status_code for each in clients] == [401, 401]
    for each in clients:
        each.headers["Authorization"] = f"Bearer {key}"
    jobs = [submitted(clients[i % 2], i) for i in range(4)]
    until(lambda: {status(clients[0], each) for each in jobs} <= TERMINAL, 120, machine.processes.log)
    for each in jobs:
        answers = [client.get(f"/v1/jobs/{each}/history", params={"points": "all"}) for client in clients]
        assert answers[0].status_code == 200, answers[0].text
        assert answers[0].json() == answers[1].json(), "whichever API is asked"
        assert status(clients[1], each) == "succeeded"
    slices = machine.processes.logged("slice")
    assert {line["job"] for line in slices} == set(jobs)
    assert list((machine.folder / "memory" / "snapshots").glob("*/*.safetensors")), "in the shared volume"
    secrets = [*PASSWORDS.values(), key]
    assert not any(
        secret in machine.processes.log(i) for secret in secrets for i in range(len(machine.processes.started))
    )

    for each in workers:
        each.send_signal(signal.SIGTERM)
    assert [each.wait(90) for each in workers] == [0, 0]


def first_key() -> list[str]:
    """The command at the head of the file that makes the first key."""
    (line,) = re.findall(
        r"docker compose run --rm api (ontogeny keys create .*)", (ROOT / "docker-compose.yml").read_text()
    )
    return str(line).split()


def submitted(client: httpx.Client, number: int) -> str:
    document = tiny_schedule(name=f"composed-{number}", seeds={"start": 10 * number, "count": 2})
    answer = client.post("/v1/jobs", json={"document": document})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def status(client: httpx.Client, job: str) -> Any:
    return client.get(f"/v1/jobs/{job}").json()["status"]
