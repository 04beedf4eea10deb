"""Read-outs that learn at every moment: what least squares cannot teach (E25), and aims that are two (E26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.specs.costs import CostSpec
from models.specs.findings import Finding, Steps, Suggestion, finding
from models.specs.organism import CircuitSpec, OrganismSpec, SgdSpec
from models.specs.schedule import ScheduleSpec, StageSpec
from models.specs.study import Patch

_WHOLE: dict[str, Any] = {"lr": 1.0, "momentum": 0.0, "weight_decay": 0.0, "clip": None}
"""Of sgd, so that the weight goes all of the way that least squares have found."""


def check_read_out(organism: OrganismSpec, index: int) -> Iterator[Finding]:
    """A circuit under force that is no linear read-out of one pathway, or whose steps are cut (E25)."""
    circuit, steps = organism.credit[index], ("organism", "credit", index)
    place = f"circuit {circuit.title}"
    if len(circuit.areas) > 1:
        message = f"{place}: force teaches one read-out, here are {', '.join(circuit.areas)}"
        yield finding("E25", (*steps, "areas"), message, "a circuit of the read-out alone")
        return
    (area,) = circuit.areas
    ways = organism.into(area)
    if len(ways) != 1 or ways[0].path.mode == "symmetric":
        told = ", ".join(each.title for each in ways) or "none"
        message = f"{place}: force teaches the weights of one pathway that goes one way; {area} has {told}"
        yield finding("E25", (*steps, "areas", 0), message, "one pathway into it, not symmetric")
    spec = organism.areas[area]
    for key in ("act", "norm"):
        if getattr(spec, key) != "none":
            message = f"{place}: what force teaches is a weighted sum; {area} has {key} {getattr(spec, key)}"
            edit = (Patch(op="replace", path=f"/organism/areas/{area}/{key}", value="none"),)
            yield finding("E25", ("organism", "areas", area, key), message, Suggestion(text=f"{key} none", edit=edit))
    if spec.lr_scale != 1.0:
        message = f"{place}: force finds the whole step; {area} has lr_scale {spec.lr_scale:g}"
        edit = (Patch(op="replace", path=f"/organism/areas/{area}/lr_scale", value=1.0),)
        hint = Suggestion(text="lr_scale 1", edit=edit)
        yield finding("E25", ("organism", "areas", area, "lr_scale"), message, hint)
    yield from _cut_steps(organism, circuit, steps)


def _cut_steps(organism: OrganismSpec, circuit: CircuitSpec, steps: Steps) -> Iterator[Finding]:
    """An optimizer that does not go the whole way."""
    optimizer = circuit.optimizer or organism.optimizer
    plain = {key: getattr(optimizer, key, None) for key in _WHOLE} == _WHOLE
    if isinstance(optimizer, SgdSpec) and plain:
        return
    where = (*steps, "optimizer") if circuit.optimizer else steps
    told = f"{optimizer.kind} with lr {optimizer.lr:g}"
    message = f"circuit {circuit.title}: force finds the whole step; {told} goes another"
    path, whole = f"/organism/credit/{circuit.title}/optimizer", {"kind": "sgd", "lr": 1.0}
    edit = (Patch(op="replace" if circuit.optimizer else "add", path=path, value=whole),)
    hint = Suggestion(text="sgd of lr 1, without momentum, decay or clip, as the circuit's own", edit=edit)
    yield finding("E25", where, message, hint)


def check_aim(schedule: ScheduleSpec, name: str, cost: CostSpec, where: tuple[StageSpec, Steps]) -> Iterator[Finding]:
    """A second cost at a read-out that can follow one target only (E26)."""
    stage, steps = where
    others = [each for each in stage.costs if each != name and schedule.costs[each].at == cost.at]
    if others:
        message = f"stage {stage.name}: cost {name} judges {cost.at} beside {', '.join(others)}; force has one target"
        yield finding("E26", steps, message, "one cost at the read-out")
