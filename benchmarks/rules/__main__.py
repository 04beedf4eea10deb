"""Run all cases, or those that are named: `python -m benchmarks.rules [--quick] [NAME ...]`."""

from __future__ import annotations

from workers.environment import settle

settle()

import argparse  # noqa: E402
import sys  # noqa: E402

from benchmarks.report import Row, start  # noqa: E402
from benchmarks.rules.cases import ON_MNIST, TRIALS  # noqa: E402
from benchmarks.rules.comparing import compared  # noqa: E402
from models.specs.worlds import dataset  # noqa: E402
from service.settings import Settings  # noqa: E402


def main(arguments: list[str]) -> int:
    """One row per rule and bench; 0 if all that is required holds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer passes, no MNIST")
    parser.add_argument("names", nargs="*", metavar="NAME", help="titles (rule.bench) or kinds; all if left out")
    chosen = parser.parse_args(arguments)
    report = start("rules")
    dataset.look_under(Settings().data_folder)
    for trial in TRIALS if chosen.quick else (*TRIALS, *ON_MNIST):
        if chosen.names and not {trial.title, trial.kind} & set(chosen.names):
            continue
        if trial in ON_MNIST and "mnist" not in dataset.names():
            missing = "no data set mnist in ONTOGENY_DATA: ontogeny data add mnist FILES"
            report.keep(Row(trial.title, None, "share", peer=missing))
        else:
            report.keep(trial.row(chosen.quick))
    for row in compared({row.name: row for row in report.rows if row.value is not None}, chosen.quick):
        report.keep(row)
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
