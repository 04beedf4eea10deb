"""Circuits that come to rest as a whole: what keeps them from it (E25, E26), and settings that do (W14)."""

from __future__ import annotations

from collections.abc import Iterator

from models.specs.area_base import Kaiming, OrthogonalInit
from models.specs.costs import RERUN, CostSpec
from models.specs.credit import CAPABILITIES
from models.specs.credit.phases import ClampedSpec, TwoPhaseSpec
from models.specs.credit.targets import PredictiveCodingSpec
from models.specs.findings import Finding, Steps, Suggestion, finding
from models.specs.order import settles
from models.specs.organism import CircuitSpec, OrganismSpec
from models.specs.reach import ends_of, inside
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.study import Patch
from models.specs.transforms import DeficitTransformSpec
from models.specs.transforms.organism import CutPathwaySpec, LesionSpec

_LARGE = 0.6
"""First weights, in units of 1 / sqrt(fan_in), above which areas were found not to come to rest: at 0.5 a rate still
moves by 1e-7 to 9e-3 after 20 steps, at 0.7 by up to 0.3."""
_LOST = 1e-4
"""Share of a message that is left at the lowest area from which float32 loses it."""


def check_couplings(organism: OrganismSpec, circuit: CircuitSpec) -> Iterator[Finding]:
    """Pathways that do not act both ways at once, areas with a norm (E25)."""
    rule, place = circuit.rule.kind, f"circuit {circuit.title}"
    within = inside(organism, circuit)
    for number, path in enumerate(organism.pathways):
        for key, value in {"mode": "symmetric", "delay": 0, "gradient": "pass"}.items():
            given = getattr(path, key)
            if path in within and given != value:
                said = f"{path.title} is {given}" if key == "mode" else f"{path.title} has {key} {given}"
                message = f"{place}: {rule} needs symmetric pathways: {said}"
                edit = (Patch(op="add", path=f"/organism/pathways/{path.title}/{key}", value=value),)
                hint = Suggestion(text=f"{key}: {value}", edit=edit)
                yield finding("E25", ("organism", "pathways", number, key), message, hint)
    for area in circuit.areas:
        if organism.areas[area].norm != "none":
            message = f"{place}: areas come to rest under {rule} without a norm; {area} has one"
            edit = (Patch(op="replace", path=f"/organism/areas/{area}/norm", value="none"),)
            yield finding("E25", ("organism", "areas", area, "norm"), message, Suggestion(text="norm none", edit=edit))


def check_cuts(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Deficits that weaken a pathway one way where both ways are one (E25)."""
    organism = schedule.organism
    both = {path.title: each for each in organism.credit if settles(each) for path in inside(organism, each)}
    for name, deficit in schedule.deficits.items():
        cut = _weakened(organism, deficit.transform)
        for title in cut:
            if title in both:
                message = f"deficit {name}: {title} acts both ways inside circuit {both[title].title}: it cannot be cut"
                text = "a pathway that leads into the circuit or out of it"
                yield finding("E25", ("deficits", name, "transform"), message, text)


def _weakened(organism: OrganismSpec, transform: DeficitTransformSpec) -> tuple[str, ...]:
    """Pathways whose messages a deficit weakens."""
    match transform:
        case CutPathwaySpec():
            return transform.pathways
        case LesionSpec():
            return tuple(path.title for path in organism.pathways if path.source in transform.areas)
        case _:
            return ()


def check_at_rest(
    organism: OrganismSpec, name: str, cost: CostSpec, where: tuple[StageSpec, Steps]
) -> Iterator[Finding]:
    """Costs of single areas where a push anywhere is felt everywhere, or nothing is heard but the label (E26)."""
    stage, steps = where
    place = f"stage {stage.name}: cost {name}"
    for circuit in organism.credit:
        if cost.at not in circuit.areas or not settles(circuit):
            continue
        able, ends, rule = CAPABILITIES[circuit.rule.kind], ends_of(organism, circuit), circuit.rule.kind
        if able.costs is None and cost.kind in RERUN:
            message = f"{place}: {cost.kind} runs its area alone; under {rule} it comes to rest with others only"
            yield finding("E26", steps, message, "another cost, or one of an area outside the circuit")
        elif cost.scope == "local" and "label" in able.needs:
            message = f"{place} is local; {rule} learns by the label at its output alone"
            yield finding("E26", steps, message, "a cost of an area outside the circuit")
        elif cost.scope == "local" and cost.at not in ends:
            message = f"{place} judges {cost.at} inside circuit {circuit.title}; {rule} hears errors at its output only"
            yield finding("E26", steps, message, f"a cost at {' or '.join(ends)}, or outside the circuit")


def unsettled(organism: OrganismSpec) -> Iterator[Finding]:
    """Settings under which a circuit does not come to rest, or too little of the error arrives (W14)."""
    for index, circuit in enumerate(organism.credit):
        steps: Steps = ("organism", "credit", index, "rule")
        for key, problem, text in _doubts(organism, circuit):
            yield finding("W14", (*steps, key), f"circuit {circuit.title}: {problem}", text)


def _doubts(organism: OrganismSpec, circuit: CircuitSpec) -> Iterator[tuple[str, str, str]]:
    """Key of the rule, what is doubtful, what to do."""
    match circuit.rule:
        case TwoPhaseSpec() as rule:
            yield from _of_phases(organism, circuit, rule)
        case PredictiveCodingSpec(variant=variant, steps=given) if variant != "error":
            least = _height(organism, circuit) - 1
            if given < least:
                told = f"in {given} steps no error passes {least} areas below the output"
                yield "steps", told, f"steps {least} or more, or variant error"


def _of_phases(organism: OrganismSpec, circuit: CircuitSpec, rule: TwoPhaseSpec) -> Iterator[tuple[str, str, str]]:
    height = _height(organism, circuit)
    phases = {"free_steps": height, "nudged_steps": height, "clamped_steps": height - 1}
    for key, least in phases.items():
        given = getattr(rule, key, least)
        if given < least:
            yield key, f"in {given} steps nothing passes {least} areas", f"{key} {least} or more"
    large = [area for area in circuit.areas if rule.init_gain * _first(organism, area) > _LARGE]
    if large:
        told = f"the first weights of {', '.join(large)} are so large that rates do not come to rest"
        yield "init_gain", told, f"init_gain 0.5, or smaller first weights; residual.{large[0]} tells, damp helps"
    if isinstance(rule, ClampedSpec):
        if height > 2:
            told = f"with the output held at the label, what {height} areas learn depends much on the seed"
            yield "kind", told, "one area below the output, or equilibrium_propagation"
        if rule.gamma ** (height - 1) < _LOST:
            yield "gamma", f"gamma {rule.gamma} over {height - 1} pathways is lost in float32", "a larger gamma"


def _first(organism: OrganismSpec, area: str) -> float:
    """Standard deviation of an area's first weights in units of 1 / sqrt(fan_in), without the rule's gain; or 0."""
    init = organism.areas[area].init
    return init.gain if isinstance(init, OrthogonalInit) else float(isinstance(init, Kaiming))


def _height(organism: OrganismSpec, circuit: CircuitSpec) -> int:
    """Areas on the longest way through a circuit."""
    paths, height = inside(organism, circuit), dict.fromkeys(circuit.areas, 1)
    for _ in circuit.areas:
        for path in paths:
            height[path.target] = max(height[path.target], height[path.source] + 1)
    return max(height.values())
