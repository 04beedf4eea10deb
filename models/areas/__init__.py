"""Area kinds: what the units of an area compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from models.areas.activation import FORMS
from models.areas.conv import Conv
from models.areas.initial import initial
from models.areas.linear import Linear
from models.protocols import Area
from models.specs.areas import AreaSpec, ConvSpec, LinearSpec


def build_area(name: str, spec: AreaSpec, inputs: Mapping[str, tuple[int, ...]], shape: tuple[int, ...]) -> Area:
    """The area of that name; inputs are the unit shapes of its sources, shape that of its own units."""
    fill, act = initial(spec.init, spec.act), FORMS[spec.act]
    match spec:
        case LinearSpec():
            return Linear(name, spec, inputs, fill, act)
        case ConvSpec():
            return Conv(name, spec, inputs, shape, fill, act)
        case _:
            assert_never(spec)
