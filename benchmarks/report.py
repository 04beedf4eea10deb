"""The one convention of all benchmarks: a readable table, then one JSON object as the last line."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
from dataclasses import dataclass, field, fields
from typing import Any

PACKAGES = ("torch", "numpy", "sqlalchemy", "celery", "kombu", "fastapi", "pydantic", "zstandard", "mlflow")


@dataclass(frozen=True)
class Row:
    """One figure: its value and unit, what is required of it, and what it is held against."""

    name: str
    value: float | None
    """None: the peer is missing, which `peer` says."""
    unit: str
    required: str | None = None
    """`<= 2`, `>= 0.9`, `> 0`, `within 0.9 1.1`; None: for information."""
    peer: str | None = None
    parts: tuple[Row, ...] = ()
    """Further figures of the same thing, whose requirements are its own."""

    @property
    def ok(self) -> bool:
        """Whether the requirement is met, and those of all parts."""
        return self._alone and all(part.ok for part in self.parts)

    def told(self) -> dict[str, Any]:
        """For the last line."""
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "parts"}
        parts = {"parts": [part.told() for part in self.parts]} if self.parts else {}
        return given | {"ok": self.ok} | parts

    @property
    def _alone(self) -> bool:
        if self.value is None:
            return False
        if self.required is None:
            return True
        relation, *bounds = self.required.split()
        low, high = float(bounds[0]), float(bounds[-1])
        return {
            "<=": self.value <= high,
            ">=": self.value >= low,
            ">": self.value > low,
            "==": self.value == low,
            "within": low <= self.value <= high,
        }[relation]


@dataclass
class Report:
    """A benchmark as it runs."""

    benchmark: str
    quick: bool
    rows: list[Row] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def add(self, *row: Any, **more: Any) -> None:
        """Record a figure and say it."""
        self.keep(Row(*row, **more))

    def keep(self, line: Row) -> None:
        """Record a row and say it."""
        self.rows.append(line)
        asked = line.required is not None or line.parts
        verdict = f"{line.required or '':>12}  {'ok' if line.ok else 'MISSED'}" if asked else ""
        value = f"{line.value:14.4g}" if line.value is not None else f"{'-':>14}"
        missing = f"  {line.peer}" if line.value is None else ""
        print(f"{line.name:40} {value} {line.unit:12} {verdict}{missing}", flush=True)
        if line.parts:
            print("    " + "; ".join(map(_short, line.parts)), flush=True)

    def head(self) -> None:
        """Machine, load, versions, command."""
        print(f"# {self.benchmark}{' --quick' if self.quick else ''}")
        print(
            f"machine: {platform.machine()}, {os.cpu_count()} cores, {platform.system()}; load {os.getloadavg()[0]:.2f}"
        )
        print("versions: " + ", ".join(f"{name} {version}" for name, version in versions().items()))
        print(f"command: python -m benchmarks.{self.benchmark}{' --quick' if self.quick else ''}\n")

    def close(self) -> int:
        """Print the last line; 0 if every requirement is met."""
        ok = all(row.ok for row in self.rows)
        rows = [row.told() for row in self.rows]
        seconds = round(time.monotonic() - self.begun, 1)
        print(
            json.dumps(
                {"benchmark": self.benchmark, "ok": ok, "rows": rows, "versions": versions(), "seconds": seconds}
            )
        )
        return 0 if ok else 1


def _short(part: Row) -> str:
    """A part in a line of several."""
    value = "-" if part.value is None else f"{part.value:.3g}"
    required = "" if part.required is None else f" ({part.required}{'' if part.ok else ' MISSED'})"
    return f"{part.name} {value}{required}"


def start(benchmark: str) -> Report:
    """A report for this call of the command line."""
    report = Report(benchmark, "--quick" in sys.argv[1:])
    report.head()
    return report


def versions() -> dict[str, str]:
    """Versions of what the figures depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
