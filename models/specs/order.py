"""In which order areas run: after their inputs, and step by step in time where pathways close a loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.errors import Reason, Refused
from models.specs.credit import CAPABILITIES
from models.specs.organism import CircuitSpec, OrganismSpec


@dataclass(frozen=True)
class Block:
    """Areas that run together: one, or all that lie on a common loop."""

    areas: tuple[str, ...]
    """In the order of one time step."""
    loop: bool
    """Whether its areas hear themselves or each other later in time."""
    settles: bool = False
    """Whether they are a circuit that comes to rest as a whole."""


def area_order(organism: OrganismSpec) -> tuple[str, ...]:
    """Areas so that every one comes after its inputs, else in document order; Refused (E24) if there is a cycle."""
    return tuple(area for block in blocks(organism) for area in block.areas)


def blocks(organism: OrganismSpec) -> tuple[Block, ...]:
    """Blocks so that every one comes after its inputs; Refused (E24) if there is a cycle without delay.

    A circuit that settles and hears itself through areas outside of it is refused too (E27).
    """
    round_trip = cycle(organism)
    if round_trip:
        message = f"pathways: {' -> '.join(round_trip)} is a cycle without delay"
        raise Refused.because("E24", "/organism/pathways", message, "delay: 1 on the pathway that closes it")
    heard = {area: {each.source for each in organism.into(area)} for area in organism.areas}
    at_once = {area: {each.source for each in organism.into(area) if not each.path.delay} for area in organism.areas}
    before = {area: _upstream(area, heard) for area in organism.areas}
    settling = {area: set(circuit.areas) for circuit in organism.credit if settles(circuit) for area in circuit.areas}
    for circuit in settling.values():
        _refuse_detours(circuit, before)
    loops = {area: {other for other in before[area] if area in before.get(other, ())} | {area} for area in before}
    together = {area: settling.get(area, loops[area]) for area in before}
    order: list[Block] = []
    waiting = list(organism.areas)
    while waiting:
        ready = next(area for area in waiting if not _waits(together[area], before, waiting))
        inside = _sorted([area for area in waiting if area in together[ready]], at_once)
        order.append(Block(inside, ready in before[ready], ready in settling))
        waiting = [area for area in waiting if area not in inside]
    return tuple(order)


def disorder(organism: OrganismSpec) -> Reason | None:
    """Why areas cannot be brought into an order (E24, E27); None if they can."""
    try:
        blocks(organism)
    except Refused as refused:
        return refused.findings[0]
    return None


def settles(circuit: CircuitSpec) -> bool:
    """Whether the circuit's rule lets it come to rest, each pathway acting both ways."""
    return "pairs" in CAPABILITIES[circuit.rule.kind].needs


def upstream(organism: OrganismSpec, area: str) -> set[str]:
    """Every area and sense that an area hears, directly or not."""
    return _upstream(area, {each: {link.source for link in organism.into(each)} for each in organism.areas})


def cycle(organism: OrganismSpec) -> tuple[str, ...]:
    """Areas of one closed way along links without delay, the first repeated at its end; empty if there is none."""
    rest = {area: [each.source for each in organism.into(area) if not each.path.delay] for area in organism.areas}
    while free := [area for area, before in rest.items() if not any(source in rest for source in before)]:
        rest = {area: before for area, before in rest.items() if area not in free}
    if not rest:
        return ()
    way = [next(iter(rest))]
    while way.count(way[-1]) == 1:
        way.append(next(source for source in rest[way[-1]] if source in rest))
    return tuple(reversed(way[way.index(way[-1]) :]))


def _refuse_detours(circuit: set[str], before: dict[str, set[str]]) -> None:
    heard = set[str]().union(*(before[area] for area in circuit)) - circuit
    detours = sorted(area for area in heard if circuit & before.get(area, set()))
    if detours:
        message = f"credit: a circuit that comes to rest as a whole hears itself through {', '.join(detours)}"
        raise Refused.because("E27", "/organism/credit", message, "take them into the circuit, or out of the way")


def _waits(together: set[str], before: dict[str, set[str]], waiting: list[str]) -> bool:
    """Whether areas that run together hear others that have not run."""
    heard = set[str]().union(*(before[area] for area in together))
    return bool(heard.intersection(waiting) - together)


def _upstream(area: str, heard: dict[str, set[str]]) -> set[str]:
    """Everything an area hears, directly or not."""
    found: set[str] = set()
    waiting = [area]
    while waiting:
        new = heard.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def _sorted(areas: list[str], at_once: dict[str, set[str]]) -> tuple[str, ...]:
    order: list[str] = []
    while len(order) < len(areas):
        rest: Iterable[str] = [area for area in areas if area not in order]
        order.append(next(area for area in rest if not at_once[area].intersection(rest)))
    return tuple(order)
