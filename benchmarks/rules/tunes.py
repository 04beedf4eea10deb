"""A read-out that is to sing a tune by itself, from a pulse on, once it was taught while it sang."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.report import Row
from benchmarks.rules.training import LIVES, Lives, lived

_STEPS, _PERIODS = 480, 4
"""Of an item: how long it is, and how often the tune comes round in it."""


@dataclass(frozen=True)
class Tune:
    """Four sines by a linear read-out of an echo that hears it; nothing else learns."""

    rule: Mapping[str, Any]
    updates: int = 6
    """Items of four periods each."""
    units: int = 500
    """Of the echo."""
    most: float = 0.05
    """Root mean square error of what is sung alone; of silence it is 0.72."""

    @property
    def kind(self) -> str:
        """The rule."""
        return str(self.rule["kind"])

    @property
    def title(self) -> str:
        """Of its row."""
        return f"{self.kind}.sines"

    def row(self, quick: bool) -> Row:
        """What is sung alone after the lessons; the same by adam, and where the echo does not hear it; the quick form
        is as long.
        """
        whole = {"kind": "sgd", "lr": 1.0}
        heard = self._error(self.document(self.rule, whole, back=True))
        slow = self._error(self.document({"kind": "backprop"}, {"kind": "adam", "lr": 0.01}, back=True))
        deaf = self._error(self.document(self.rule, whole, back=False))
        parts = (
            Row("control", float(slow.mean()), "rms", ">= 0.5", "the gradient by adam, after as many lessons"),
            Row("deaf", float(deaf.mean()), "rms", ">= 0.1", "no way back to the echo"),
            Row("worst_life", float(heard.max()), "rms"),
        )
        return Row(self.title, float(heard.mean()), "rms", f"<= {self.most:g}", "the gradient by adam", parts)

    def _error(self, given: dict[str, Any]) -> Lives:
        """Root mean square of the error of a test item sung alone, life by life."""
        return lived(given)[1]["error"] ** 0.5

    def document(self, rule: Mapping[str, Any], optimizer: Mapping[str, Any], *, back: bool) -> dict[str, Any]:
        """The lessons, and an examination at their end."""
        source = {"kind": "trials", "task": "sines", "length": _STEPS, "period": _STEPS // _PERIODS}
        way = [{"from": "voice", "to": "echo", "mode": "feedback", "delay": 1}] if back else []
        echo = {"kind": "reservoir", "size": self.units, "leak": 0.7, "radius": 1.3, "bias": False}
        last = f"{self.updates}ba"
        return {
            "ontogeny": "1",
            "kind": "schedule",
            "name": "tune",
            "seeds": {"start": 0, "count": LIVES},
            "clock": {"batch": 1},
            "organism": {
                "senses": {"ear": {"shape": [1]}},
                "areas": {
                    "echo": {**echo, "init": {"kind": "normal", "sd": 0.6}},
                    "voice": {"kind": "linear", "size": 1, "act": "none", "bias": False, "init": "zeros"},
                },
                "pathways": [{"from": "ear", "to": "echo"}, {"from": "echo", "to": "voice"}, *way],
                "credit": [{"areas": ["voice"], "rule": dict(rule), "optimizer": dict(optimizer)}],
            },
            "worlds": {
                "school": {"source": source, "steps": _STEPS},
                "exam": {"source": source, "steps": _STEPS, "split": "test"},
            },
            "costs": {"singing": {"kind": "mse", "at": "voice", "target": "label"}},
            "stages": [{"name": "school", "world": "school", "costs": {"singing": 1.0}, "until": {"after": last}}],
            "probes": {"error": {"kind": "mse", "at": "voice", "world": "exam", "n": 4, "every": last}},
        }
