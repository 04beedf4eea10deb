"""What a rule needs of its circuit and what it gives; read by the checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Capability:
    """What a rule needs of its circuit and what it gives."""

    needs: frozenset[str] = frozenset()
    """Words of credit.md: vector_error, scalar_cost, reward, label, label_input, order, pairs, noise, time."""
    areas: frozenset[str] | None = None
    """Area kinds it can teach; None: all."""
    out: bool = True
    """Whether an error leaves the circuit for the areas below."""
    free: bool = False
    """Whether it learns without a cost."""
    alone: bool = False
    """Whether it says itself where all parameters of its areas go, so that local costs too go through it."""
    hears: Literal["anywhere", "ends", "own"] = "anywhere"
    """Where errors may enter its circuit: at any area; at its outputs; at its one output, from a cost of its own."""
    loops: bool = True
    """Whether its areas may lie on a loop of pathways."""
    spikes: bool = False
    """Whether it can teach units that are 0 or 1."""
    gated: bool = True
    """Whether its recurrent areas may have gates or a norm."""
    weightless: bool = False
    """Whether areas without weights may stand in its circuits."""
    places: bool = True
    """Whether it can teach weights that meet every place of a map, as those of attention do, or drive gates, routes."""
    deep: bool = True
    """Whether its areas may have several layers."""
    act: frozenset[str] | None = None
    """Activations it can use below its outputs; None: all."""
    costs: frozenset[str] | None = None
    """Kinds of costs it can use at its output; None: all."""


SUPERVISED = frozenset({"cross_entropy", "mse"})
LAYERS = frozenset({"linear", "conv"})
