"""Circuits: where rules that are more than a multiplication plug in.

A rule may join a way back of its own to a rate (`Joins`), run areas itself (`Runs`) or all of its circuit at once
(`Settles`), make an objective of what its end is judged by (`Aims`), say itself where parameters go (`Steers`), or put
them back where they belong once they moved (`Bounds`). One walk of the graph gives directions for all parameters that
no rule steers alone. Pathways that carry no error inside a circuit are cut. Backprop, the default, passes through
nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from models.areas.activation import FORMS
from models.credit import build_rule
from models.credit.backprop import Exact
from models.crediting import Aims, Bounds, Circuit, CreditRule, Joins, Prepares, Runs, Settles, Steers
from models.draw import Draw
from models.engine.judging import Joint, Judged
from models.protocols import Moment, Params, Remembers, Synapse
from models.specs.organism import CircuitSpec, OrganismSpec
from models.specs.reach import ends_of, inside


@dataclass(frozen=True)
class Member:
    """A circuit and its rule."""

    circuit: Circuit
    rule: CreditRule


class Circuits:
    """The circuits of an organism, ready for its passes; holds no tensors."""

    def __init__(self, spec: OrganismSpec, order: tuple[str, ...], shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._spec = spec
        self._members = [_member(each, spec, order, shapes) for each in spec.credit]
        self._of: dict[str, Member] = {}
        for each in self._members:
            self._of |= dict.fromkeys(each.circuit.areas, each)
        self.synapse: dict[str, Synapse] = dict.fromkeys(order, Exact())
        for each in self._members:
            self.synapse |= dict.fromkeys(each.circuit.areas, each.rule.synapse())
        pairs = zip(spec.credit, self._members, strict=True)
        self.cut: frozenset[str] = frozenset(title for given, each in pairs for title in _cut(spec, given, each))
        self._joins: dict[str, Joins] = self._by_area(Joins)
        self.runs: dict[str, Runs] = self._by_area(Runs)
        self.settles: dict[str, Settles] = self._by_area(Settles)
        self.aims: dict[str, Aims] = {
            end: each.rule for each in self._members if isinstance(each.rule, Aims) for end in each.circuit.ends
        }
        """By the area at which each hears its costs."""
        self.remembers: tuple[Remembers, ...] = tuple(
            each.rule for each in self._members if isinstance(each.rule, Remembers)
        )
        self.bounds: tuple[Bounds, ...] = tuple(each.rule for each in self._members if isinstance(each.rule, Bounds))
        self._prepares = [each.rule for each in self._members if isinstance(each.rule, Prepares)]

    def init(self, params: Params, draw: Draw) -> tuple[Params, Params]:
        """First state of every rule, what learns and what does not; weights that senses feed carry no error."""
        learned: Params = {}
        own: Params = {}
        for each in self._members:
            weights = [address for area in each.circuit.areas for address in self._error_weights(area, params)]
            more, fixed = each.rule.init({address: tuple(params[address].shape[1:]) for address in weights}, draw)
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
                value = rule.aim(Joint(here), sum(each.weight_N for each in here), moment)  # type: ignore[arg-type]
                values.append(value)
                weights.append(value.new_ones(len(value)))
        return values, weights

    def steered(self, found: Params, judged: list[Judged], moment: Moment, names: Mapping[str, object]) -> Params:
        """The directions after all rules had their say, of what may move."""
        for each in self._members:
            if not isinstance(each.rule, Steers) or not any(self._of.get(_area(name)) is each for name in names):
                continue
            heard = [cost for cost in judged if cost.reach.intersection(each.circuit.areas)]
            more = each.rule.steer(found, moment, Joint(heard) if heard else None)
            found = found | {name: down for name, down in more.items() if name in names}
        return found

    def residuals(self, moment: Moment) -> list[Tensor]:
        """How far each area that settles was from rest (N,), in document order."""
        rules = {id(rule): rule for rule in self.settles.values()}
        found = {area: value for rule in rules.values() for area, value in rule.residual(moment).items()}
        return [found[area] for area in self._spec.areas if area in found]

    def steers(self, name: str) -> bool:
        """Whether a rule says itself where a parameter or state goes, so that no error is asked for it."""
        member = self._of.get(_area(name))
        if member is None or not isinstance(member.rule, Steers):
            return False
        return member.rule.alone or name.startswith("rule/")

    def still(self, name: str) -> bool:
        """Whether a parameter stands still because the rule that alone says where it would go never does."""
        member = self._of.get(_area(name))
        return self.steers(name) and member is not None and not member.rule.teaches(name)  # type: ignore[attr-defined]

    @property
    def steering(self) -> bool:
        """Whether any rule says itself where something goes."""
        return any(isinstance(each.rule, Steers) for each in self._members)

    def _by_area(self, protocol: Any) -> dict[str, Any]:
        members = (each for each in self._members if isinstance(each.rule, protocol))
        return {area: each.rule for each in members for area in each.circuit.areas}

    def _error_weights(self, area: str, params: Params) -> list[str]:
        fed = {f"area/{area}/from/{sense}/weight" for sense in self._spec.senses}
        of_area = (address for address in params if address.startswith(f"area/{area}/"))
        return [address for address in of_area if address.endswith("/weight") and address not in fed]


def _area(name: str) -> str:
    """The area a parameter of an area or the state of its rule belongs to; empty for those of costs."""
    family, owner, *_ = name.removeprefix("rule/").split("/")
    return owner if family == "area" else ""


def _cut(spec: OrganismSpec, given: CircuitSpec, member: Member) -> list[str]:
    """Titles of the pathways inside a circuit that carry no error."""
    rule = member.rule
    if isinstance(rule, Joins):
        return [
            each.title for each in inside(spec, given) if not (rule.into_ends and each.target in member.circuit.ends)
        ]
    alone = isinstance(rule, Steers) and rule.alone
    cuts = alone or isinstance(rule, Settles) or (isinstance(rule, Aims) and rule.cuts)
    return [each.title for each in inside(spec, given)] if cuts else []


def _member(
    given: CircuitSpec, spec: OrganismSpec, order: tuple[str, ...], shapes: Mapping[str, tuple[int, ...]]
) -> Member:
    """A circuit as its rule sees it, and the rule."""
    areas = tuple(area for area in order if area in given.areas)
    paths = inside(spec, given)
    below: dict[str, set[str]] = {}
    for area in areas:
        direct = {path.source for path in paths if path.target == area}
        below[area] = direct.union(*(below.get(source, set()) for source in direct))
    sources = {area: tuple(link.source for link in spec.into(area)) for area in areas}
    circuit = Circuit(
        areas,
        {area: tuple(each for each in areas if each in found) for area, found in below.items()},
        sources,
        ends_of(spec, given),
        {name: shapes[name] for area in areas for name in (area, *sources[area])},
        {area: FORMS[spec.areas[area].act] for area in areas if spec.areas[area].act in FORMS},
        {area: spec.areas[area] for area in areas},
    )
    return Member(circuit, build_rule(given.rule, circuit))
