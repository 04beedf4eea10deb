"""Run the table, or a family or a kind of it."""

from __future__ import annotations

from workers.environment import settle

settle()

import argparse  # noqa: E402
import sys  # noqa: E402

from benchmarks.catalogue.families import FAMILIES  # noqa: E402
from benchmarks.report import start  # noqa: E402


def main(arguments: list[str]) -> int:
    """Every figure of the chosen entries; 0 if every requirement is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer lives, shorter training")
    parser.add_argument("--family", choices=sorted(FAMILIES), help="one family only")
    parser.add_argument("--only", metavar="KIND", nargs="+", help="some kinds only")
    chosen = parser.parse_args(arguments)
    report = start("catalogue")
    for name, family in FAMILIES.items():
        for entry in family.entries if chosen.family in (None, name) else ():
            for proof in entry.proofs if chosen.only is None or entry.kind in chosen.only else ():
                for figure in proof(chosen.quick):
                    title = f"{entry.kind}.{figure.name}"
                    report.add(title, figure.value, figure.unit, figure.required, peer=figure.peer)
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
