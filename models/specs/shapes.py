"""Unit shapes of areas and numbers of parameters, from the document alone; read by the checks and by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from models.errors import Reason, Refused
from models.specs.areas import (
    GATES,
    AreaSpec,
    ConvSpec,
    ExpansionSpec,
    GateBufferSpec,
    HopfieldSpec,
    LinearSpec,
    MemorySpec,
    MoverDetectorSpec,
    RecurrentSpec,
    ReservoirSpec,
    SalienceStoreSpec,
)
from models.specs.base import pointer
from models.specs.credit.temporal import ForceSpec
from models.specs.fitting import looked, shifted, unasked
from models.specs.order import area_order
from models.specs.organism import OrganismSpec, SenseSpec
from models.specs.structures import (
    AttentionSpec,
    BindingSpec,
    EpisodicControlSpec,
    OptionsSpec,
    PlannerSpec,
    RouterSpec,
    ShifterSpec,
    StackMemorySpec,
)

Shape = tuple[int, ...]


OF_INPUTS = (ConvSpec, MoverDetectorSpec, ShifterSpec, PlannerSpec)
"""Kinds whose units are not simply as many as their size."""


@dataclass
class Layout:
    """Shapes of senses and areas as far as they can be told, and what cannot fit."""

    shapes: dict[str, Shape]
    misfits: list[Reason] = field(default_factory=list)


def area_shapes(organism: OrganismSpec) -> dict[str, Shape]:
    """Unit shape of every sense and area: (units,), or (maps, height, width); Refused if something does not fit."""
    found = layout(organism)
    if found.misfits:
        raise Refused(found.misfits)
    return found.shapes


def layout(organism: OrganismSpec) -> Layout:
    """Shapes in order of the pathways, with every misfit (E14); areas behind a misfit have no shape."""
    found = Layout({name: tuple(sense.shape) for name, sense in organism.senses.items()})
    sized = {name: area.size for name, area in organism.areas.items() if not isinstance(area, OF_INPUTS)}
    found.shapes |= {name: (size,) for name, size in sized.items() if size is not None}
    for name in area_order(organism):
        sources = [each.source for each in organism.into(name)]
        inputs = {source: found.shapes[source] for source in sources if source in found.shapes}
        problem = "no pathway leads to it" if not sources else None
        if len(inputs) == len(sources) and problem is None:
            shape, problem = output_shape(organism.areas[name], inputs)
            if shape is not None:
                found.shapes[name] = shape
        if problem is not None:
            found.shapes.pop(name, None)
            found.misfits.append(Reason("E14", pointer(["organism", "areas", name]), f"area {name}: {problem}"))
    return found


def output_shape(area: AreaSpec, inputs: Mapping[str, Shape]) -> tuple[Shape | None, str | None]:
    """Unit shape of an area on such inputs, or why there is none."""
    match area:
        case ConvSpec() | MoverDetectorSpec():
            return _mapped(area, inputs)
        case ShifterSpec():
            return shifted(area, inputs)
        case AttentionSpec(size=None):
            return looked(area, inputs)
        case PlannerSpec(read="value"):
            return (1,), _unjoined(area, inputs)
        case _:
            return (area.size or 0,), _unjoined(area, inputs) or unasked(area, inputs)


def _mapped(area: ConvSpec | MoverDetectorSpec, inputs: Mapping[str, Shape]) -> tuple[Shape | None, str | None]:
    """Shape of maps of maps."""
    for source, shape in inputs.items():
        if len(shape) != 3:
            return None, f"{source} gives {list(shape)}, {area.kind} wants [maps, height, width]"
    fields = {source: shape[1:] for source, shape in inputs.items()}
    if len(set(fields.values())) > 1:
        given = ", ".join(f"{source} {list(shape)}" for source, shape in fields.items())
        return None, f"its inputs differ in height and width: {given}"
    if isinstance(area, MoverDetectorSpec):
        return _marked(area, next(iter(fields.values())))
    sides = tuple(layer_sides(area, side)[-1] // area.pool for side in next(iter(fields.values())))
    if min(sides) < 1:
        field_sides = list(next(iter(fields.values())))
        return None, f"kernel {area.kernel}, stride {area.stride}, pool {area.pool} leave nothing of {field_sides}"
    return (area.channels, *sides), None


def _marked(area: MoverDetectorSpec, field_sides: Shape) -> tuple[Shape | None, str | None]:
    """Shape of the map of a detector."""
    if any(side % area.grid for side in field_sides):
        return None, f"a grid of {area.grid} does not divide what it sees, {list(field_sides)}"
    return (1, area.grid, area.grid), None


def _unjoined(area: AreaSpec, inputs: Mapping[str, Shape]) -> str | None:
    """Why an area cannot take as much as comes in."""
    brought = sum(map(prod, inputs.values()))
    if isinstance(area, HopfieldSpec | MemorySpec | SalienceStoreSpec | PlannerSpec) and brought != area.size:
        return f"{area.kind} takes its inputs unit by unit: they bring {brought}, its size is {area.size}"
    if isinstance(area, EpisodicControlSpec) and brought != area.width:
        return (
            f"episodic_control keeps states as they are: its inputs bring {brought} numbers, its width is {area.width}"
        )
    if isinstance(area, ExpansionSpec) and brought > area.size:
        return f"an expansion has at least as many units as come in: {brought} do, its size is {area.size}"
    return None


def padding(area: ConvSpec) -> int:
    """Zeros around the input; half the kernel if left out."""
    return area.kernel // 2 if area.pad is None else area.pad


def layer_sides(area: ConvSpec, side: int) -> tuple[int, ...]:
    """Side of each layer's maps before the pool: the first convolution has the stride, deeper ones step by one."""
    sides = []
    for stride in (area.stride, *[1] * (area.depth - 1)):
        side = (side + 2 * padding(area) - area.kernel) // stride + 1 if side + 2 * padding(area) >= area.kernel else 0
        sides.append(side)
    return tuple(sides)


def parameter_count(organism: OrganismSpec) -> int:
    """Weights and biases of all areas of one life; decoders of costs not counted."""
    shapes = area_shapes(organism)
    return sum(area_parameters(organism, name, shapes) for name in organism.areas)


def contents_count(organism: OrganismSpec) -> int:
    """Numbers that all areas of one life keep beside their parameters, and rules beside what is like these."""
    read_outs = [each for each in organism.credit if isinstance(each.rule, ForceSpec)]
    shapes = area_shapes(organism) if read_outs else {}
    sources = (link.source for each in read_outs for area in each.areas for link in organism.into(area))
    return sum(area.contents for area in organism.areas.values()) + sum(prod(shapes[each]) ** 2 for each in sources)


def area_parameters(  # noqa: C901, PLR0911, PLR0912 - one case per member
    organism: OrganismSpec, name: str, shapes: Mapping[str, Shape]
) -> int:
    """Weights and biases of one area."""
    area = organism.areas[name]
    inputs = [shapes[each.source] for each in organism.into(name) if not each.turned]
    match area:
        case LinearSpec():
            units, fan_in, deeper = area.size, sum(map(prod, inputs)), area.size
        case MoverDetectorSpec() | HopfieldSpec() | MemorySpec() | SalienceStoreSpec():
            return 0
        case BindingSpec() | ShifterSpec() | PlannerSpec() | EpisodicControlSpec():
            return 0
        case ExpansionSpec():
            return area.size * (sum(map(prod, inputs)) + 1)
        case AttentionSpec(size=None):
            return 0
        case AttentionSpec():
            asking = (shapes[each.source] for each in organism.into(name) if each.source != area.parts)
            return area.width * sum(map(prod, asking)) + shapes[area.parts][0] * (area.width + (area.size or 0))
        case GateBufferSpec(control=str(control)):
            return area.width * (sum(map(prod, inputs)) - prod(shapes[control]) + 1)
        case GateBufferSpec():
            return (area.slots + area.width) * (sum(map(prod, inputs)) + 1) + area.size * area.slots
        case StackMemorySpec():
            return (1 + area.size) * (sum(map(prod, inputs)) + 1)
        case RouterSpec():
            return (area.slots + 1) ** 2 * (prod(shapes[area.control]) + 1)
        case OptionsSpec(choice=choice, efference=efference):
            sight = sum(prod(shapes[each.source]) for each in organism.into(name)) - prod(shapes[choice])
            return (prod(shapes[choice]) - area.size) * (area.size + 1) * (sight - prod(shapes[efference]) + 1)
        case ReservoirSpec():
            return area.size * (sum(map(prod, inputs)) + area.size + area.bias)
        case RecurrentSpec():
            units = area.size * GATES[area.cell]
            return units * (sum(map(prod, inputs)) + area.size + area.bias)
        case ConvSpec():
            units = area.channels
            fan_in = sum(shape[0] for shape in inputs) * area.kernel**2
            deeper = units * area.kernel**2
    return units * (fan_in + deeper * (area.depth - 1) + area.depth * area.bias)


def channel_for(name: str, sense: SenseSpec, channels: Mapping[str, Shape]) -> str | None:
    """The world's channel that feeds a sense: the named one, that of its own name, or the only one there is."""
    wanted = sense.channel or name
    if wanted in channels:
        return wanted
    return next(iter(channels)) if len(channels) == 1 else None
