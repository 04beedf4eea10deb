"""One fleet under trial: load, mischief, rest, verdict."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.chaos import faults
from benchmarks.chaos.faults import Mischief
from benchmarks.chaos.fleet import Fleet, distributed, embedded
from benchmarks.chaos.load import Load
from benchmarks.chaos.servers import until
from benchmarks.chaos.verdict import Verdict, judge
from service.lifecycle import TERMINAL

REST_SECONDS = 300.0
"""After the last fault everything accepted must come to its end within so long."""
LONGEST = 4.0
"""A trial that lacks kills goes on for at most so many times its seconds: a busy machine starts workers slowly."""


@dataclass(frozen=True)
class Paces:
    """Mean seconds between two faults of a sort."""

    kills: float = 2.2
    servers: float = 7.0
    others: float = 9.0


@dataclass(frozen=True)
class Trial:
    """What was done to a fleet and what became of it."""

    mode: str
    faults: Mapping[str, int]
    accepted: int
    answers: Mapping[str, int]
    verdict: Verdict
    locked: int
    """How often a process said that the database was locked."""


def run(
    mode: str, seconds: float, seed: int, paces: Paces | None = None, *, updates: int = 300, kills: int = 0
) -> Trial:
    """Put a fleet of its own to the trial for so long, or longer until there were so many kills."""
    with embedded() if mode == "embedded" else distributed() as fleet:
        load = Load(fleet, updates=updates)
        load.start()
        done = mischief(fleet, seconds, seed, paces or Paces(), kills)
        load.stop()
        statuses = come_to_rest(load)
        fleet.halt()
        verdict = judge(fleet, statuses, load.accepted.values())
        locked = fleet.logs().count("database is locked")
    return Trial(mode, done, len(load.accepted), load.answers, verdict, locked)


def mischief(fleet: Fleet, seconds: float, seed: int, paces: Paces, kills: int) -> Mapping[str, int]:
    """Strike at the paces for so long, until every fault has struck and there were enough kills; what was done.

    Faults and victims are by chance of the seed. TimeoutError if a fault finds nothing to harm for ever.
    """
    striking, chance, now = Mischief(fleet, seed), random.Random(seed + 1), time.monotonic()
    decks = [
        faults.Deck(faults.of_kills(fleet), paces.kills, chance, now),
        faults.Deck(faults.of_servers(fleet), paces.servers, chance, now),
        faults.Deck(faults.of_others(fleet), paces.others, chance, now),
    ]
    last = now + LONGEST * seconds
    end, wanted = now + seconds, {name for deck in decks for name in deck.names}
    while (now := time.monotonic()) < end or wanted - striking.done.keys():
        if now < last and sum(striking.done[name] for name in faults.KILLS) < kills:
            end = max(end, now + 1.0)
        if now > end + REST_SECONDS:
            raise TimeoutError(f"nothing to harm for {sorted(wanted - striking.done.keys())}: {fleet.logs()[-5000:]}")
        striking.end(now)
        for deck in decks:
            if now < end or set(deck.names) - striking.done.keys():
                deck.play(now, striking.strike)
        time.sleep(0.1)
    striking.end(float("inf"))
    return striking.done


def come_to_rest(load: Load) -> Mapping[str, str]:
    """Wait until every accepted job has ended, or for as long as is granted; where they stand then."""
    statuses: dict[str, str] = {}

    def rests() -> bool:
        statuses.update(load.statuses())
        return len(statuses) == len(load.accepted) and set(statuses.values()) <= TERMINAL

    try:
        until(rests, REST_SECONDS, lambda: statuses)
    except TimeoutError:
        return {job: statuses.get(job, "no answer") for job in load.accepted}
    return statuses


def server_errors(answers: Mapping[str, int]) -> int:
    """Answers of 500 and worse that do not ask to come back later, and keys that made two jobs."""
    bad = sum(count for answer, count in answers.items() if answer.startswith("5") and answer != "503")
    return bad + answers.get("another job for the same key", 0)
