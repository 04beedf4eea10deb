"""Faults, each done to a running fleet. One that lasts gives back how long, and what ends it."""

from __future__ import annotations

import os
import random
import secrets
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import redis

from benchmarks.chaos.fleet import STOP_SECONDS, Fleet
from service.queue.bell import QUEUE, folder

HOLE_SECONDS = 6.0
"""Longer than the patience of a fleet under trial."""
LOCK_SECONDS = 3.0
FULL_SECONDS = 2.5
KILL_CHANCE = 0.04
"""Per look, ten of them a second: a worker works for seconds before its turn comes, or nothing would ever be stored."""
FORGED = (
    b"",
    b"no json",
    b"[]",
    b"7",
    b'{"a": 1}',
    b'{"body": "x", "headers": {}, "properties": {}}',
    b"\x80\x04K\x01.",
)
"""Messages of a stranger; the last is a pickle."""

Lasting = tuple[float, Callable[[], object]]
Fault = Callable[[Fleet, random.Random], "bool | Lasting"]
"""False: there was nothing to harm."""


# ---- processes


def kill_worker(fleet: Fleet, chance: random.Random) -> bool:
    """A worker is gone from one instant to the next: in the midst of any slice, or as it starts if none is at work."""
    return chance.random() < KILL_CHANCE and _kill_one(fleet.at_work() or fleet.workers(), chance)


def kill_supervisor(fleet: Fleet, chance: random.Random) -> bool:
    """A supervisor is gone; the kernel tells its workers to leave."""
    return _kill_one(fleet.supervisors(), chance)


def kill_api(fleet: Fleet, chance: random.Random) -> bool:
    """An API is gone, with all requests that it was answering."""
    each = chance.choice(fleet.apis)
    each.kill()
    return True


def stop_worker(fleet: Fleet, chance: random.Random) -> bool | Lasting:
    """A worker stands still until its trajectory is in other hands, and then goes on as if nothing had been."""
    workers = fleet.at_work()
    if not workers:
        return False
    pid = chance.choice(workers)

    def wake() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return STOP_SECONDS, wake


def _kill_one(pids: list[int], chance: random.Random) -> bool:
    if not pids:
        return False
    with suppress(ProcessLookupError):
        os.kill(chance.choice(pids), signal.SIGKILL)
    return True


# ---- broker


def flush_broker(fleet: Fleet, chance: random.Random) -> bool:
    """Every bell, queue and binding is gone."""
    if fleet.redis is not None:
        fleet.redis.flush()
    else:
        for bell in (folder(fleet.settings) / "waiting").glob("*"):
            bell.unlink(missing_ok=True)
    return True


def restart_broker(fleet: Fleet, chance: random.Random) -> bool:
    """The broker dies and comes back empty."""
    if fleet.redis is None:
        return False
    fleet.redis.restart()
    return True


def sever_broker(fleet: Fleet, chance: random.Random) -> bool:
    """Every connection to the broker is reset."""
    if fleet.to_broker is None:
        return False
    fleet.to_broker.sever()
    return True


def hole_broker(fleet: Fleet, chance: random.Random) -> bool | Lasting:
    """Nothing comes through to the broker, and nobody is told."""
    if fleet.to_broker is None:
        return False
    fleet.to_broker.swallow()
    return HOLE_SECONDS, fleet.to_broker.heal


def forge_bells(fleet: Fleet, chance: random.Random) -> bool:
    """Bells are doubled, in another order, and strangers ring."""
    if fleet.redis is not None:
        with fleet.redis.client as client, suppress(redis.RedisError):
            waiting = client.lrange(QUEUE, 0, -1)
            client.rpush(QUEUE, *reversed(waiting), *waiting, *FORGED)
        return True
    waiting_folder = folder(fleet.settings) / "waiting"
    for content in FORGED:
        (waiting_folder / f"{secrets.token_hex(4)}_{QUEUE}.{QUEUE}.msg").write_bytes(content)
    for bell in list(waiting_folder.glob("*.msg"))[:5]:
        with suppress(FileNotFoundError):
            (waiting_folder / f"{secrets.token_hex(4)}_{QUEUE}.{QUEUE}.msg").write_bytes(bell.read_bytes())
    return True


# ---- database


def restart_database(fleet: Fleet, chance: random.Random) -> bool:
    """The database crashes and recovers."""
    if fleet.postgres is None:
        return False
    fleet.postgres.restart(fleet.postgres.IMMEDIATE)
    return True


def sever_database(fleet: Fleet, chance: random.Random) -> bool:
    """Every connection to the database is ended by its server."""
    if fleet.postgres is None:
        return False
    fleet.postgres.sever()
    return True


def reset_database(fleet: Fleet, chance: random.Random) -> bool:
    """Every connection to the database is reset on its way: an answer may be lost whose commit was not."""
    if fleet.to_database is None:
        return False
    fleet.to_database.sever()
    return True


def hole_database(fleet: Fleet, chance: random.Random) -> bool | Lasting:
    """Nothing comes through to the database, and nobody is told."""
    if fleet.to_database is None:
        return False
    fleet.to_database.swallow()
    return HOLE_SECONDS, fleet.to_database.heal


def lock_database(fleet: Fleet, chance: random.Random) -> bool | Lasting:
    """Somebody holds the one writer of SQLite, where nobody does already: a stopped worker may."""
    if fleet.postgres is not None:
        return False
    path = fleet.settings.database_url.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None, timeout=1, check_same_thread=False)
    try:
        holder.execute("begin immediate")
    except sqlite3.OperationalError:
        holder.close()
        return False
    return LOCK_SECONDS, holder.close


# ---- snapshots


def fill_disk(fleet: Fleet, chance: random.Random) -> bool | Lasting:
    """The disk of the snapshots is full, where they lie on one of their own."""
    if not fleet.has_disk:
        return False
    filler = Path(fleet.settings.snapshots) / ".filler"
    with suppress(OSError), filler.open("wb") as file:
        while True:
            file.write(bytes(2**16))
            file.flush()
    return FULL_SECONDS, lambda: filler.unlink(missing_ok=True)


def harm_snapshot(fleet: Fleet, chance: random.Random) -> bool:
    """One of the newest snapshots is torn, altered or gone."""
    files = sorted(Path(fleet.settings.snapshots).glob("*/*.safetensors"), key=_written)[-4:]
    if not files:
        return False
    file = chance.choice(files)
    with suppress(FileNotFoundError):
        data = file.read_bytes()
        harm = chance.choice(("torn", "altered", "gone"))
        if harm == "gone":
            file.unlink()
        else:
            file.write_bytes(data[: len(data) // 2] if harm == "torn" else data[:-1] + bytes([data[-1] ^ 1]))
    return True


def _written(file: Path) -> float:
    with suppress(FileNotFoundError):
        return file.stat().st_mtime
    return 0.0


KILLS: dict[str, Fault] = {"kill_worker": kill_worker, "kill_supervisor": kill_supervisor, "kill_api": kill_api}
BROKER: dict[str, Fault] = {
    "flush_broker": flush_broker,
    "forge_bells": forge_bells,
    "restart_broker": restart_broker,
    "sever_broker": sever_broker,
    "hole_broker": hole_broker,
}
DATABASE: dict[str, Fault] = {
    "restart_database": restart_database,
    "sever_database": sever_database,
    "reset_database": reset_database,
    "hole_database": hole_database,
    "lock_database": lock_database,
}
OTHERS: dict[str, Fault] = {"stop_worker": stop_worker, "fill_disk": fill_disk, "harm_snapshot": harm_snapshot}
FAULTS = KILLS | BROKER | DATABASE | OTHERS
EMBEDDED = {"flush_broker", "forge_bells", "lock_database"}
"""Faults of servers that a home in files can have."""


KILL_SHARES = {
    "embedded": {"kill_worker": 8, "kill_api": 1, "kill_supervisor": 1},
    "distributed": {"kill_worker": 5, "kill_api": 4, "kill_supervisor": 1},
}
"""Of ten kills; the API of an embedded home takes everything with it."""


def of_kills(fleet: Fleet) -> list[str]:
    """Kills as often as each is due."""
    return [name for name, share in KILL_SHARES[fleet.mode].items() for _ in range(share)]


def of_servers(fleet: Fleet) -> list[str]:
    """Faults of broker and database that a mode can have."""
    both = BROKER | DATABASE
    return sorted(EMBEDDED if fleet.mode == "embedded" else both.keys() - {"lock_database"})


def of_others(fleet: Fleet) -> list[str]:
    """Faults of the rest, where there is something to harm."""
    return sorted(OTHERS if fleet.has_disk else OTHERS.keys() - {"fill_disk"})


class Deck:
    """Faults of one sort, drawn like cards at a mean pace: each once, and then by chance, each in its share."""

    def __init__(self, names: Sequence[str], pace: float, chance: random.Random, now: float) -> None:
        self.names, self.pace, self.chance = names, pace, chance
        self.cards = chance.sample(sorted(set(names)), len(set(names)))
        self.due = now + chance.expovariate(1 / pace)

    def play(self, now: float, strike: Callable[[str, float], bool]) -> None:
        """Strike if one is due; a card that finds nothing to harm stays on top until it does."""
        if now < self.due:
            return
        if not self.cards:
            self.cards = self.chance.sample(self.names, len(self.names))
        if strike(self.cards[-1], now):
            self.cards.pop()
            self.due = max(self.due, now - self.pace) + self.chance.expovariate(1 / self.pace)


class Mischief:
    """Strikes one fault after another and ends those that last when their time is over."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._lasting: list[tuple[float, str, Callable[[], object]]] = []

    def strike(self, name: str, now: float) -> bool:
        """Do it; False if there is nothing to harm now, or the same one lasts still."""
        if any(other == name for _, other, _ in self._lasting):
            return False
        told = FAULTS[name](self.fleet, self.chance)
        if told is False:
            return False
        self.done[name] += 1
        if told is not True:
            self._lasting.append((now + told[0], name, told[1]))
        return True

    def end(self, now: float) -> None:
        """End what is over."""
        for each in [each for each in self._lasting if each[0] <= now]:
            self._lasting.remove(each)
            each[2]()
