"""A rule on a bench, what is required of it there, and the row that says whether it holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scipy import stats

from benchmarks.report import Row
from benchmarks.rules.benches import Bench
from benchmarks.rules.training import Lives, document, readout_only, trained, updates_of

Bounds = tuple[float | None, float | None]
"""Least and largest value; None: none is asked for."""


@dataclass(frozen=True)
class Published:
    """An error on the same task that others report."""

    error: float
    """In percent."""
    where: str
    """Net and source."""


@dataclass(frozen=True)
class Case:
    """A rule with its setting, and what is required of it on a bench."""

    name: str
    rule: Mapping[str, Any]
    bench: Bench
    accuracy: float | None
    """Least mean accuracy after all passes."""
    quick: float | None
    """Least mean accuracy after the quick form's passes."""
    margin: Bounds = (0.05, None)
    """Of the mean difference to the control."""
    angle: Bounds = (5.0, None)
    """Of the lowest area's update to the gradient; from 5 degrees on a rule is not backprop."""
    mirror: float | None = None
    """Largest angle between forward and feedback weights after all passes, of rules that learn the latter."""
    below: bool = False
    """Whether the rule teaches hidden areas only."""
    published: Published | None = None

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.name}.{self.bench.name}"

    def row(self, quick: bool) -> Row:
        """Train it and its control."""
        passes = self.bench.quick if quick else self.bench.passes
        given = document(self.bench, dict(self.rule), updates_of(self.bench, passes), below=self.below)
        began = time.process_time()
        found, control = trained(given), trained(readout_only(given))
        seconds = Row("cpu", time.process_time() - began, "s")
        least = self.quick if quick else self.accuracy
        return Row(
            self.title,
            float(found["accuracy"].mean()),
            "share",
            _within((least, None)),
            "plasticity 0 below the head",
            (*self._parts(quick, found, control), seconds),
        )

    def _parts(self, quick: bool, found: Mapping[str, Lives], control: Mapping[str, Lives]) -> Iterator[Row]:
        gained = found["accuracy"] - control["accuracy"]
        if self.published is not None:
            yield Row("error", 100.0 * (1.0 - float(found["accuracy"].mean())), "%")
            yield Row("published", self.published.error, "%", peer=self.published.where)
        yield Row("sd", float(found["accuracy"].std(ddof=1)), "share")
        yield Row("control", float(control["accuracy"].mean()), "share")
        yield Row("margin", float(gained.mean()), "share", _within(self.margin))
        yield Row("margin_low", _low(gained), "share", "> 0" if self.margin[0] else None)
        for name in sorted(name for name in found if name.startswith("angle.")):
            yield Row(name, float(found[name].mean()), "deg", _within(self.angle) if name == "angle.V1" else None)
        if "mirror" in found:
            yield Row("mirror", float(found["mirror"].mean()), "deg", None if quick else _within((None, self.mirror)))


def _within(bounds: Bounds) -> str | None:
    """As a row has it."""
    match bounds:
        case (None, None):
            return None
        case (least, None):
            return f">= {least:g}"
        case (None, most):
            return f"<= {most:g}"
        case (least, most):
            return f"within {least:g} {most:g}"


def _low(gained: Lives) -> float:
    """Lower end of Student's 95 % interval of the mean."""
    half: float = stats.t.ppf(0.975, len(gained) - 1) * gained.std(ddof=1) / len(gained) ** 0.5
    return float(gained.mean() - half)
