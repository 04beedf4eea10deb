"""Searches over 10 000 jobs, as they are answered over HTTP, on SQLite and PostgreSQL.

A few documents are submitted; the other jobs are copies of their rows under names, labels, states, hashes and times of
their own, as many years of use would leave. Every search is for a page of 50, and for something else every time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from benchmarks.history.places import place, postgresql_server
from benchmarks.report import Report, start
from benchmarks.service import ROOT, service
from models.specs.document import read
from service.client import Client
from service.store.creation import new_id
from service.store.engine import Database, migrate
from service.store.rows import Row, fetch
from service.store.tables.search import member_use
from service.store.tables.work import arm, job
from service.wire.times import rfc3339

JOBS = 10_000
ROUNDS = 21
MEMBERS = ROOT / "examples" / "members"
EVERY_SECONDS = 3600.0
BEGAN = 1.7e9
STATES = ("succeeded",) * 90 + ("failed",) * 5 + ("cancelled",) * 4 + ("paused",)
RARE = 1000
"""One job in so many is of the last document."""

COMMON = ("costs/denoise", "costs/slow_feature", "rules/feedback_alignment", "worlds/ring", "probes/loss")
LAST = "rules/kolen_pollack"


def submitted(client: Client) -> list[str]:
    """One job of each of some documents, a study among them; the last is rare."""
    jobs = [client.submit(_example(member)) for member in COMMON]
    study = read((ROOT / "examples" / "cataract-study.yaml").read_bytes()).data
    base = read((ROOT / "examples" / "cataract-blur.yaml").read_bytes()).data
    jobs.append(client.submit({**study, "base": base}))
    jobs.append(client.submit(_example(LAST)))
    return [each.id for each in jobs]


def _example(member: str) -> Path:
    family, _, kind = member.partition("/")
    return MEMBERS / ("credit" if family == "rules" else family) / f"{kind}.yaml"


def grown(database: Database, models: list[str]) -> None:
    """Copies until there are as many jobs as asked for."""
    with database.read() as db:
        of = {name: _rows(db, name) for name in models}
    for first in range(0, JOBS, 500):
        numbers = range(first, min(JOBS, first + 500))
        with database.write() as db:
            for table, rows in _copies(of, models, numbers).items():
                db.execute(sa.insert(table), rows)
    with database.write() as db:
        db.exec_driver_sql("analyze")


def _rows(db: sa.Connection, name: str) -> dict[sa.Table, list[Row]]:
    tables = {job: job.c.id, arm: arm.c.job, member_use: member_use.c.job}
    return {table: fetch(db, sa.select(table).where(column == name)) for table, column in tables.items()}


def _copies(of: Mapping[str, Any], models: list[str], numbers: range) -> dict[sa.Table, list[Row]]:
    found: dict[sa.Table, list[Row]] = {job: [], arm: [], member_use: []}
    for number in numbers:
        model = models[-1] if number % RARE == 0 else models[number % (len(models) - 1)]
        at = BEGAN + number * EVERY_SECONDS
        name, digest = new_id(at), f"sha256:{number:06x}"
        (row,) = of[model][job]
        told = {"name": f"trial-{number}", "labels": {"set": f"s{number % 50}", "by": "bench"}}
        times = {"created_at": at, "finished_at": at + 600.0, "status": STATES[number % len(STATES)]}
        whole = digest + row["document_hash"].removeprefix("sha256:")[6:]
        found[job].append(row | told | times | {"id": name, "document_hash": whole})
        found[arm] += [each | {"job": name} for each in of[model][arm]]
        found[member_use] += [each | {"job": name} for each in of[model][member_use]]
    return found


def questions() -> Iterator[tuple[str, Any]]:
    """What is asked, by row: a query for every round."""
    numbers = np.random.default_rng(0).integers(0, JOBS, 4 * ROUNDS).tolist()

    def at(number: int) -> str | None:
        return rfc3339(BEGAN + number * EVERY_SECONDS)

    yield "newest", lambda _: {}
    yield "name", lambda turn: {"name": f"trial-{numbers[turn]}"}
    yield "part_of_name", lambda turn: {"q": f"al-{numbers[turn]}"}
    yield "label", lambda turn: {"label": f"set:s{numbers[turn] % 50}"}
    yield "state", lambda turn: {"status": ("paused", "cancelled", "failed,paused")[turn % 3]}
    yield "document", lambda turn: {"document": f"{numbers[turn]:06x}"}
    yield "member", lambda turn: {"uses": COMMON[turn % len(COMMON)]}
    yield "member_at", lambda turn: {"uses": ("costs/cross_entropy@head", "areas/linear@V1")[turn % 2]}
    yield "any_member_at", lambda turn: {"uses": ("costs/*@V1", "rules/*@IT")[turn % 2]}
    yield "rare_member", lambda _: {"uses": LAST}
    yield (
        "members_and_label",
        lambda turn: {"uses": [COMMON[0], "worlds/digits"], "label": f"set:s{numbers[turn] % 50}"},
    )
    yield "time", lambda turn: {"created_after": at(numbers[turn]), "created_before": at(numbers[turn] + 40)}
    yield "saved", lambda turn: {"search": "kept", "limit": 1 + turn}


def measured(report: Report, client: Client, suffix: str) -> None:
    """The slowest but one of twenty answers to each question."""
    client.save_search("kept", uses=["costs/cross_entropy@head"], status=["failed"])
    for name, question in questions():
        spent = []
        for turn in range(ROUNDS):
            asked = question(turn)
            begun = time.perf_counter()
            client.get("/v1/jobs", **asked)
            spent.append(time.perf_counter() - begun)
        report.add(f"{name}_p95_ms{suffix}", 1000 * float(np.quantile(spent[1:], 0.95)), "ms", "<= 50")
    cursor = client.get("/v1/jobs", uses="areas/linear", limit=1000)["next"]
    begun, pages = time.perf_counter(), 0
    while cursor is not None:
        cursor = client.get("/v1/jobs", uses="areas/linear", limit=50, cursor=cursor)["next"]
        pages += 1
    report.add(f"page_ms{suffix}", 1000 * (time.perf_counter() - begun) / max(1, pages), "ms", "<= 50")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="as the full form; it is short")
    parser.parse_args()
    report = start("search")
    for kind in ("sqlite", "postgresql"):
        suffix = "" if kind == "sqlite" else f"_{kind}"
        if kind == "postgresql" and postgresql_server() is None:
            report.add(f"newest_p95_ms{suffix}", None, "ms", "<= 50", peer="no PostgreSQL answers")
            continue
        with tempfile.TemporaryDirectory() as folder, place(kind, Path(folder), "search") as url:
            migrate(url)
            with service(workers=0, settings={"ONTOGENY_DATABASE_URL": url}) as (client, _):
                models = submitted(client)
                database = Database(url)
                grown(database, models)
                database.close()
                measured(report, client, suffix)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
