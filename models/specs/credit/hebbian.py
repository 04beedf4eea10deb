"""Rules that learn from what meets at a synapse, without a cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Spec
from models.specs.credit.capability import LAYERS, Capability

LINEAR = frozenset({"linear"})


class HebbSpec(Spec):
    """What fires together wires together, held in bounds."""

    kind: Literal["hebb"]
    norm: Literal["none", "l2", "decay"] = "l2"
    """What holds the weights: nothing; every unit's weights brought to length one after each update; a decay as
    strong as the unit responds.
    """
    sign: Literal[1, -1] = 1
    """-1: what fires together parts."""


class OjaSpec(Spec):
    """Hebb's rule with the decay that holds every unit's weights at length one."""

    kind: Literal["oja"]


class SangerSpec(Spec):
    """Oja's rule in which every unit learns what those before it have left over."""

    kind: Literal["sanger"]


class SoftHebbSpec(Spec):
    """Units compete softly for what they see; the winner learns it, the others unlearn it."""

    kind: Literal["softhebb"]
    temperature: Annotated[float, Field(ge=0.01, le=1000.0)] = 8.0
    """How sharply units compete: by this responses are multiplied before the softmax."""
    rate_rule: Literal["norm", "plain"] = "norm"
    """norm: a unit learns the slower the nearer its weights are to length one."""


FreeSpec = HebbSpec | OjaSpec | SangerSpec | SoftHebbSpec


def _free(areas: frozenset[str] = LINEAR, act: frozenset[str] | None = None, *, spikes: bool = True) -> Capability:
    """Of a rule that learns without a cost, from what meets at the synapses of an area."""
    return Capability(areas=areas, out=False, free=True, alone=True, deep=False, spikes=spikes, act=act)


CAPABILITIES: dict[str, Capability] = {
    "hebb": _free(),
    "oja": _free(),
    "sanger": _free(act=frozenset({"none"}), spikes=False),
    "softhebb": _free(LAYERS),
}
