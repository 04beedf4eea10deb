"""Whether rules fit the areas they teach and the costs they hear: E25, E26; and the optimizer that moves them: W14."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import prod

from models.specs.area_base import SPIKING
from models.specs.areas import AreaSpec, ConvSpec, GateBufferSpec, LinearSpec, RecurrentSpec
from models.specs.check_force import check_aim, check_read_out
from models.specs.check_settling import check_at_rest, check_couplings
from models.specs.costs import OF_WEIGHTS, CostSpec, least_batch, target_of
from models.specs.costs.target import LabelTarget, TargetSpec
from models.specs.credit import CAPABILITIES, RuleSpec
from models.specs.credit.capability import Capability
from models.specs.credit.hebbian import CompetitiveSpec, HebbSpec, KohonenSpec
from models.specs.credit.targets import TargetPropagationSpec
from models.specs.credit.temporal import ForceSpec
from models.specs.findings import Finding, Steps, Suggestion, finding
from models.specs.order import blocks, disorder, settles
from models.specs.organism import CircuitSpec, OptimizerSpec, OrganismSpec, SgdSpec
from models.specs.reach import ends_of, inside, reaches
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.structures import AttentionSpec, OptionsSpec, RouterSpec, StackMemorySpec
from models.specs.study import Patch


def check_circuit(organism: OrganismSpec, index: int) -> Iterator[Finding]:
    """What a rule cannot teach (E25)."""
    circuit = organism.credit[index]
    able, steps = CAPABILITIES[circuit.rule.kind], ("organism", "credit", index, "areas")
    place = f"circuit {circuit.title}"
    for number, area in enumerate(circuit.areas):
        for problem, hint in islice(_unfit(organism, circuit, area, able), 1):
            text = "leave it to backprop, or choose another rule"
            yield finding("E25", (*steps, number), f"{place}: {problem}", hint or text)
    sources = [each.source for each in inside(organism, circuit)]
    targets = [each.target for each in inside(organism, circuit)]
    forks = [area for area in circuit.areas if sources.count(area) > 1 or targets.count(area) > 1]
    if "order" in able.needs and forks:
        message = f"{place}: {circuit.rule.kind} teaches a chain of areas; pathways fork or meet at {', '.join(forks)}"
        yield finding("E25", steps, message, "make a circuit of each chain")
    ends = ends_of(organism, circuit)
    if able.hears == "own" and len(ends) > 1:
        message = f"{place}: {circuit.rule.kind} needs one output area, here are {', '.join(ends)}"
        yield finding("E25", steps, message, "make a circuit of each")
    if settles(circuit):
        yield from check_couplings(organism, circuit)
    if isinstance(circuit.rule, ForceSpec):
        yield from check_read_out(organism, index)


def check_time(schedule: ScheduleSpec) -> Iterator[Finding]:
    """Rules in time where every item has but one step (E25)."""
    longest = schedule.clock.sweeps * max(schedule.worlds[stage.world].steps for stage in schedule.stages)
    for index, circuit in enumerate(schedule.organism.credit):
        if longest == 1 and "time" in CAPABILITIES[circuit.rule.kind].needs:
            message = f"circuit {circuit.title}: {circuit.rule.kind} learns over time steps; items have one"
            yield finding("E25", ("organism", "credit", index, "rule"), message, "clock: sweeps, or worlds with steps")


def check_hearing(schedule: ScheduleSpec, index: int, name: str) -> Iterator[Finding]:
    """Whether the rules that a cost's error would reach can use it (E26)."""
    organism, cost, stage = schedule.organism, schedule.costs[name], schedule.stages[index]
    steps: Steps = ("stages", index, "costs", name)
    yield from check_at_rest(organism, name, cost, (stage, steps))
    for number, circuit in enumerate(organism.credit):
        heard = cost.scope == "upstream" or CAPABILITIES[circuit.rule.kind].alone
        if heard and reaches(organism, cost).intersection(circuit.areas):
            judge = _unpriced if cost.kind in OF_WEIGHTS else _unheard
            yield from judge(organism, number, name, cost, (stage, steps))
            if isinstance(circuit.rule, ForceSpec):
                yield from check_aim(schedule, name, cost, (stage, steps))
            rule, partly = circuit.rule.kind, schedule.worlds[stage.world].keeps_unlabelled
            every = "label" in CAPABILITIES[rule].needs or rule in _OF_EVERY_ITEM
            if partly and every and _is_label(target_of(cost)):
                message = f"stage {stage.name}: cost {name} has the label of some items of world {stage.world} only"
                yield finding("E26", steps, f"{message}; {rule} needs every item's", "unlabelled: drop")


def unfit_optimizers(organism: OrganismSpec) -> Iterator[Finding]:
    """Optimizers that undo what a rule rests on, and a rule that nothing holds (W14)."""
    for index, circuit in enumerate(organism.credit):
        yield from _unheld(organism, index)
        optimizer = circuit.optimizer or organism.optimizer
        if circuit.rule.kind == "kolen_pollack" and not isinstance(optimizer, SgdSpec):
            steps: Steps = ("organism", "credit", index) if circuit.optimizer else ("organism",)
            message = f"circuit {circuit.title}: {optimizer.kind} scales the steps of W and B apart"
            yield finding("W14", (*steps, "optimizer"), message, "sgd, with or without momentum")
        rule = circuit.rule
        if isinstance(rule, TargetPropagationSpec) and rule.inverse_steps > 1 and not _plain(optimizer):
            message = f"circuit {circuit.title}: {optimizer.kind} does not go the way of {rule.inverse_steps} steps"
            text = "sgd without momentum, or inverse_steps 1"
            yield finding("W14", ("organism", "credit", index, "rule", "inverse_steps"), message, text)


def _unheld(organism: OrganismSpec, index: int) -> Iterator[Finding]:
    """Rules without a cost whose weights come to rest nowhere, or elsewhere than they should."""
    circuit, steps = organism.credit[index], ("organism", "credit", index)
    optimizer, rule = circuit.optimizer or organism.optimizer, circuit.rule
    if CAPABILITIES[rule.kind].free and not isinstance(optimizer, SgdSpec):
        message = f"circuit {circuit.title}: {optimizer.kind} scales each weight's step; {rule.kind} ends elsewhere"
        yield finding("W14", (*(steps if circuit.optimizer else steps[:1]), "optimizer"), message, "sgd")
    if isinstance(rule, HebbSpec) and rule.norm == "none" and rule.sign == 1:
        message = f"circuit {circuit.title}: without a norm the weights of hebb grow for ever"
        yield finding("W14", (*steps, "rule"), message, "norm: l2 or norm: decay")


_OF_EVERY_ITEM = frozenset({"local_error", "force"})
"""Rules that read a label, if it is what they are taught by, of every item."""


def _plain(optimizer: OptimizerSpec) -> bool:
    return isinstance(optimizer, SgdSpec) and optimizer.momentum == 0.0


def _unfit(
    organism: OrganismSpec, circuit: CircuitSpec, area: str, able: Capability
) -> Iterator[tuple[str, str | Suggestion | None]]:
    """Why a rule cannot teach an area, and what would help."""
    spec, rule = organism.areas[area], circuit.rule.kind
    yield from _unfit_kind(rule, area, spec, able)
    if spec.act in SPIKING and not able.spikes:
        yield f"{rule} needs a derivative; {area} is {spec.act}", None
    if not able.loops and area in _on_loops(organism):
        yield f"{rule} teaches areas that run once; {area} lies on a loop of pathways", None
    if isinstance(spec, RecurrentSpec):
        if not able.gated and (spec.cell != "rnn" or spec.norm != "none"):
            yield f"{rule} follows plain units; {area} has cell {spec.cell}, norm {spec.norm}", "cell rnn, norm none"
    elif isinstance(spec, LinearSpec | ConvSpec) and not able.deep and spec.depth > 1:
        edit = (Patch(op="replace", path=f"/organism/areas/{area}/depth", value=1),)
        hint = Suggestion(text="depth 1, or an area for each layer", edit=edit)
        yield f"{rule} speaks to areas, not to the layers inside; {area} has {spec.depth}", hint
    if able.free and all(link.turned for link in organism.into(area)):
        yield f"{rule} teaches pathways that lead to its areas; what comes to {area} comes back along its own", None
    yield from _unfit_units(circuit.rule, area, spec)
    yield from _unfit_act(organism, circuit, area, able)


def _unfit_kind(rule: str, area: str, spec: AreaSpec, able: Capability) -> Iterator[tuple[str, None]]:
    """Why a rule cannot teach areas of a kind."""
    if able.areas is not None and spec.kind not in able.areas:
        yield f"{rule} teaches {', '.join(sorted(able.areas))} areas; {area} is {spec.kind}", None
    if not spec.weighs and not able.weightless:
        yield f"{rule} teaches weights; {area}, of kind {spec.kind}, has none", None
    if isinstance(spec, AttentionSpec) and spec.weighs and not able.places:
        yield f"{rule} follows one drive of a unit per step; {area} weighs every place of {spec.parts}", None
    if isinstance(spec, GateBufferSpec | StackMemorySpec | RouterSpec | OptionsSpec) and not able.places:
        yield f"{rule} follows one drive of a unit per step; in {area} a gate has one for all of its slot", None


def _unfit_units(rule: RuleSpec, area: str, spec: AreaSpec) -> Iterator[tuple[str, str | Suggestion]]:
    """Why a rule cannot teach so many units, or such."""
    size = getattr(spec, "size", None) or 0
    if isinstance(rule, KohonenSpec) and prod(rule.grid) != size:
        edit = (Patch(op="replace", path=f"/organism/areas/{area}/size", value=prod(rule.grid)),)
        grid = " x ".join(map(str, rule.grid))
        yield f"a grid of {grid} has {prod(rule.grid)} units; {area} has {size}", Suggestion(text="as many", edit=edit)
    if isinstance(rule, CompetitiveSpec) and rule.variant == "k_wta" and rule.k > size:
        yield f"{rule.k} units cannot win where {size} compete, in {area}", f"k below {size}"
    if isinstance(rule, CompetitiveSpec) and rule.variant == "foldiak" and (spec.act, spec.norm) != ("binary", "none"):
        edit = (Patch(op="replace", path=f"/organism/areas/{area}/act", value="binary"),)
        hint = Suggestion(text="act binary, norm none", edit=edit)
        yield f"units under foldiak answer 0 or 1; {area} has act {spec.act}, norm {spec.norm}", hint


def _unfit_act(
    organism: OrganismSpec, circuit: CircuitSpec, area: str, able: Capability
) -> Iterator[tuple[str, Suggestion]]:
    """Why a rule cannot teach an area with its activation."""
    spec, rule = organism.areas[area], circuit.rule.kind
    free = () if able.free or settles(circuit) else ends_of(organism, circuit)
    if able.act is not None and spec.act not in able.act and area not in free:
        nearest = sorted(able.act)[-1]
        edit = (Patch(op="replace", path=f"/organism/areas/{area}/act", value=nearest),)
        hint = Suggestion(text=f"act {nearest}", edit=edit)
        where = " below its output" if free else ""
        yield f"{rule} needs {' or '.join(sorted(able.act))}{where}; {area} is {spec.act}", hint


def _on_loops(organism: OrganismSpec) -> frozenset[str]:
    return (
        frozenset()
        if disorder(organism)
        else frozenset(area for each in blocks(organism) if each.loop for area in each.areas)
    )


def _unheard(
    organism: OrganismSpec, number: int, name: str, cost: CostSpec, where: tuple[StageSpec, Steps]
) -> Iterator[Finding]:
    """Why a circuit cannot use the error of a cost that reaches it."""
    circuit, (stage, steps) = organism.credit[number], where
    able, ends, rule = CAPABILITIES[circuit.rule.kind], ends_of(organism, circuit), circuit.rule.kind
    place = f"stage {stage.name}: cost {name}"
    if able.free:
        message = f"{place} judges {cost.at}, which learns by {rule}, without a cost"
        yield finding("E26", steps, message, "another area, or another rule")
    elif "scalar_cost" in able.needs and least_batch(cost) > 1:
        message = f"{place} takes statistics over the batch; {rule} needs a value of each sample"
        yield finding("E26", steps, message, "another cost, or another rule")
    if able.free or able.hears == "anywhere":
        return
    if cost.at in circuit.areas and cost.at not in ends:
        message = f"{place} judges {cost.at} inside circuit {circuit.title}; {rule} hears errors at its output only"
        yield finding("E26", steps, message, _local(name, ends))
    elif able.hears == "own" and cost.at not in circuit.areas:
        message = f"{place} judges {cost.at} above circuit {circuit.title}; {rule} needs the cost at its own output"
        path = f"/organism/credit/{circuit.title}/areas"
        edit = (Patch(op="replace", path=path, value=[*circuit.areas, cost.at]),)
        yield finding("E26", steps, message, Suggestion(text=f"take {cost.at} into the circuit", edit=edit))
    elif able.costs is not None and cost.kind not in able.costs:
        message = f"{place} is {cost.kind}; {rule} can use {', '.join(sorted(able.costs))}"
        yield finding("E26", steps, message, _local(name, ends))
    elif "label" in able.needs and not _is_label(target_of(cost)):
        yield finding("E26", steps, f"{place} has another target than the label, which {rule} needs", "target: label")


def _unpriced(
    organism: OrganismSpec, number: int, name: str, cost: CostSpec, where: tuple[StageSpec, Steps]
) -> Iterator[Finding]:
    """A cost of weights where a rule alone moves them."""
    (stage, steps), rule = where, organism.credit[number].rule.kind
    message = f"stage {stage.name}: cost {name} judges weights of {cost.at}; {rule} alone says where they go"
    yield finding("E26", steps, message, "a cost of activity, or another rule")


def _is_label(target: TargetSpec | None) -> bool:
    """Whether a target is the label, in its place or shuffled."""
    return isinstance(target, LabelTarget) and target.name is None


def _local(name: str, ends: tuple[str, ...]) -> Suggestion:
    edit = (Patch(op="add", path=f"/costs/{name}/scope", value="local"),)
    return Suggestion(text=f"scope local, or a cost at {' or '.join(ends)}", edit=edit)
