"""Somebody who submits jobs whatever happens, and remembers which of them were accepted."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.chaos.fleet import Fleet
from service.lifecycle import TERMINAL

ASK_SECONDS = 20.0
PACE_SECONDS = 0.3


def document(number: int, updates: int = 300) -> dict[str, Any]:
    """Three lives that grow up in four stages, the last one ended by a trigger; no two numbers share anything."""
    stages: list[dict[str, Any]] = [
        {"name": f"s{i}", "world": "school", "costs": {"naming": 1.0 / (1 + i)}, "until": {"after": f"{updates}ba"}}
        for i in range(4)
    ]
    stages[-1] |= {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.9}}, "limit": f"{updates}ba"}
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": f"chaos-{number}",
        "seeds": {"start": 10 * number, "count": 3},
        "clock": {"batch": 20},
        "organism": {
            "senses": {"point": {"shape": [2]}},
            "areas": {
                "hidden": {"kind": "linear", "size": 32, "act": "tanh"},
                "place": {"kind": "linear", "size": 8, "act": "none"},
            },
            "pathways": [{"from": "point", "to": "hidden"}, {"from": "hidden", "to": "place"}],
            "optimizer": {"kind": "adam", "lr": 0.002},
        },
        "worlds": {
            "school": {"source": "ring", "size": 200},
            "quiz": {"source": "ring", "split": "test", "size": 100},
        },
        "costs": {"naming": {"kind": "cross_entropy", "at": "place", "target": "label"}},
        "stages": stages,
        "probes": {"acc": {"kind": "accuracy", "at": "place", "world": "quiz", "every": "5ba"}},
    }


@dataclass
class Load:
    """Keeps a number of jobs unfinished, each submitted until some API says that it is accepted."""

    fleet: Fleet
    unfinished: int = 4
    updates: int = 300
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Job -> its document."""
    answers: Counter[str] = field(default_factory=Counter)
    """Statuses and errors of the requests."""

    def __post_init__(self) -> None:
        self.enough = threading.Event()
        # one client, whose making costs more than a request; a new connection each, for servers come and go
        self._client = httpx.Client(timeout=ASK_SECONDS, limits=httpx.Limits(max_keepalive_connections=0))
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> None:
        """Begin to submit."""
        self._thread.start()

    def stop(self) -> None:
        """Submit nothing more."""
        self.enough.set()
        self._thread.join(2 * ASK_SECONDS)

    def submit(self, number: int) -> str | None:
        """Submit one document under one key, to any API, until it is accepted; twice, because an answer may be lost."""
        given, found = document(number, self.updates), None
        for attempt in range(10_000):
            answer = self._ask("POST", attempt, "/v1/jobs", json={"document": given}, key=f"chaos-{number}")
            if answer is not None and answer.status_code == 201:
                job = str(answer.json()["id"])
                if found is not None and job != found:
                    self.answers["another job for the same key"] += 1
                found = job
                self.accepted[job] = given
                if answer.headers.get("Idempotency-Replayed") or attempt % 3:
                    return found
            elif self.enough.is_set():
                return found
            time.sleep(PACE_SECONDS)
        return found

    def statuses(self) -> dict[str, str]:
        """Where the accepted jobs stand, as an API tells; `unknown` for one that it does not know."""
        told = {}
        for attempt, job in enumerate(self.accepted):
            answer = self._ask("GET", attempt, f"/v1/jobs/{job}")
            if answer is not None:
                told[job] = answer.json()["status"] if answer.status_code == 200 else "unknown"
        return told

    def _run(self) -> None:
        number, ended = 0, set[str]()
        while not self.enough.wait(PACE_SECONDS):
            going = [job for job in self.accepted if job not in ended]
            for attempt, job in enumerate(going):
                answer = self._ask("GET", number + attempt, f"/v1/jobs/{job}")
                if answer is not None and answer.status_code == 200 and answer.json()["status"] in TERMINAL:
                    ended.add(job)
            if len(self.accepted) - len(ended) < self.unfinished:
                self.submit(number)
                number += 1

    def _ask(self, method: str, turn: int, path: str, *, key: str | None = None, **how: Any) -> httpx.Response | None:
        url = self.fleet.urls[turn % len(self.fleet.urls)]
        headers = {} if key is None else {"Idempotency-Key": key}
        try:
            answer = self._client.request(method, url + path, headers=headers, **how)
        except httpx.HTTPError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer
