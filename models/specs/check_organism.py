"""Whether the organism can be built and taught: cycles, shapes and circuits (E14, E24, E25, E27)."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.area_base import SPIKING
from models.specs.check_credit import check_circuit
from models.specs.findings import Finding, finding, from_reason
from models.specs.order import disorder
from models.specs.organism import CircuitSpec, OrganismSpec, PathwaySpec
from models.specs.schedule import ScheduleSpec
from models.specs.shapes import layout


def check_organism(organism: OrganismSpec) -> Iterator[Finding]:
    """Of an organism whose names are all known."""
    unordered = disorder(organism)
    yield from map(from_reason, [unordered] if unordered else layout(organism).misfits)
    for index, pathway in enumerate(organism.pathways):
        yield from _symmetric(organism, index, pathway)
    for name, area in organism.areas.items():
        if area.act in SPIKING and organism.rule_of(name) is None and not area.innate:
            message = (
                f"area {name}: backprop, which teaches areas in no circuit, needs a derivative; its act is {area.act}"
            )
            yield finding(
                "E25", ("organism", "areas", name, "act"), message, "a circuit with the rule surrogate_gradient"
            )
    for index, circuit in enumerate(organism.credit):
        yield from _circuit(organism, index, circuit)


def check_delays(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Pathways on which nothing arrives before an item ends (E24)."""
    longest = schedule.clock.sweeps * max(schedule.worlds[stage.world].steps for stage in schedule.stages)
    for index, pathway in enumerate(schedule.organism.pathways):
        if pathway.delay >= longest:
            message = f"pathway {pathway.title}: delay {pathway.delay}, but an item has {longest} time steps"
            hint = f"clock: sweeps {pathway.delay + 1} or more" if longest == 1 else f"a delay below {longest}"
            yield finding("E24", ("organism", "pathways", index, "delay"), message, hint)


def _symmetric(organism: OrganismSpec, index: int, pathway: PathwaySpec) -> Iterator[Finding]:
    """A weight used both ways joins linear areas."""
    kinds = [
        organism.areas[end].kind if end in organism.areas else "a sense" for end in (pathway.source, pathway.target)
    ]
    if pathway.mode == "symmetric" and set(kinds) != {"linear"}:
        message = f"pathway {pathway.title}: symmetric pathways join linear areas, here {kinds[0]} and {kinds[1]}"
        yield finding("E25", ("organism", "pathways", index, "mode"), message, "mode forward")


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
