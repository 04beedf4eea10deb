"""Which members of the registry a document uses, and where: what jobs are searched by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel

from models.specs import catalogue
from models.specs.base import Spec
from models.specs.credit.gradient import BackpropSpec
from models.specs.organism import OrganismSpec
from models.specs.outcomes import ContrastBase, ControlBase
from models.specs.overlays import CriticalPeriodSpec, DeficitSpec
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.study import StudySpec
from models.specs.triggers import Trigger


@dataclass(frozen=True, order=True)
class Use:
    """A member in use."""

    family: str
    kind: str
    at: str
    """The area at which it acts; else the name that it has in the document, or that of what it stands in."""


class UnknownMember(ValueError):
    """There is no such member; the message says what there is."""


def uses(study: StudySpec | None, schedules: Iterable[ScheduleSpec]) -> frozenset[Use]:
    """Every member in the schedules of all arms, and what the study asks of them."""
    asked = [] if study is None else [study.outcomes, study.contrasts, study.controls]
    found = {use for part in asked for use in _walk(part, "", ())}
    for schedule in schedules:
        found |= _of_schedule(schedule)
    return frozenset(found)


def read_use(text: str) -> Use:
    """What `family/kind@place` asks for; an empty part of the answer stands for any.

    The family may be left out where only one has that kind, the place always; `costs/*@V1` is any cost at V1.
    UnknownMember for what is in no catalogue; places are names, of which nothing is known here.
    """
    member, _, place = text.strip().partition("@")
    family, slash, kind = member.rpartition("/")
    if family and family not in catalogue.FAMILIES:
        raise UnknownMember(f"there is no family {family!r}; {_instead(family, catalogue.FAMILIES)}")
    if slash and kind in ("", "*"):
        return Use(family, "", place)
    having = {name: kinds for name, kinds in _kinds().items() if family in ("", name)}
    homes = [name for name, kinds in having.items() if kind in kinds]
    if not homes:
        known = sorted({each for kinds in having.values() for each in kinds})
        raise UnknownMember(f"there is no member {member!r}; {_instead(kind, known)}")
    if len(homes) > 1:
        raise UnknownMember(f"{kind!r} is a kind of several families: {', '.join(f'{each}/{kind}' for each in homes)}")
    return Use(homes[0], kind, place)


def _instead(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, known, 3)
    return f"near it: {', '.join(near)}" if near else "the catalogue lists them"


@cache
def _kinds() -> Mapping[str, frozenset[str]]:
    return {family: frozenset(entry.kind for entry in catalogue.entries(family)) for family in catalogue.FAMILIES}


@cache
def _families() -> Mapping[type[BaseModel], str]:
    """The family of every member's class; a transform is a deficit's where it stands in one."""
    unions = {name: union for name, union in catalogue.FAMILIES.items() if union is not Trigger}
    return {spec: name for name, union in reversed(unions.items()) for spec in catalogue.members(union)}


# ---- walking through a document


def _of_schedule(schedule: ScheduleSpec) -> set[Use]:
    names = {"areas": tuple(schedule.organism.areas), "worlds": tuple(schedule.worlds)}
    found = set(_of_organism(schedule.organism))
    for part in (schedule.worlds, schedule.costs, schedule.stages, schedule.probes):
        found |= set(_walk(part, "", names["areas"]))
    for overlays in (schedule.critical_periods, schedule.modulators):
        found |= set(_walk(overlays, "", names["areas"]))
    for deficit in schedule.deficits.values():
        found |= set(_of_deficit(deficit, names["worlds"]))
    return found


def _of_organism(organism: OrganismSpec) -> Iterator[Use]:
    """Rules and optimizers stand at every area they move, those that are so by default too."""
    for name, area in organism.areas.items():
        rule = organism.rule_of(name) or BackpropSpec(kind="backprop")
        for family, member in (("rules", rule), ("optimizers", organism.optimizer_of(name))):
            yield Use(family, member.kind, name)
        yield from _walk(area, name, ())


def _of_deficit(deficit: DeficitSpec, worlds: tuple[str, ...]) -> Iterator[Use]:
    for world in worlds if "*" in deficit.worlds else deficit.worlds:
        yield Use("deficits", deficit.transform.kind, world)
        yield from _walk(deficit.strength, world, ())


def _walk(part: Any, place: str, areas: tuple[str, ...]) -> Iterator[Use]:
    """Members in a part of a document that stands at a place."""
    if isinstance(part, Mapping):
        for name, each in part.items():
            for here in areas if name == "*" else (name,):
                yield from _walk(each, here, areas)
    elif isinstance(part, (tuple, list)):
        for each in part:
            yield from _walk(each, place, areas)
    elif isinstance(part, Spec):
        for here in _places(part, place, areas):
            yield from _of_spec(part, here, areas)


def _of_spec(spec: Spec, place: str, areas: tuple[str, ...]) -> Iterator[Use]:
    if isinstance(spec, Trigger):
        yield Use("triggers", spec.key, place)
    elif (family := _families().get(type(spec))) is not None:
        yield Use(family, catalogue.kind_of(type(spec)), place)
    for field in type(spec).model_fields:
        yield from _walk(getattr(spec, field), place, areas)


def _places(spec: Spec, place: str, areas: tuple[str, ...]) -> tuple[str, ...]:
    """Where a spec acts, seen from where it stands."""
    match spec:
        case StageSpec() | ContrastBase() | ControlBase():
            return (spec.name,)
        case CriticalPeriodSpec():
            return areas if "*" in spec.areas else spec.areas
        case _:
            at = getattr(spec, "at", place)
            return (areas if at == "*" else (at,)) if isinstance(at, str) else (place,)
