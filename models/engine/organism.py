"""The organism: areas, pathways and circuits in graph order; runs them over a cohort and returns a Moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.areas import build_area
from models.credit import build_rule
from models.draw import Draw
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
        self._exact = build_rule(None).synapse()
        self._synapse: dict[str, Synapse] = {area: build_rule(spec.rule_of(area)).synapse() for area in self.order}

    def init(self, draw: Draw) -> Params:
        """First parameters of every area."""
        return {address: value for area in self.areas.values() for address, value in area.init(draw).items()}

    def init_rules(self, params: Params, draw: Draw) -> Params:
        """First state of every circuit's rule; the weights that senses feed carry no error and have none."""
        own: Params = {}
        for circuit in self.spec.credit:
            weights = [address for area in circuit.areas for address in self._error_weights(area, params)]
            own |= build_rule(circuit.rule).init(
                {address: tuple(params[address].shape[1:]) for address in weights}, draw
            )
        return own

    def run(self, weight: Params, own: Params, batch: Batch, draw: Draw, wiring: Wiring = OPEN) -> Moment:
        """One forward pass of all areas."""
        rate: dict[str, Tensor] = dict(batch.senses)
        inputs: dict[str, dict[str, Tensor]] = {}

        def apply(area: str, given: Mapping[str, Tensor]) -> Tensor:
            synapse = wiring.synapse or (self._exact if wiring.exact else self._synapse[area])
            return self.areas[area].apply(weight, given, synapse, own)

        for area in self.order:
            inputs[area] = {path.source: _message(path, rate[path.source], wiring) for path in self.into[area]}
            rate[area] = apply(area, inputs[area])
        return Moment(batch, rate, weight, own, draw, inputs, apply)

    def _build(self, area: str) -> Area:
        sources = {path.source: self.shapes[path.source] for path in self.into[area]}
        if len(sources) < len(self.into[area]):
            raise Refused.because("E02", "/organism/pathways", f"area {area}: two pathways from one source")
        return build_area(area, self.spec.areas[area], sources, self.shapes[area])

    def _error_weights(self, area: str, params: Params) -> list[str]:
        fed = {f"area/{area}/from/{sense}/weight" for sense in self.spec.senses}
        of_area = (address for address in params if address.startswith(f"area/{area}/"))
        return [address for address in of_area if address.endswith("/weight") and address not in fed]


def _message(path: PathwaySpec, rate: Tensor, wiring: Wiring) -> Tensor:
    """What arrives: detached where no error goes back, weakened where a deficit cuts."""
    if path.gradient == "block" or path.title in wiring.closed:
        rate = rate.detach()
    kept_N = None if wiring.kept is None else wiring.kept.get(path.title)
    if kept_N is None:
        return rate
    kept = kept_N.reshape(-1, *[1] * (rate.dim() - 1))
    return torch.where(kept > 0, rate * kept, 0.0)
