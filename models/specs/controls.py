"""Controls: further arms that a study asks for by name instead of writing them out.

Each is a transformation of the arm it is a control of, and gives a document as an author could have written it.
Controls that need to know how long life lasts are only made of stages of fixed length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

import orjson
from pydantic import TypeAdapter, ValidationError

from models.specs import presence
from models.specs.canonical import canonical
from models.specs.costs import CostSpec, steps_of, target_of
from models.specs.costs.target import LabelTarget
from models.specs.durations import Duration, Unresolvable
from models.specs.envelopes import Scalar, is_constant, is_zero
from models.specs.life_means import mean_plasticity, mean_weight
from models.specs.outcomes import (
    AllAtOnceControl,
    ConstantPlasticityControl,
    ConstantWeightControl,
    ControlSpec,
    MatchedControl,
    OracleControl,
    ReadoutOnlyControl,
    ReversedControl,
    ShuffledControl,
    WithoutControl,
)
from models.specs.patches import PatchError, nearest
from models.specs.reach import reaches
from models.specs.repeats import expand
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.timeline import stage_lengths
from models.specs.times import placed_gates
from models.specs.totals import length_that_matches
from models.specs.worlds import WorldSpec
from models.specs.worlds.sources import facts

Document = Mapping[str, Any]
Changes = dict[str, Any]

_SCALAR: TypeAdapter[Scalar] = TypeAdapter(Scalar)


def generate(control: ControlSpec, document: Document, reference: Document | None, at: str) -> dict[str, Any]:
    """The control of an arm; PatchError E34 if there is none, or it would be the arm itself.

    `reference` is the arm whose total `matched` makes this one equal to; `at` the pointer of the control in the study.
    """
    whole = expand(document)
    if isinstance(whole, list):
        raise Subject(control, document, at).refuse(f"the arm it is a control of is no schedule: {whole[0].message}")
    subject = Subject(control, whole.document, at)
    try:
        made = {**subject.document, **_changes(subject, reference)}
        if not isinstance(control, MatchedControl) and canonical(_parsed(subject, made)) == subject.canonical:
            raise subject.refuse(
                "it would be the arm itself", "choose another arm by `labels`, or leave the control out"
            )
    except Unresolvable as error:
        raise subject.refuse(str(error)) from None
    return made


@dataclass(frozen=True)
class Subject:
    """The arm of which a control is made."""

    control: ControlSpec
    document: Document
    at: str

    @cached_property
    def schedule(self) -> ScheduleSpec:
        """The arm as a spec."""
        return _parsed(self, self.document)

    @cached_property
    def canonical(self) -> ScheduleSpec:
        """The arm with every duration resolved; refused if a length must be known and is not."""
        return canonical(self.schedule)

    def refuse(self, reason: str, suggestion: str | None = None) -> PatchError:
        """E34 with the reason."""
        return PatchError("E34", self.at, f"control {self.control.name}: {reason}", suggestion)

    def cost(self, name: str) -> CostSpec:
        """A declared cost that weighs in some stage."""
        if name not in self.schedule.costs:
            raise PatchError(
                "E34",
                f"{self.at}/cost",
                f"control {self.control.name}: unknown cost '{name}'",
                nearest(name, list(self.schedule.costs)),
            )
        if all(is_zero(stage.costs.get(name, 0.0)) for stage in self.schedule.stages):
            raise self.refuse(f"cost {name} weighs in no stage")
        return self.schedule.costs[name]

    def require_known(self) -> None:
        """Refuse if a probe decides a weight or a plasticity."""
        gate = next((gate for _, gate, _ in placed_gates(self.schedule)), None)
        if gate is not None:
            raise self.refuse(f"a gate follows probe {gate.probe}", "give the arm an envelope instead of the gate")

    def require_fixed(self) -> None:
        """Refuse if a trigger decides how long a stage lasts."""
        for stage, lengths in zip(self.schedule.stages, stage_lengths(self.schedule), strict=True):
            if not lengths.fixed:
                raise self.refuse(f"a trigger decides how long stage {stage.name} lasts", "give that stage an `after`")


def _parsed(subject: Subject, document: Document) -> ScheduleSpec:
    whole = expand(document)
    if isinstance(whole, list):
        raise subject.refuse(f"the arm it is a control of is no schedule: {whole[0].message}")
    try:
        schedule = ScheduleSpec.model_validate_json(orjson.dumps(whole.document))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "/" + "/".join(str(step) for step in first["loc"])
        raise subject.refuse(f"the arm it is a control of is no schedule: {place}: {first['msg']}") from None
    unmixed = [name for name, world in schedule.worlds.items() if world.source is None]
    if unmixed:
        raise subject.refuse(f"the arm it is a control of has a world {unmixed[0]} that mixes what it does not define")
    for stage in schedule.stages:
        unknown = [world for world in (stage.world,) if world not in schedule.worlds]
        unknown += [cost for cost in stage.costs if cost not in schedule.costs]
        unknown += [area for cost in schedule.costs.values() if (area := cost.at) not in schedule.organism.areas]
        unknown += [probe.world for probe in schedule.probes.values() if probe.world not in schedule.worlds]
        if unknown:
            raise subject.refuse(f"the arm it is a control of names '{unknown[0]}', which it does not define")
    return schedule


def _changes(subject: Subject, reference: Document | None) -> Changes:  # noqa: C901, PLR0911 - one case for each control
    control = subject.control
    match control:
        case ReadoutOnlyControl():
            return _readout_only(subject)
        case ShuffledControl():
            return _target(subject, control.cost, _shuffled(subject, control.cost))
        case OracleControl():
            return _target(subject, control.cost, _oracle(subject, control))
        case WithoutControl():
            return _without(subject, control.cost)
        case ConstantWeightControl():
            return _constant_weight(subject, control.cost)
        case ConstantPlasticityControl():
            return _constant_plasticity(subject)
        case AllAtOnceControl():
            return _all_at_once(subject)
        case ReversedControl():
            return _reversed(subject)
        case MatchedControl():
            assert reference is not None
            return _matched(subject, control, _parsed(subject, reference))
        case _:
            assert_never(control)


# ---- costs and plasticity


def _readout_only(subject: Subject) -> Changes:
    schedule = subject.schedule
    weighed = {name for stage in schedule.stages for name, weight in stage.costs.items() if not is_zero(weight)}
    judged = [schedule.costs[name] for name in weighed]
    readouts = {cost.at for cost in judged if isinstance(target_of(cost), LabelTarget)}
    if not readouts:
        raise subject.refuse("no area has a label cost")
    stages = []
    for stage, raw in zip(schedule.stages, subject.document["stages"], strict=True):
        level = {area: stage.plasticity.get(area, stage.plasticity.get("*", 1.0)) for area in readouts}
        kept = {
            name: raw["costs"][name]
            for name in stage.costs
            if any(not is_zero(level[area]) for area in reaches(schedule.organism, schedule.costs[name]) & readouts)
        }
        _require_cost(subject, stage, kept)
        plasticity = {"*": 0.0} | {area: _dumped(level[area]) for area in sorted(readouts)}
        stages.append({**raw, "costs": kept, "plasticity": plasticity})
    return {"stages": stages}


def _require_cost(subject: Subject, stage: StageSpec, kept: Iterable[str]) -> None:
    if all(is_zero(stage.costs[name]) for name in kept):
        reason = f"stage {stage.name} would have nothing to learn"
        raise subject.refuse(reason, f"write an arm with a patch that removes /stages/{stage.name}")


def _target(subject: Subject, cost: str, target: dict[str, Any]) -> Changes:
    costs = subject.document["costs"]
    return {"costs": {**costs, cost: {**costs[cost], "target": target}}}


def _shuffled(subject: Subject, cost: str) -> dict[str, Any]:
    target = target_of(subject.cost(cost))
    if target is None:
        raise subject.refuse(f"cost {cost} has no target to shuffle")
    return target.model_dump(mode="json", exclude_none=True) | {"shuffle": True}


def _oracle(subject: Subject, control: OracleControl) -> dict[str, Any]:
    cost = subject.cost(control.cost)
    if target_of(cost) is None:
        raise subject.refuse(f"cost {control.cost} has no target to replace")
    oracle = LabelTarget(kind="label", name=control.target)
    _require_given(subject, control.cost, cost.model_copy(update={"target": oracle}), only_where_it_weighs=True)
    return oracle.model_dump(mode="json", exclude_defaults=True)


def _without(subject: Subject, cost: str) -> Changes:
    subject.cost(cost)
    stages = []
    for stage, raw in zip(subject.schedule.stages, subject.document["stages"], strict=True):
        if cost in stage.costs:
            _require_cost(subject, stage, [name for name in stage.costs if name != cost])
        costs = {name: (0.0 if name == cost else weight) for name, weight in raw.get("costs", {}).items()}
        stages.append({**raw, "costs": costs})
    return {"stages": stages}


def _constant_weight(subject: Subject, cost: str) -> Changes:
    spec = subject.cost(cost)
    subject.require_known()
    subject.require_fixed()
    _require_given(subject, cost, spec, only_where_it_weighs=False)
    mean = mean_weight(subject.canonical, cost, modulated=True)
    stages = [{**raw, "costs": {**raw.get("costs", {}), cost: mean}} for raw in subject.document["stages"]]
    modulators = {
        name: {**raw, "costs": {each: gain for each, gain in raw.get("costs", {}).items() if each != cost}}
        for name, raw in subject.document.get("modulators", {}).items()
    }
    return {"stages": stages} | ({"modulators": modulators} if modulators else {})


def _require_given(subject: Subject, name: str, cost: CostSpec, *, only_where_it_weighs: bool) -> None:
    for stage in subject.schedule.stages:
        if only_where_it_weighs and is_zero(stage.costs.get(name, 0.0)):
            continue
        lack = _lack(cost, subject.schedule.worlds[stage.world])
        if lack:
            raise subject.refuse(f"cost {name} needs {lack}, world {stage.world} of stage {stage.name} gives none")


def _lack(cost: CostSpec, world: WorldSpec) -> str | None:
    """What a cost needs and a world does not give."""
    target = target_of(cost)
    if isinstance(target, LabelTarget):
        if target.name is not None and target.name not in facts(world.source).factors:
            return f"the factor '{target.name}'"
        if target.name is None and world.labels.kind == "none":
            return "labels"
    return "time steps" if world.steps < steps_of(cost) else None


def _constant_plasticity(subject: Subject) -> Changes:
    subject.require_known()
    schedule, batch = subject.canonical, subject.canonical.clock.batch
    for name, modulator in schedule.modulators.items():
        if modulator.plasticity and not is_constant(modulator.level):
            raise subject.refuse(
                f"modulator {name} changes plasticity", f"write an arm with a patch of /modulators/{name}"
            )
    stages = []
    for stage, raw in zip(schedule.stages, subject.document["stages"], strict=True):
        others = [area for area in stage.plasticity if area not in raw.get("plasticity", {})]
        levels = dict(raw.get("plasticity", {}))
        for key in levels:
            area = key if key != "*" else next(iter(others), None)
            if area is not None:
                levels[key] = _dumped(presence.of_envelopes(stage.plasticity[area], batch))
        stages.append({**raw, **({"plasticity": levels} if levels else {})})
    periods = {
        name: {"areas": raw["areas"], "level": _dumped(presence.of_period(schedule.critical_periods[name], batch))}
        for name, raw in subject.document.get("critical_periods", {}).items()
    }
    return {"stages": stages} | ({"critical_periods": periods} if periods else {})


def _dumped(scalar: Scalar) -> Any:
    """A scalar as it stands in a document."""
    return _SCALAR.dump_python(scalar, mode="json", by_alias=True)


# ---- order and length


def _lasting(raw: Document, samples: int) -> dict[str, Any]:
    """A stage of so many samples; its limit says nothing any more."""
    return {key: part for key, part in raw.items() if key not in ("limit", "on_limit")} | {
        "until": {"after": str(Duration.of_samples(samples))}
    }


def _reversed(subject: Subject) -> Changes:
    subject.require_fixed()
    stages = zip(subject.document["stages"], stage_lengths(subject.schedule), strict=True)
    return {"stages": [_lasting(raw, lengths.longest_sp) for raw, lengths in stages][::-1]}


def _all_at_once(subject: Subject) -> Changes:
    """Acts on entering the first stage stay; those at later borders go with the borders."""
    subject.require_fixed()
    subject.require_known()
    schedule, document = subject.canonical, subject.document
    if any(schedule.worlds[stage.world] != schedule.worlds[schedule.stages[0].world] for stage in schedule.stages):
        worlds = ", ".join(dict.fromkeys(stage.world for stage in schedule.stages))
        raise subject.refuse(f"the stages have several worlds: {worlds}", "give them one world by an arm's patch")
    if len(schedule.stages) == 1:
        raise subject.refuse("there is one stage only")
    if any(stage.vary for stage in schedule.stages):
        raise subject.refuse("stages vary their world", "write an arm with a patch of /stages")
    costs = {name: mean_weight(schedule, name, modulated=False) for name in schedule.costs}
    areas = {name for name, area in schedule.organism.areas.items() if not area.innate}
    stage = {
        "name": "all-at-once",
        "world": document["stages"][0]["world"],
        "costs": {name: mean for name, mean in costs.items() if mean > 0.0},
        "plasticity": {area: mean_plasticity(schedule, area) for area in sorted(areas)},
        "on_enter": document["stages"][0].get("on_enter", []),
    }
    return {"stages": [_lasting(stage, sum(each.longest_sp for each in stage_lengths(schedule)))]}


def _matched(subject: Subject, control: MatchedControl, reference: ScheduleSpec) -> Changes:
    names = [stage.name for stage in subject.schedule.stages]
    if control.stage not in names:
        message = f"control {control.name}: unknown stage '{control.stage}'"
        raise PatchError("E34", f"{subject.at}/stage", message, nearest(control.stage, names))
    samples = length_that_matches(subject.schedule, control.stage, reference, control.by)
    if isinstance(samples, str):
        raise subject.refuse(samples)
    stages = [
        _lasting(raw, samples) if stage.name == control.stage else raw
        for stage, raw in zip(subject.schedule.stages, subject.document["stages"], strict=True)
    ]
    return {"stages": stages}
