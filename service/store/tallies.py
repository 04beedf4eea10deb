"""What is counted over all time and told as metrics: by workers in their commits, by reconcilers now and then.

Workers have no port to be asked at; so what they count is added up in the database, and every API can tell it.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from service.lifecycle import ALLOWED
from service.store.claims import runnable
from service.store.rows import insert_for
from service.store.tables.record import tally
from service.store.tables.work import job, trajectory

COUNTERS = {
    "updates": "Cohort updates that were committed",
    "history_values": "Values of histories that were committed",
    "snapshot_bytes": "Bytes of snapshots that were committed",
    "snapshots_lost": "Snapshots that were missing or damaged when they were needed",
    "replay_mismatch": "Values or weights that came out differently when a part was trained again",
    "leases_expired": "Leases whose worker fell silent",
    "lease_lost": "Slices whose worker found that another had taken over",
    "bells_sent": "Bells that the broker took",
    "bell_failures": "Bells that the broker did not take",
}
"""Name -> help; told as `ontogeny_<name>_total`."""
HISTOGRAMS: dict[str, tuple[str, tuple[float, ...]]] = {
    "slice_seconds": ("Seconds of a slice: load, train, snapshot", (0.5, 1, 2, 5, 10, 20, 60, 120)),
    "commit_seconds": ("Seconds of the one transaction of a slice", (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)),
}


def add(db: sa.Connection, source: str, amounts: Mapping[str, float]) -> None:
    """Add what a source has counted since it last did."""
    rows = [
        {"name": name, "source": source, "amount": float(amount)} for name, amount in sorted(amounts.items()) if amount
    ]
    if not rows:
        return
    fresh = insert_for(db)(tally)
    added = fresh.on_conflict_do_update(
        index_elements=["name", "source"], set_={"amount": tally.c.amount + fresh.excluded.amount}
    )
    db.execute(added, rows)


def observed(name: str, seconds: float) -> dict[str, float]:
    """One observation of a histogram as amounts: its bucket, the sum, the count."""
    bounds = HISTOGRAMS[name][1]
    bucket = next((f"{bound:g}" for bound in bounds if seconds <= bound), "+Inf")
    return {f"{name}:{bucket}": 1.0, f"{name}:sum": seconds}


def together(*several: Mapping[str, float]) -> dict[str, float]:
    """Amounts added up by name."""
    names = dict.fromkeys(name for each in several for name in each)
    return {name: sum(each.get(name, 0.0) for each in several) for name in names}


def totals(db: sa.Connection) -> dict[str, float]:
    """Everything that was counted, over all sources."""
    query = sa.select(tally.c.name, sa.func.sum(tally.c.amount)).group_by(tally.c.name)
    return {name: float(amount) for name, amount in db.execute(query)}


def buckets(counted: Mapping[str, float], name: str) -> tuple[Sequence[tuple[str, float]], float]:
    """Buckets of a histogram, each with all that is below its bound, and the sum."""
    found, below = list[tuple[str, float]](), 0.0
    for bound in [*(f"{bound:g}" for bound in HISTOGRAMS[name][1]), "+Inf"]:
        below += counted.get(f"{name}:{bound}", 0.0)
        found.append((bound, below))
    return found, counted.get(f"{name}:sum", 0.0)


def source_of(owner: str) -> str:
    """The slot that a worker fills, whichever process it is."""
    return owner.rpartition(":")[0] or owner


def here(role: str) -> str:
    """The source for what this machine's processes of a role count."""
    return f"{socket.gethostname()}:{role}"


# ---- how things stand


def jobs_by_status(db: sa.Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    query = sa.select(job.c.status, sa.func.count()).group_by(job.c.status)
    return dict.fromkeys(ALLOWED, 0) | {status: int(count) for status, count in db.execute(query)}


def trajectories_by_state(db: sa.Connection, now: float) -> dict[str, int]:
    """How many trajectories failed, are leased, can run, wait for their start, or have all that was asked of them."""
    t = trajectory.c
    wanted = sa.or_(t.reached < t.wanted, sa.and_(t.replay.is_not(None), t.wanted > 0))
    state = sa.case(
        (t.error.is_not(None), "failed"),
        (t.lease_until > now, "leased"),
        (sa.and_(*runnable(now)), "runnable"),
        (wanted, "waiting"),
        else_="satisfied",
    )
    names = ("failed", "leased", "runnable", "waiting", "satisfied")
    found = db.execute(sa.select(state.label("state"), sa.func.count()).select_from(trajectory).group_by("state"))
    return dict.fromkeys(names, 0) | {name: int(count) for name, count in found}
