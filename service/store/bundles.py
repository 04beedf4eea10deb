"""Which lives are put together: those of an arm, or those of all arms of the grid with the same label on an axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.store.path import ArmPath, ArmSeries, Curve
from service.wire.history import HistoryQuery

_AXIS = "axis."


@dataclass(frozen=True)
class Bundle:
    """Curves of one series that are answered together, and the arms whose lives they are."""

    name: str
    unit: str
    arm: int | None
    """None: of several arms."""
    labels: Mapping[str, str]
    arms: tuple[ArmPath, ...]
    curves: tuple[Curve, ...]

    def lives(self, query: HistoryQuery) -> dict[str, int]:
        """How many lives the question is about, and what became of them; none is left out silently."""
        seeds = [(arm, seed) for arm in self.arms for seed in arm.seeds if not query.seed or seed in query.seed]
        diverged = [seed in arm.diverged for arm, seed in seeds]
        counts = {
            "total": len(seeds),
            "diverged": sum(diverged),
            "censored": sum(seed in arm.censored for arm, seed in seeds),
        }
        left_out = {"keep": 0, "drop": sum(diverged), "only": len(seeds) - sum(diverged)}[query.diverged]
        return counts | {"left_out": left_out} if left_out else counts


def bundled(found: Sequence[ArmSeries], arms: Sequence[ArmPath], query: HistoryQuery) -> Iterator[Bundle]:
    """The series of arms as the question puts them together; those without a curve are left out."""
    together: dict[tuple[str, Any], list[ArmSeries]] = {}
    for each in found:
        together.setdefault((each.name, _key(each.path, query)), []).append(each)
    for (name, key), several in together.items():
        curves = tuple(curve for each in several for curve in each.curves)
        if not curves:
            continue
        arm = several[0].path
        if query.by == "arm" or arm.beside:
            yield Bundle(name, several[0].unit, arm.arm, arm.labels, (arm,), curves)
        else:
            alike = tuple(arm for arm in arms if _key(arm, query) == key)
            labels = {} if key is None else {query.by.removeprefix(_AXIS): str(key)}
            yield Bundle(name, several[0].unit, None, labels, alike, curves)


def _key(arm: ArmPath, query: HistoryQuery) -> int | str | None:
    return arm.arm if query.by == "arm" or arm.beside else arm.labels.get(query.by.removeprefix(_AXIS))
