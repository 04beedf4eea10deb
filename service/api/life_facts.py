"""What outcomes need to know of lives beside their curves: how they ended, at what age, and when what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.analysis.outcomes import LifeFacts
from models.specs.schedule import ScheduleSpec
from models.specs.timeline import event_age
from service.lifecycle import LifeStatus

Row = Mapping[str, Any]
Ends = dict[tuple[int, int, int], list[Row]]
"""(cohort, ordinal, seed) -> what ended the life in that step, or in the trajectory beyond it."""

_OVERLAYS = {"deficits": ("start", "end"), "critical_periods": ("opens", "closes")}


def life_facts(schedule: ScheduleSpec, steps: Sequence[Row], ended: Sequence[Row]) -> dict[int, LifeFacts]:
    """Facts of every life of an arm, by seed: from its canonical schedule, its steps and the ends on its path.

    An event has happened if the life reached its age; a life that diverges at an age does not reach it. A stage that a
    trigger ends is at its end only in lives that went on from it, or would have.
    """
    overlays = _overlay_ages(schedule)
    paths: dict[int, list[Row]] = {}
    for step in steps:
        paths.setdefault(step["cohort"], []).append(step)
    ends: Ends = {}
    for row in ended:
        ends.setdefault((row["cohort"], row["ordinal"], row["seed"]), []).append(row)
    return {
        seed: _facts(path, list(_lived(path, seed, ends)), overlays)
        for path in paths.values()
        for seed in path[0]["seeds"]
    }


@dataclass(frozen=True)
class _Lived:
    """One step of one life: its age at offset 0, the offset it came to, and what ended it there, if something did."""

    step: Row
    born_sp: int
    offset: int
    ending: str | None
    """Status that the trigger's end, or the divergence, gave the life."""

    def age_at(self, offset: int) -> int:
        return self.born_sp + offset * int(self.step["regime"]["batch"])

    def reached(self, offset: int) -> bool:
        return offset < self.offset or (offset == self.offset and self.ending != "diverged")


def _lived(path: Sequence[Row], seed: int, ends: Ends) -> Iterator[_Lived]:
    """The steps that a life entered."""
    for step in path:
        if step["trajectory"] is None or seed not in step["seeds"]:
            return
        end = _end_of(step, ends.get((step["cohort"], step["ordinal"], seed), ()))
        offset = min(step["reached"], step["demand"]) if end is None else end["offset"]
        yield _Lived(step, int(step["born"][str(seed)]), int(offset), None if end is None else end["status"])


def _end_of(step: Row, rows: Sequence[Row]) -> Row | None:
    """What ended a life in a step; another arm's life in the same trajectory may go further and diverge there."""
    decided = next((row for row in rows if row["status"] != "diverged"), None)
    return decided or next((row for row in rows if row["offset"] <= step["demand"]), None)


def _facts(path: Sequence[Row], lived: Sequence[_Lived], overlays: Mapping[str, int]) -> LifeFacts:
    last = lived[-1]
    age, lost = last.age_at(last.offset), last.ending == "diverged"
    happened = {event: at for event, at in overlays.items() if at < age or (at == age and not lost)}
    events = {"birth": 0, **dict(_borders(path, lived)), **happened}
    return LifeFacts(float(age), _status(path, last), {event: float(at) for event, at in events.items()})


def _status(path: Sequence[Row], last: _Lived) -> LifeStatus:
    if last.ending is not None and last.ending != "advanced":
        status: LifeStatus = last.ending  # type: ignore[assignment] # stored statuses are those of lives
        return status
    if last.step is path[-1] and (last.ending == "advanced" or last.step["state"] == "met"):
        return "complete"
    if last.step["error"] is not None:
        return "failed"
    return "developing" if last.offset > 0 or last.step["ordinal"] > 0 else "waiting"


def _borders(path: Sequence[Row], lived: Sequence[_Lived]) -> Iterator[tuple[str, int]]:
    """Starts and ends of the stages of a life; a stage may be spread over several steps."""
    places = [(span["stage"], (i, j)) for i, step in enumerate(path) for j, span in enumerate(step["spans"])]
    first, last = dict(reversed(places)), dict(places)
    for i, each in enumerate(lived):
        spans = each.step["spans"]
        for j, span in enumerate(spans):
            stage = span["stage"]
            if first[stage] == (i, j) and (span["start"] == 0 or each.reached(span["start"])):
                yield f"stages.{stage}.start", each.age_at(span["start"])
            if last[stage] != (i, j):
                continue
            if each.step["ending"] is None or j < len(spans) - 1:
                if each.reached(span["end"]):
                    yield f"stages.{stage}.end", each.age_at(span["end"])
            elif each.ending == "advanced":
                yield f"stages.{stage}.end", each.age_at(each.offset)


def _overlay_ages(schedule: ScheduleSpec) -> dict[str, int]:
    """Edges of deficits and critical periods, which are ages and the same for all lives."""
    names = (
        f"{family}.{name}.{edge}"
        for family, edges in _OVERLAYS.items()
        for name in getattr(schedule, family)
        for edge in edges
    )
    return {event: age for event in names if (age := event_age(schedule, (), event)) is not None}
