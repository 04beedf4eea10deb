"""Run all cases, or those that are named: `python -m benchmarks.rules [--quick] [NAME ...]`."""

from __future__ import annotations

from workers.environment import settle

settle()

import argparse  # noqa: E402
import sys  # noqa: E402

from benchmarks.report import Report, start  # noqa: E402
from benchmarks.rules.cases import TRIALS  # noqa: E402


def main(arguments: list[str]) -> int:
    """One row per rule and bench; 0 if all that is required holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer passes, no MNIST")
    parser.add_argument("names", nargs="*", metavar="NAME", help="titles (rule.bench) or kinds; all if left out")
    chosen = parser.parse_args(arguments)
    report = start("rules")
    for trial in TRIALS:
        if not chosen.names or {trial.title, trial.kind} & set(chosen.names):
            report.keep(trial.row(chosen.quick))
    _compare(report)
    return report.close()


def _compare(report: Report) -> None:
    """What one row owes to another."""
    accuracy = {row.name: row.value for row in report.rows}
    better, worse = accuracy.get("target_propagation.A"), accuracy.get("target_propagation_vanilla.A")
    if better is not None and worse is not None:
        report.add("difference_over_vanilla.A", better - worse, "share", ">= 0.03")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
