"""Whether the organism can be built and taught: cycles, shapes and circuits (E14, E24, E25, E27)."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.check_credit import check_circuit
from models.specs.findings import Finding, finding, from_reason
from models.specs.organism import CircuitSpec, OrganismSpec
from models.specs.shapes import cycle, layout


def check_organism(organism: OrganismSpec) -> Iterator[Finding]:
    """Of an organism whose names are all known."""
    round_trip = cycle(organism)
    if round_trip:
        way = " -> ".join(round_trip)
        message = f"pathways: {way} is a cycle; pathways have no delay, so none may close one"
        yield finding("E24", ("organism", "pathways"), message, "remove one of its pathways")
    else:
        yield from map(from_reason, layout(organism).misfits)
    for index, circuit in enumerate(organism.credit):
        yield from _circuit(organism, index, circuit)


def _circuit(organism: OrganismSpec, index: int, circuit: CircuitSpec) -> Iterator[Finding]:
    steps, place = ("organism", "credit", index), f"circuit {circuit.title}"
    for number, area in enumerate(circuit.areas):
        others = [each.title for each in organism.credit[:index] if area in each.areas]
        if others or area in circuit.areas[:number]:
            where = f"circuit {others[0]}" if others else "this circuit already"
            yield finding("E27", (*steps, "areas", number), f"{place}: area {area} is in {where}", "keep one")
    apart = set(circuit.areas) - _connected(organism, circuit)
    if apart:
        message = f"{place}: no pathway inside it leads to {', '.join(sorted(apart))}"
        yield finding("E27", (*steps, "areas"), message, "make a circuit of each connected part")
    yield from check_circuit(organism, index)


def _connected(organism: OrganismSpec, circuit: CircuitSpec) -> set[str]:
    """Areas of the circuit that hang together with its first one."""
    inside = [(each.source, each.target) for each in organism.pathways]
    found, grown = {circuit.areas[0]}, True
    while grown:
        reached = {
            far for near, far in [*inside, *((b, a) for a, b in inside)] if near in found and far in circuit.areas
        }
        grown = not reached <= found
        found |= reached
    return found
