"""Which areas the error of a cost reaches, and through which pathways; read by the checks and by the engine.

An error enters at the area a cost judges. Under scope `local` it stays there. Under scope `upstream` it travels
against every pathway with `gradient: pass`, and leaves a circuit only if the circuit's rule passes errors out. It also
travels through areas that are not plastic: what stands still still lets errors through. Where an area chooses, errors
do not pass to what it chooses by, but for those of a cost that credits the choice, and these pass to nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from models.specs.costs import CostSpec, credits_choice
from models.specs.credit import CAPABILITIES
from models.specs.organism import CircuitSpec, Link, OrganismSpec, PathwaySpec


def reaches(organism: OrganismSpec, cost: CostSpec) -> frozenset[str]:
    """Areas whose weights the cost's error reaches, whether or not they are plastic.

    `at` is one of them, unless the cost credits what it chooses, in which no weight of its own has a part.
    """
    return _passed(organism, cost) - ({cost.at} if credits_choice(cost) else set())


def _passed(organism: OrganismSpec, cost: CostSpec) -> frozenset[str]:
    """Areas that the cost's error enters."""
    reached = {cost.at}
    waiting = [cost.at] if cost.scope == "upstream" else []
    while waiting:
        for link in organism.into(waiting.pop()):
            if carries(organism, link, cost) and link.source not in reached:
                reached.add(link.source)
                waiting.append(link.source)
    return frozenset(reached)


def carries(organism: OrganismSpec, link: Link, cost: CostSpec) -> bool:
    """Whether the cost's error, at the link's end, is passed on to the area at its start."""
    of_choice = credits_choice(cost) and link.target == cost.at
    if of_choice != (link.source == organism.areas[link.target].chosen_by):
        return False
    if link.path.gradient == "block" or link.source not in organism.areas or learns_freely(organism, link.source):
        return False
    passes = organism.areas[link.target].passes
    return gives_out(organism, link.target) or (passes and together(organism, link.source, link.target))


def gives_out(organism: OrganismSpec, area: str) -> bool:
    """Whether errors go on below an area: its kind passes them, and its rule; backprop, the default, does."""
    rule = organism.rule_of(area)
    return organism.areas[area].passes and (rule is None or CAPABILITIES[rule.kind].out)


def learns_freely(organism: OrganismSpec, area: str) -> bool:
    """Whether the area's rule learns without a cost."""
    rule = organism.rule_of(area)
    return rule is not None and CAPABILITIES[rule.kind].free


def needs_no_cost(organism: OrganismSpec, area: str) -> bool:
    """Whether an area changes without a cost: by its rule, or by keeping what it meets."""
    return organism.areas[area].keeps or learns_freely(organism, area)


def together(organism: OrganismSpec, one: str, other: str) -> bool:
    """Whether one circuit holds both areas."""
    return any(one in circuit.areas and other in circuit.areas for circuit in organism.credit)


def inside(organism: OrganismSpec, circuit: CircuitSpec) -> tuple[PathwaySpec, ...]:
    """Pathways from one area of the circuit to another, in document order."""
    return tuple(each for each in organism.pathways if each.source in circuit.areas and each.target in circuit.areas)


def ends_of(organism: OrganismSpec, circuit: CircuitSpec) -> tuple[str, ...]:
    """Areas of the circuit from which no pathway leads to another of it, in its order."""
    going_on = {each.source for each in inside(organism, circuit)}
    return tuple(area for area in circuit.areas if area not in going_on)


def carrying_pathways(organism: OrganismSpec, cost: CostSpec) -> frozenset[str]:
    """Titles of the pathways through which the cost's error travels."""
    if cost.scope == "local":
        return frozenset()
    reached = _passed(organism, cost)
    return frozenset(link.title for link in organism.links if link.target in reached and carries(organism, link, cost))


def closed_pathways(organism: OrganismSpec, costs: Iterable[CostSpec]) -> frozenset[str]:
    """Titles of the pathways that no cost's error travels through: their sources can be detached."""
    carrying = [carrying_pathways(organism, cost) for cost in costs]
    return frozenset(pathway.title for pathway in organism.pathways).difference(*carrying)
