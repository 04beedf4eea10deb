"""Circuits: where rules that are more than a multiplication plug in.

Errors inside such a circuit do not travel its pathways, which are cut. A rule either joins a way back of its own to a
rate (`Joins`), or makes an objective of what its end is judged by (`Aims`). Whatever it does, one walk of the graph
gives directions for all parameters, and `Steers` may add to them. Backprop, the default, passes through nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from models.areas.activation import FORMS
from models.credit import build_rule
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Aims, Circuit, CreditRule, Joins, Moment, Params, Prepares, Steers, Synapse
from models.specs.organism import CircuitSpec, OrganismSpec
from models.specs.reach import ends_of, inside

Judge = Callable[[Moment], Tensor]


@dataclass(frozen=True)
class Judged:
    """A cost that goes back in one walk: its value (N,) of any moment, its weight (N,), its place."""

    at: str
    upstream: bool
    value: Tensor
    again: Judge
    weight_N: Tensor


class Circuits:
    """The circuits of an organism, ready for its passes; holds no tensors."""

    def __init__(self, spec: OrganismSpec, order: tuple[str, ...], shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.synapse: dict[str, Synapse] = dict.fromkeys(order, Exact())
        self.cut: frozenset[str] = frozenset()
        self._spec = spec
        self._rules: list[tuple[Circuit, CreditRule]] = []
        self._joins: dict[str, Joins] = {}
        self.aims: dict[str, Aims] = {}
        """By the area at which each hears its costs."""
        self._rule_of: dict[str, CreditRule] = {}
        for each in spec.credit:
            circuit = _seen(each, spec, order, shapes)
            rule = build_rule(each.rule, circuit)
            self._rules.append((circuit, rule))
            self.synapse |= dict.fromkeys(circuit.areas, rule.synapse())
            self._rule_of |= dict.fromkeys(circuit.areas, rule)
            if isinstance(rule, Joins):
                self._joins |= dict.fromkeys(circuit.areas, rule)
            if isinstance(rule, Aims):
                self.aims |= dict.fromkeys(circuit.ends, rule)
            if isinstance(rule, (Joins, Aims)):
                self.cut |= {path.title for path in inside(spec, each) if not _open(rule, circuit, path.target)}
        self._prepares = [rule for _, rule in self._rules if isinstance(rule, Prepares)]
        self._steers = [rule for _, rule in self._rules if isinstance(rule, Steers)]

    def init(self, params: Params, draw: Draw) -> tuple[Params, Params]:
        """First state of every rule, what learns and what does not; weights that senses feed carry no error."""
        learned: Params = {}
        own: Params = {}
        for circuit, rule in self._rules:
            weights = [address for area in circuit.areas for address in self._error_weights(area, params)]
            more, fixed = rule.init({address: tuple(params[address].shape[1:]) for address in weights}, draw)
            learned, own = learned | more, own | fixed
        return learned, own

    def prepared(self, weight: Mapping[str, Tensor], own: Params, draw: Draw) -> Params:
        """The state as one pass uses it."""
        for rule in self._prepares:
            own = own | rule.prepare(weight, own, draw)
        return own

    def joined(self, area: str, rate: Mapping[str, Tensor], own: Params) -> Tensor:
        """The rate of an area with its rule's way back."""
        rule = self._joins.get(area)
        return rate[area] if rule is None else rule.join(area, rate, own)

    def objectives(self, judged: list[Judged], moment: Moment) -> tuple[list[Tensor], list[Tensor]]:
        """What goes back in one walk, and with which weights: the values, or what rules make of those at their ends."""
        plain = [each for each in judged if not (each.upstream and each.at in self.aims)]
        values, weights = [each.value for each in plain], [each.weight_N for each in plain]
        for end, rule in self.aims.items():
            here = [each for each in judged if each.upstream and each.at == end]
            if here:
                value = rule.aim(_joint(here), sum(each.weight_N for each in here), moment)  # type: ignore[arg-type]
                values.append(value)
                weights.append(value.new_ones(len(value)))
        return values, weights

    def steered(self, found: Params, moment: Moment, names: Mapping[str, object]) -> Params:
        """The directions after all rules had their say, of what may move."""
        for rule in self._steers:
            more = rule.steer(found, moment)
            found = found | {name: each for name, each in more.items() if name in names}
        return found

    def steers(self, name: str) -> bool:
        """Whether a rule says itself where this state of its goes, so that no error is asked for it."""
        return name.startswith("rule/") and isinstance(self._rule_of[name.split("/")[2]], Steers)

    def _error_weights(self, area: str, params: Params) -> list[str]:
        fed = {f"area/{area}/from/{sense}/weight" for sense in self._spec.senses}
        of_area = (address for address in params if address.startswith(f"area/{area}/"))
        return [address for address in of_area if address.endswith("/weight") and address not in fed]


def _joint(judged: list[Judged]) -> Judge:
    """The weighted sum of several costs."""

    def judge(moment: Moment) -> Tensor:
        first, *others = (each.weight_N * each.again(moment) for each in judged)
        for other in others:
            first = first + other
        return first

    return judge


def _open(rule: CreditRule, circuit: Circuit, target: str) -> bool:
    return isinstance(rule, Joins) and rule.into_ends and target in circuit.ends


def _seen(
    circuit: CircuitSpec, spec: OrganismSpec, order: tuple[str, ...], shapes: Mapping[str, tuple[int, ...]]
) -> Circuit:
    """A circuit as its rule sees it."""
    areas = tuple(area for area in order if area in circuit.areas)
    paths = inside(spec, circuit)
    below: dict[str, set[str]] = {}
    for area in areas:
        direct = {path.source for path in paths if path.target == area}
        below[area] = direct.union(*(below[source] for source in direct))
    return Circuit(
        areas,
        {area: tuple(each for each in areas if each in found) for area, found in below.items()},
        ends_of(spec, circuit),
        {area: shapes[area] for area in areas},
        {area: FORMS[spec.areas[area].act] for area in areas if spec.areas[area].act in FORMS},
    )
