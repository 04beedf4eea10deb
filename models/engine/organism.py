"""The organism: areas, pathways and circuits in graph order; runs them over a cohort and returns a Moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from torch import Tensor

from models.areas import build_area
from models.areas.torch_module import Unfit, stand_in
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.circuit import Circuits
from models.engine.context import Begun, Reset, forgetful
from models.engine.run import AT_REST, Carried, Run, Way
from models.errors import Refused
from models.protocols import Area, Batch, Choice, Chooses, Holds, Moment, Params, Pass, State, Synapse, Variation
from models.specs.areas import lasts
from models.specs.order import Block, blocks
from models.specs.organism import OrganismSpec
from models.specs.shapes import area_shapes


@dataclass(frozen=True)
class Wiring:
    """How one pass goes: what of the graph is closed or cut, and how synapses multiply."""

    closed: frozenset[str] = frozenset()
    """Titles of pathways whose source is detached."""
    kept: Mapping[str, Tensor] | None = None
    """Pathway title -> share (N,) of the message that a deficit lets through."""
    heard: Mapping[str, Tensor] = field(default_factory=dict)
    """Area -> share (N,) of its activity that a lesion leaves to be heard."""
    pushes: Mapping[str, Tensor] = field(default_factory=dict)
    """Area -> what a deficit adds (N,) to the errors of its units, all units and items together."""
    exact: bool = False
    """Every circuit sends errors back as backprop does."""
    contexts: Mapping[str, tuple[Reset, ...]] = field(default_factory=dict)
    """Area -> resets of what it carries in time."""
    synapse: Mapping[str, Synapse] = field(default_factory=dict)
    """Area -> what multiplies for it in the place of its circuit's."""
    carried: Carried = AT_REST
    """With what areas begin."""


OPEN = Wiring()


@dataclass(frozen=True)
class Route:
    """How an area is reached in passes of one wiring."""

    ways: tuple[Way, ...]
    synapse: Synapse


class Organism:
    """What an OrganismSpec describes; holds no tensors but those of the wiring of its last pass."""

    def __init__(self, spec: OrganismSpec) -> None:
        self.spec = spec
        self.shapes = area_shapes(spec)
        self.blocks = blocks(spec)
        self.order = tuple(area for block in self.blocks for area in block.areas)
        self.into = {area: spec.into(area) for area in self.order}
        self.areas: dict[str, Area] = {area: self._build(area) for area in self.order}
        self.lasting = frozenset(area for area in self.order if lasts(spec.areas[area]))
        """Areas that carry something from one time step to the next."""
        self.circuits = Circuits(spec, self.order, self.shapes)
        self._exact = Exact()
        self._last: tuple[Wiring, dict[str, Route]] | None = None

    def init(self, draw: Draw) -> Params:
        """First parameters of every area."""
        return {address: value for area in self.areas.values() for address, value in area.init(draw).items()}

    def contents(self, draw: Draw) -> Params:
        """First contents of areas that hold something."""
        holders = (area for area in self.areas.values() if isinstance(area, Holds))
        return {address: value for area in holders for address, value in area.contents(draw).items()}

    def at_rest(self, like: Tensor) -> dict[str, State]:
        """What areas that last begin with; `like` (N, B, ...) has the lives and items."""
        return {area: self.areas[area].start(like) for area in self.order if area in self.lasting}

    def run(self, weight: Params, own: Params, batch: Batch, draw: Draw, wiring: Wiring = OPEN) -> Moment:
        """One forward pass of all areas."""
        circuits, given_own = self.circuits, own
        if not wiring.exact:
            own = circuits.prepared(weight, own, draw)
        routes = self._routes(wiring)

        def by(area: str) -> Pass:
            synapse = routes[area].synapse
            if batch.began_NBT is not None and area in self.lasting:
                synapse = forgetful(synapse, (Begun(batch.began_NBT),))
            return Pass(weight, synapse, own, draw)

        def apply(area: str, given: Mapping[str, Tensor]) -> Tensor:
            told = by(area)
            start = wiring.carried.first(area, self.areas[area], next(iter(given.values())), told)
            return self.areas[area].apply(given, start, told)[0]

        def again(other: Variation) -> Moment:
            shown = replace(batch, senses={**batch.senses, **other.senses})
            base = replace(wiring, closed=frozenset(), exact=True) if other.exact else wiring
            rewired = replace(base, synapse={**wiring.synapse, **other.synapse}, pushes={})
            return self.run({**weight, **other.weight}, given_own, shown, draw, rewired)

        ways = {area: route.ways for area, route in routes.items()}
        run = Run(self.areas, ways, by, batch.senses, draw, wiring.carried)
        run.pushes = wiring.pushes
        for block in self.blocks:
            self._advance(run, block, own, exact=wiring.exact)
        choice = partial(self._choice, run.inputs, by)
        return Moment(
            batch,
            run.rate,
            weight,
            own,
            draw,
            run.inputs,
            apply,
            again,
            left=run.left,
            heard=wiring.heard,
            choice=choice,
        )

    def _routes(self, wiring: Wiring) -> dict[str, Route]:
        """By area; those of the last wiring are kept, for one pass after the other has it."""
        if self._last is None or self._last[0] is not wiring:
            circuits = self.circuits
            closed = wiring.closed if wiring.exact else wiring.closed | circuits.cut
            routes = {}
            for area in self.order:
                ways = tuple(Way.along(link, closed, wiring.kept) for link in self.into[area])
                usual = self._exact if wiring.exact else circuits.synapse[area]
                synapse = forgetful(wiring.synapse.get(area, usual), wiring.contexts.get(area, ()))
                routes[area] = Route(ways, synapse)
            self._last = (wiring, routes)
        return self._last[1]

    def _choice(self, inputs: Mapping[str, Mapping[str, Tensor]], by: Callable[[str], Pass], area: str) -> Choice:
        """What an area chose in a pass with these inputs."""
        member = self.areas[area]
        assert isinstance(member, Chooses)
        return member.choice(inputs[area], by(area))

    def _advance(self, run: Run, block: Block, own: Params, *, exact: bool) -> None:
        """Run the next block, by its rule's way where it has one."""
        circuits = self.circuits
        if block.settles and not exact:
            run.settle(block.areas, circuits.settles[block.areas[0]])
        elif block.loop:
            run.unroll(block.areas)
        else:
            for area in block.areas:
                run.whole(area, None if exact else circuits.runs.get(area))
                if not exact:
                    run.rate[area] = circuits.joined(area, run.rate, own)
                run.push(area)

    def _build(self, area: str) -> Area:
        links = self.into[area]
        sources = {link.source: self.shapes[link.source] for link in links}
        if len(sources) < len(links):
            raise Refused.because("E02", "/organism/pathways", f"area {area}: two pathways from one source")
        turned = {link.source: link.weight for link in links if link.turned}
        self._refuse_modules(area, turned)
        gain = self.spec.init_gain_of(area)
        return build_area(area, self.spec.areas[area], sources, self.shapes[area], turned, gain)

    def _refuse_modules(self, area: str, turned: Mapping[str, str]) -> None:
        """A module stands for an area only where nobody else asks for what is inside."""
        if stand_in(area) is None:
            return
        rules = [each.rule.kind for each in self.spec.credit if area in each.areas]
        if any(rule not in ("backprop", "frozen") for rule in rules):
            raise Unfit(f"area {area} is a module: backprop teaches it, or frozen leaves it, not {rules[0]}")
        shared = any(link.turned for each in self.order for link in self.spec.into(each) if link.source == area)
        if turned or shared:
            raise Unfit(f"area {area} is a module: no symmetric pathway can share its weights")
