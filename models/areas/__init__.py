"""Area kinds: what the units of an area compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from models.areas.attention import Attention, Glimpse
from models.areas.binding import Binding
from models.areas.conv import Conv
from models.areas.episodic_control import EpisodicControl
from models.areas.expansion import Expansion
from models.areas.gate_buffer import ChosenGates, GateBuffer
from models.areas.hopfield import Hopfield
from models.areas.initial import initial
from models.areas.linear import Linear
from models.areas.memory import Memory
from models.areas.mover_detector import MoverDetector
from models.areas.options import Options
from models.areas.planner import Planner
from models.areas.recurrent import Recurrent
from models.areas.reservoir import Reservoir
from models.areas.router import Router
from models.areas.salience_store import SalienceStore
from models.areas.shifter import Shifter
from models.areas.stack_memory import StackMemory
from models.areas.torch_module import TorchModule, stand_in
from models.protocols import Area
from models.specs.areas import (
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


def build_area(  # noqa: C901, PLR0911, PLR0912 - one case per member
    name: str,
    spec: AreaSpec,
    inputs: Mapping[str, tuple[int, ...]],
    shape: tuple[int, ...],
    turned: Mapping[str, str] | None = None,
    gain: float = 1.0,
) -> Area:
    """The area of that name; inputs are the unit shapes of its sources, shape that of its own units.

    `turned` gives the sources that symmetric pathways bring back, and the weight that each shares, transposed.
    `gain` multiplies first weights. Where a module stands for the area, it is that.
    """
    make = stand_in(name)
    if make is not None:
        return TorchModule(name, make, inputs, shape)
    fill = initial(spec.init, spec.act, gain)
    match spec:
        case LinearSpec():
            return Linear(name, spec, inputs, fill, turned or {})
        case ConvSpec():
            return Conv(name, spec, inputs, shape, fill)
        case RecurrentSpec():
            return Recurrent(name, spec, inputs, fill)
        case ReservoirSpec():
            return Reservoir(name, spec, Recurrent(name, spec.as_recurrent, inputs, fill))
        case MoverDetectorSpec():
            return MoverDetector(name, spec, inputs)
        case HopfieldSpec():
            return Hopfield(name, spec, tuple(inputs))
        case ExpansionSpec():
            return Expansion(name, spec, inputs, Linear(name, spec.as_linear, inputs, fill, {}))
        case GateBufferSpec():
            return (
                GateBuffer(name, spec, inputs, fill) if spec.control is None else ChosenGates(name, spec, inputs, fill)
            )
        case MemorySpec():
            return Memory(name, spec, tuple(inputs))
        case SalienceStoreSpec():
            return SalienceStore(name, spec, Memory(name, spec.as_memory, tuple(inputs)))
        case BindingSpec():
            return Binding(spec, inputs)
        case ShifterSpec():
            return Shifter(spec, inputs, shape)
        case AttentionSpec():
            return Attention(name, spec, inputs, fill) if spec.weighs else Glimpse(name, spec, inputs)
        case PlannerSpec():
            return Planner(name, spec, inputs)
        case StackMemorySpec():
            return StackMemory(name, spec, inputs, fill)
        case RouterSpec():
            return Router(name, spec, inputs, fill)
        case OptionsSpec():
            return Options(name, spec, inputs, fill)
        case EpisodicControlSpec():
            return EpisodicControl(name, spec, inputs)
        case _:
            assert_never(spec)
