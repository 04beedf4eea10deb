"""What arms that are compared were not shown alike: a difference between them may be no more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from models.specs.exposure import IN_WORDS, Measure
from models.specs.selectors import Arm

_TOLD = 3


@dataclass(frozen=True)
class Shown:
    """Amounts by arm, as far as they are known, and the controls that a study holds against unequal ones."""

    amounts: Mapping[int, Mapping[Measure, float]] = field(default_factory=dict)
    matched: Mapping[Measure, Sequence[str]] = field(default_factory=dict)
    """Measure -> names of the controls matched by it."""


def unequal(shown: Shown, pairs: Sequence[tuple[Arm, Arm]]) -> list[str]:
    """A sentence for every pair of arms that were shown unequal amounts, and where a matched control stands."""
    told = [sentence for one, other in pairs if (sentence := _pair(shown, one, other))]
    more = [f"and {len(told) - _TOLD} more pairs"] if len(told) > _TOLD else []
    return [*told[:_TOLD], *more]


def _pair(shown: Shown, one: Arm, other: Arm) -> str | None:
    differing = list(_differing(shown, one, other))
    if not differing:
        return None
    amounts = [
        f"{shown.amounts[one.index][each]:.0f} {IN_WORDS[each]} against {shown.amounts[other.index][each]:.0f}"
        for each in differing
    ]
    controls = [
        f"{name} is matched by {IN_WORDS[each]}"
        for each in differing
        for name in shown.matched.get(each, ())
        if name not in (one.name, other.name)
    ]
    return "; ".join([f"{one.name} was shown {', '.join(amounts)} in {other.name}", *controls])


def _differing(shown: Shown, one: Arm, other: Arm) -> Iterator[Measure]:
    """Measures in which both amounts are known and differ; updates only where samples do not differ with them."""
    a, b = (shown.amounts.get(arm.index, {}) for arm in (one, other))
    measures = [each for each in IN_WORDS if each in a and each in b and a[each] != b[each]]
    together = "sp" in measures and "ba" in measures and a["sp"] * b["ba"] == b["sp"] * a["ba"]
    yield from (each for each in measures if not (together and each == "ba"))
