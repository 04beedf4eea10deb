"""Whether what comes in fits the structures that take it apart."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from models.specs.areas import AreaSpec, GateBufferSpec
from models.specs.structures import AttentionSpec, BindingSpec, OptionsSpec, RouterSpec, ShifterSpec

Shape = tuple[int, ...]


def shifted(area: ShifterSpec, inputs: Mapping[str, Shape]) -> tuple[Shape | None, str | None]:
    """Shape of the window of a shifter, or why there is none."""
    pictures = [source for source in inputs if source != area.control]
    if area.control not in inputs or len(pictures) != 1:
        given = ", ".join(inputs)
        return None, f"shifter takes two pathways, one of them from its control {area.control}; here {given}"
    shape, shifts = inputs[pictures[0]], 2 * area.reach + 1
    axes = 1 if len(shape) == 1 else 2
    wanted, given_units = shifts**axes, prod(inputs[area.control])
    if given_units != wanted:
        return None, f"reach {area.reach} means {wanted} shifts, {area.control} has {given_units} units"
    sides = tuple(side - 2 * area.reach for side in shape[-axes:])
    if min(sides) < 1:
        return None, f"reach {area.reach} leaves no window of {list(shape)}"
    return (*shape[:-axes], *sides), None


def looked(area: AttentionSpec, inputs: Mapping[str, Shape]) -> tuple[Shape | None, str | None]:
    """Shape of the window of a glimpse, or why there is none."""
    if area.control is None or set(inputs) != {area.parts, area.control}:
        given = ", ".join(inputs)
        return (
            None,
            f"a glimpse takes two pathways, from its parts {area.parts} and its control {area.control}; here {given}",
        )
    shape, (side, stride) = inputs[area.parts], area.grid
    if len(shape) != 3:
        return None, f"{area.parts} gives {list(shape)}, attention wants [maps, height, width]"
    if side > min(shape[1:]):
        return None, f"a glimpse of {side} x {side} is larger than {list(shape[1:])}, what {area.parts} gives"
    if any((length - side) % stride for length in shape[1:]):
        return None, f"windows of {side} at every {stride} of {list(shape[1:])} leave a rim that is never seen"
    rows, columns = ((length - side) // stride + 1 for length in shape[1:])
    given_units = prod(inputs[area.control])
    if given_units != rows * columns:
        places = f"a glimpse of {side} at every {stride} of {list(shape[1:])} has {rows} x {columns} places"
        return None, f"{places}, {area.control} has {given_units} units"
    return (shape[0], side, side), None


def unasked(area: AreaSpec, inputs: Mapping[str, Shape]) -> str | None:
    """Why an area cannot take what comes in as the two things it needs."""
    match area:
        case BindingSpec(size=size):
            if len(inputs) != 2 or any(prod(shape) != size for shape in inputs.values()):
                given = ", ".join(f"{source} {list(shape)}" for source, shape in inputs.items())
                return f"binding takes two pathways of {size} units each; here {given}"
        case AttentionSpec(parts=parts):
            if parts not in inputs or len(inputs) < 2:
                return f"attention takes its parts from {parts} and a question from elsewhere; here {', '.join(inputs)}"
            if len(inputs[parts]) != 3:
                return f"{parts} gives {list(inputs[parts])}, attention wants [maps, height, width]"
        case _:
            pass
    return _unchosen(area, inputs)


def _unchosen(area: AreaSpec, inputs: Mapping[str, Shape]) -> str | None:
    """Why an area cannot take what comes in as what it chooses by and what it chooses among."""
    match area:
        case RouterSpec():
            return _unsent(area, inputs)
        case OptionsSpec():
            return _unled(area, inputs)
        case GateBufferSpec(control=str(control)):
            return _ungated(control, area.slots, inputs)
        case _:
            return None


def _unsent(area: RouterSpec, inputs: Mapping[str, Shape]) -> str | None:
    """Why a router cannot send what comes in."""
    sent = [source for source in inputs if source != area.control]
    if area.control not in inputs or len(sent) != 1:
        return f"router takes two pathways, one of them from its control {area.control}; here {', '.join(inputs)}"
    units = prod(inputs[sent[0]])
    return None if units == area.size else f"router sends what {sent[0]} brings: {units} units, its size is {area.size}"


def _ungated(control: str, slots: int, inputs: Mapping[str, Shape]) -> str | None:
    """Why it cannot be chosen which slot takes in what comes."""
    if control not in inputs or len(inputs) < 2:
        return f"its slots take in what others bring, as its control {control} says; here {', '.join(inputs)}"
    units = prod(inputs[control])
    return None if units == slots + 1 else f"{slots} slots, or none: {slots + 1} choices; {control} has {units} units"


def _unled(area: OptionsSpec, inputs: Mapping[str, Shape]) -> str | None:
    """Why options cannot be chosen among or told what was done."""
    asked = {area.choice, area.efference}
    if len(asked) < 2 or not asked < inputs.keys():
        told = f"options hear their choice {area.choice}, their efference {area.efference}, and what they go by"
        return f"{told}; here {', '.join(inputs)}"
    begun, done = prod(inputs[area.choice]), prod(inputs[area.efference])
    if begun <= area.size:
        return f"choice {area.choice} has {begun} units: one for each of {area.size} actions, and more for options"
    return None if done == area.size else f"efference {area.efference} tells {done} actions, its size is {area.size}"
