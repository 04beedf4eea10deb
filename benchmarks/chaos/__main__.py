"""Whole services under trial, embedded and distributed: `python -m benchmarks.chaos [--quick] [--minutes M]`.

Without faults it first measures what a second worker brings, and whether eight workers on one SQLite file ever meet a
lock. Then processes are killed and stopped, the broker flushed, restarted and cut off, the database crashed and cut
off, the disk filled, snapshots harmed, while jobs come in over HTTP; each mode is under trial for so many minutes, and
if these are five or more, for up to four times as long until there were a hundred kills. What it left is held against
the same documents trained undisturbed.
"""

from __future__ import annotations

import argparse
import random
import sys

import structlog

from workers.environment import settle

settle()  # the undisturbed run trains in this process

from benchmarks.chaos import scaling, trial  # noqa: E402
from benchmarks.chaos.faults import BROKER, DATABASE, KILLS, OTHERS  # noqa: E402
from benchmarks.chaos.verdict import percentile  # noqa: E402
from benchmarks.report import Report  # noqa: E402

QUICK_SECONDS = 45.0
KILLS_WANTED, SERVERS_WANTED = 200, 50
MODES = ("embedded", "distributed")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS:g} s a mode, and no counts required")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each mode is under trial")
    parser.add_argument("--seed", type=int, default=None, help="of faults and victims")
    chosen = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if chosen.seed is None else chosen.seed
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    report = Report("chaos", chosen.quick)
    report.head()
    print(f"seed: {seed}\n")
    report.add("two_workers_vs_one", scaling.two_workers_vs_one(quick=chosen.quick), "x", ">= 1.8", peer="one worker")
    report.add("locked_with_8_workers", scaling.locked_with(8, quick=chosen.quick), "errors", "== 0")
    seconds = QUICK_SECONDS if chosen.quick else 60.0 * chosen.minutes
    enough = not chosen.quick and chosen.minutes >= 5
    kills = KILLS_WANTED // len(MODES) if enough else 0
    trials = [trial.run(mode, seconds, seed, kills=kills) for mode in MODES]
    for each in trials:
        tell(report, each)
    tell_faults(report, trials, enough=enough)
    return report.close()


def tell(report: Report, each: trial.Trial) -> None:
    """Rows of one mode."""
    verdict, name = each.verdict, each.mode
    for lost in verdict.jobs_lost:
        print(f"LOST {name} {lost}")
    report.add(f"jobs_accepted_{name}", each.accepted, "jobs", ">= 1")
    report.add(f"jobs_lost_{name}", len(verdict.jobs_lost), "jobs", "== 0")
    report.add(f"history_gaps_{name}", verdict.history_gaps, "updates", "== 0")
    report.add(f"duplicates_{name}", verdict.duplicates, "rows", "== 0")
    report.add(f"event_gaps_{name}", verdict.event_gaps, "jobs", "== 0")
    report.add(f"lives_compared_{name}", verdict.lives_compared, "stage ends", ">= 1", peer="undisturbed run")
    report.add(f"lives_differing_{name}", verdict.lives_differing, "stage ends", "== 0", peer="undisturbed run")
    report.add(f"histories_differing_{name}", verdict.histories_differing, "series", "== 0", peer="undisturbed run")
    report.add(f"server_errors_{name}", trial.server_errors(each.answers), "answers", "== 0")
    report.add(f"database_locked_{name}", each.locked, "errors")
    report.add(f"slices_{name}", verdict.slices, "slices")
    report.add(f"slices_repeated_{name}", verdict.slices_repeated, "slices")
    report.add(f"leases_expired_{name}", verdict.leases_expired, "leases")
    report.add(f"leases_lost_{name}", verdict.leases_lost, "zombies")
    report.add(f"snapshots_lost_{name}", verdict.snapshots_lost, "snapshots")
    report.add(f"slices_failed_{name}", verdict.tasks_raised, "slices")
    report.add(f"longest_stall_{name}", verdict.longest_stall_seconds, "s")
    for lap, values in sorted(verdict.laps.items()):
        for percent in (50, 95):
            report.add(f"{lap.removesuffix('_seconds')}_p{percent}_{name}", percentile(values, percent), "s")


def tell_faults(report: Report, trials: list[trial.Trial], *, enough: bool) -> None:
    """What was done, by kind, over all modes."""
    done = {name: sum(each.faults.get(name, 0) for each in trials) for name in (*KILLS, *BROKER, *DATABASE, *OTHERS)}
    for name, count in done.items():
        report.add(f"faults_{name}", count, "times")
    kills = sum(done[name] for name in KILLS)
    servers = sum(done[name] for name in (*BROKER, *DATABASE))
    report.add("faults_kills", kills, "times", f">= {KILLS_WANTED}" if enough else None)
    report.add("faults_servers", servers, "times", f">= {SERVERS_WANTED}" if enough else None)


if __name__ == "__main__":
    sys.exit(main())
