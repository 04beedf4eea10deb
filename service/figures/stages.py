"""When an arm's lives were in which stage: spans as lived, and as the document bounds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = Mapping[str, Any]


@dataclass
class Leaving:
    """The end of a stage in one life."""

    seed: int
    age_sp: int
    fired: str
    status: str
    values: Sequence[Answer] = ()

    @property
    def words(self) -> str:
        """Which condition fired on which numbers."""
        read = ", ".join(f"{each['probe']} = {each['value']:.4g}" for each in self.values)
        ended = "" if self.status == "advanced" else f" ({self.status})"
        return f"{self.fired}{': ' + read if read else ''}{ended}"


@dataclass
class StageSpan:
    """A stage over the lives of an arm; ages in samples."""

    name: str
    start: float
    """Least age at which a life enters it."""
    least_end: float
    """Age at which the first life left it, or the first still in it could."""
    end: float
    """Age at which the last life left it, or at the latest will."""
    fixed: bool
    """Whether the document alone decides its length."""
    entered: bool
    leavings: list[Leaving] = field(default_factory=list)


def spans(stages: Sequence[Answer], transitions: Sequence[Answer], lives: Sequence[Answer]) -> list[StageSpan]:
    """The stages of one arm in order.

    `stages` as `/schedules/envelopes` bounds them for a life that meets every limit; `transitions` and `lives` of the
    arm. Lives that are still in a stage enter the next one when they can at the latest.
    """
    left: dict[str, list[Leaving]] = {}
    for row in transitions:
        entry = Leaving(row["seed"], row["age_sp"], row["fired"], row["status"], row["values"])
        left.setdefault(row["stage"], []).append(entry)
    now = {life["seed"]: float(life["age_sp"] or 0) for life in lives}
    return list(_spans(stages, left, now))


def _spans(
    stages: Sequence[Answer], left: Mapping[str, list[Leaving]], now: Mapping[int, float]
) -> Iterator[StageSpan]:
    entry = dict.fromkeys(now, 0.0)
    """Of every life that comes to the stage, the age at which it does."""
    after = 0.0
    for stage in stages:
        leavings = sorted(left.get(stage["name"], ()), key=lambda each: (each.age_sp, each.seed))
        gone = {each.seed: float(each.age_sp) for each in leavings}
        latest = {seed: at + stage["to"] - stage["from"] for seed, at in entry.items() if seed not in gone}
        soonest = latest if stage["fixed"] else {seed: max(now[seed], entry[seed]) for seed in latest}
        before, after = after, max([*gone.values(), *latest.values()], default=after + stage["to"] - stage["from"])
        yield StageSpan(
            name=stage["name"],
            start=min(entry.values(), default=before),
            least_end=min([*gone.values(), *soonest.values()], default=after if stage["fixed"] else before),
            end=after,
            fixed=stage["fixed"],
            entered=bool(gone) or any(now[seed] > entry[seed] for seed in latest),
            leavings=leavings,
        )
        lost = {each.seed for each in leavings if each.status != "advanced"}
        entry = {seed: at for seed, at in (gone | latest).items() if seed not in lost}
