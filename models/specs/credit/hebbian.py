"""Rules that learn from what meets at a synapse, without a cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.specs.base import Many, Positive, Spec
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


class BcmSpec(Spec):
    """Units learn what they answer to strongly and unlearn the rest; what is strong they learn from themselves."""

    kind: Literal["bcm"]
    tau: Annotated[float, Field(ge=1.0, le=1e6)] = 100.0
    """Updates in which the threshold follows the square of the response; weights must be slower."""


class CompetitiveSpec(Spec):
    """Units compete hard for what they see; those that win move towards it."""

    kind: Literal["competitive"]
    variant: Literal["hard", "k_wta", "foldiak"] = "hard"
    """hard: the nearest unit wins; k_wta: the nearest `k`; foldiak: units learn to silence each other."""
    k: Annotated[int, Field(ge=2, le=65536)] = 2
    activity: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.125
    """Of foldiak: how often each unit is to answer."""
    lateral: Positive = 5.0
    """Of foldiak: rate of the inhibition between units, in units of that of their weights."""
    drift: Positive = 1.0
    """Of foldiak: rate of the thresholds, in units of that of the weights."""


class KohonenSpec(Spec):
    """A grid of units on which who wins takes its neighbours along, fewer and fewer of them."""

    kind: Literal["kohonen"]
    grid: Annotated[Many[Annotated[int, Field(ge=1, le=4096)]], Field(min_length=1, max_length=2)]
    """Units along each axis; their product is the size of the area."""
    radius: Annotated[float, Field(gt=0.0, le=4096.0)] = 4.0
    """Standard deviation of the neighbourhood at first, in steps of the grid."""
    last_radius: Annotated[float, Field(gt=0.0, le=4096.0)] = 0.5
    """That it has once it has shrunk."""
    over: Annotated[int, Field(ge=1)] = 1000
    """Updates, while the area is plastic, in which it shrinks, by the same factor in each."""


FreeSpec = HebbSpec | OjaSpec | SangerSpec | SoftHebbSpec | BcmSpec | CompetitiveSpec | KohonenSpec


def _free(areas: frozenset[str] = LINEAR, act: frozenset[str] | None = None, *, spikes: bool = True) -> Capability:
    """Of a rule that learns without a cost, from what meets at the synapses of an area."""
    return Capability(areas=areas, out=False, free=True, alone=True, deep=False, spikes=spikes, act=act)


CAPABILITIES: dict[str, Capability] = {
    "hebb": _free(),
    "oja": _free(),
    "sanger": _free(act=frozenset({"none"}), spikes=False),
    "softhebb": _free(LAYERS),
    "bcm": _free(act=frozenset({"relu"}), spikes=False),
    "competitive": _free(),
    "kohonen": _free(),
}
