"""The organism: areas, pathways and circuits in graph order; runs them over a cohort and returns a Moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.circuit import Circuits
from models.errors import Refused
from models.protocols import Area, Batch, Moment, Params, Synapse
from models.specs.organism import OrganismSpec, PathwaySpec
from models.specs.shapes import area_order, area_shapes


@dataclass(frozen=True)
class Wiring:
    """How one pass goes: what of the graph is closed or cut, and how synapses multiply."""

    closed: frozenset[str] = frozenset()
    """Titles of pathways whose source is detached."""
    kept: Mapping[str, Tensor] | None = None
    """Pathway title -> share (N,) of the message that a deficit lets through."""
    exact: bool = False
    """Every circuit sends errors back as backprop does."""
    synapse: Synapse | None = None
    """Multiplies for every circuit in the place of its own."""


OPEN = Wiring()


class Organism:
    """What an OrganismSpec describes; holds no tensors."""

    def __init__(self, spec: OrganismSpec) -> None:
        self.spec = spec
        self.shapes = area_shapes(spec)
        self.order = area_order(spec)
        self.into: dict[str, tuple[PathwaySpec, ...]] = {area: spec.into(area) for area in self.order}
        self.areas: dict[str, Area] = {area: self._build(area) for area in self.order}
        self.circuits = Circuits(spec, self.order, self.shapes)
        self._exact = Exact()

    def init(self, draw: Draw) -> Params:
        """First parameters of every area."""
        return {address: value for area in self.areas.values() for address, value in area.init(draw).items()}

    def run(self, weight: Params, own: Params, batch: Batch, draw: Draw, wiring: Wiring = OPEN) -> Moment:
        """One forward pass of all areas."""
        rate: dict[str, Tensor] = dict(batch.senses)
        inputs: dict[str, dict[str, Tensor]] = {}
        circuits = self.circuits
        if not wiring.exact:
            own = circuits.prepared(weight, own, draw)
        closed = wiring.closed if wiring.exact or not circuits.cut else wiring.closed | circuits.cut

        def apply(area: str, given: Mapping[str, Tensor]) -> Tensor:
            synapse = wiring.synapse or (self._exact if wiring.exact else circuits.synapse[area])
            return self.areas[area].apply(weight, given, synapse, own)

        for area in self.order:
            inputs[area] = {path.source: _message(path, rate[path.source], wiring, closed) for path in self.into[area]}
            rate[area] = apply(area, inputs[area])
            if not wiring.exact:
                rate[area] = circuits.joined(area, rate, own)
        return Moment(batch, rate, weight, own, draw, inputs, apply)

    def _build(self, area: str) -> Area:
        sources = {path.source: self.shapes[path.source] for path in self.into[area]}
        if len(sources) < len(self.into[area]):
            raise Refused.because("E02", "/organism/pathways", f"area {area}: two pathways from one source")
        return build_area(area, self.spec.areas[area], sources, self.shapes[area])


def _message(path: PathwaySpec, rate: Tensor, wiring: Wiring, closed: frozenset[str]) -> Tensor:
    """What arrives: detached where no error goes back, weakened where a deficit cuts."""
    if path.gradient == "block" or path.title in closed:
        rate = rate.detach()
    kept_N = None if wiring.kept is None else wiring.kept.get(path.title)
    if kept_N is None:
        return rate
    kept = kept_N.reshape(-1, *[1] * (rate.dim() - 1))
    return torch.where(kept > 0, rate * kept, 0.0)
