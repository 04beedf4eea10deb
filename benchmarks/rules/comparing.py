"""What rows owe to one another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from benchmarks.report import Row

ORDER = (
    ("sign_symmetry_usf", "feedback_alignment"),
    ("feedback_alignment", "direct_random_target"),
    ("direct_feedback", "direct_random_target"),
    ("direct_random_target", "node_perturbation"),
    ("node_perturbation", "weight_perturbation"),
)
"""On A the cosine of the first area's update to the gradient is larger for the first than for the second."""
GAP = 0.05
CLEAR = 0.3
"""Percent of error by which published numbers must differ from backprop for ours to differ the same way."""


def compared(rows: Mapping[str, Row], quick: bool) -> Iterator[Row]:
    """By title; pairs of which one was not run are left out. The order holds of the full form only."""
    if {"target_propagation.A", "target_propagation_vanilla.A"} <= rows.keys():
        gained = _value(rows["target_propagation.A"]) - _value(rows["target_propagation_vanilla.A"])
        yield Row("difference_over_vanilla.A", gained, "share", ">= 0.03")
    for more, less in () if quick else ORDER:
        if {f"{more}.A", f"{less}.A"} <= rows.keys():
            gap = _cosine(rows[f"{more}.A"]) - _cosine(rows[f"{less}.A"])
            yield Row(f"{more}_over_{less}.A", gap, "cos", f">= {GAP:g}")
    yield from _beside_backprop({name: row for name, row in rows.items() if name.endswith(".MNIST")})


def _beside_backprop(rows: Mapping[str, Row]) -> Iterator[Row]:
    """Error above that of backprop, ours and the published one of the same source."""
    base = rows.get("backprop.MNIST")
    for name, row in rows.items():
        told = _part(row, "published")
        if base is None or row is base or told.peer != _part(base, "published").peer:
            continue
        gap = _value(_part(row, "error")) - _value(_part(base, "error"))
        published = _value(told) - _value(_part(base, "published"))
        required = "> 0" if published >= CLEAR else None
        yield Row(f"{name}_over_backprop", gap, "%", required, told.peer, (Row("published", published, "%"),))


def _part(row: Row, name: str) -> Row:
    return next(part for part in row.parts if part.name == name)


def _value(row: Row) -> float:
    assert row.value is not None
    return row.value


def _cosine(row: Row) -> float:
    return math.cos(math.radians(_value(_part(row, "angle.V1"))))
