"""States of jobs and lives, and the legal moves, as data; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

JobStatus = Literal["queued", "running", "pausing", "paused", "cancelling", "succeeded", "failed", "cancelled"]
Desired = Literal["running", "paused", "cancelled"]
LifeStatus = Literal["waiting", "developing", "complete", "censored", "diverged", "failed"]
Verb = Literal["cancel", "pause", "resume", "retry", "fork", "extend", "delete"]

TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

_NEW_JOBS: tuple[Verb, ...] = ("fork", "extend")
"""They leave the job as it is, so that every state allows them."""

ALLOWED: dict[str, tuple[Verb, ...]] = {
    "queued": ("cancel", "pause", *_NEW_JOBS),
    "running": ("cancel", "pause", *_NEW_JOBS),
    "pausing": ("cancel", "resume", *_NEW_JOBS),
    "paused": ("cancel", "resume", *_NEW_JOBS),
    "cancelling": _NEW_JOBS,
    "succeeded": (*_NEW_JOBS, "delete"),
    "failed": ("retry", *_NEW_JOBS, "delete"),
    "cancelled": ("retry", *_NEW_JOBS, "delete"),
}
"""Verbs that a job in each state obeys; asking for what already is so is obeyed too."""

ALREADY: dict[Verb, frozenset[str]] = {
    "cancel": frozenset({"cancelling", "cancelled"}),
    "pause": frozenset({"pausing", "paused"}),
    "resume": frozenset({"queued", "running"}),
}

DESIRED: dict[Verb, Desired] = {"cancel": "cancelled", "pause": "paused", "resume": "running"}


@dataclass(frozen=True)
class Standing:
    """What a job's status follows from."""

    status: str
    desired: str
    started: bool
    """Some trajectory was claimed on its behalf."""
    leased: bool
    """Some trajectory is held on its behalf alone."""
    arms_open: int
    """Arms that have not reached their end and can still."""
    arms_failed: int


def status_of(standing: Standing) -> JobStatus:
    """The status that follows; terminal states never change."""
    if standing.status in TERMINAL:
        return standing.status  # type: ignore[return-value]
    if standing.arms_open == 0:
        return "failed" if standing.arms_failed else "succeeded"
    busy = standing.leased and standing.status not in ("queued", "paused")
    match standing.desired:
        case "cancelled":
            return "cancelling" if busy else "cancelled"
        case "paused":
            return "pausing" if busy else "paused"
        case _:
            return "running" if standing.started else "queued"


def obeys(status: str, verb: Verb) -> bool:
    """Whether a job in a state obeys a verb, or already has."""
    return verb in ALLOWED[status] or status in ALREADY.get(verb, frozenset())


def life_counts(statuses: Iterable[LifeStatus]) -> dict[str, int]:
    """How many lives are in each state, and all of them."""
    counts = dict.fromkeys(("waiting", "developing", "complete", "censored", "diverged", "failed"), 0)
    for status in statuses:
        counts[status] += 1
    return {"total": sum(counts.values()), **counts}
