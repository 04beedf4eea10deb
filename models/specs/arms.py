"""From a study to the schedules of its arms: the product of the axes, then extra arms, then generated controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from models.specs.base import pointer
from models.specs.controls import generate
from models.specs.outcomes import ControlSpec, Labels, MatchedControl
from models.specs.patches import PatchError, Write, apply, nearest, write_of
from models.specs.selectors import Arm, label_text, label_texts, named_arm
from models.specs.study import AxisSpec, StudySpec


@dataclass(frozen=True)
class ArmDocument(Arm):
    """An arm with its complete schedule; documents share parts and must not be changed."""

    document: dict[str, Any]


def expand(study: StudySpec, base: Mapping[str, Any]) -> list[ArmDocument]:
    """All arms of a study over its base schedule, with the study's seeds.

    PatchError: E02 a name or label twice, E16 a path that is missing, E18 values in a form an axis cannot take, E32 an
    unknown axis, label or arm, E33 a patch that does not apply or writes what is written, E34 a control that cannot be.
    """
    arms = plain_arms(study, base)
    return arms + controls_of(study, base, arms)


def arm_count(study: StudySpec) -> int:
    """Number of arms, known without making them."""
    return prod(len(axis.values) + len(axis.patches) for axis in study.axes) + len(study.arms) + len(study.controls)


def plain_arms(study: StudySpec, base: Mapping[str, Any]) -> list[ArmDocument]:
    """The product of the axes, the first axis slowest, and the extra arms."""
    grid = _Grid(study, base)
    arms: list[ArmDocument] = []
    for chosen in product(*(axis.items() for axis in grid.writes.values())):
        labels = dict(zip(grid.writes, (label for label, _ in chosen), strict=True))
        name = ",".join(f"{axis}={label}" for axis, label in labels.items()) or "base"
        document = grid.applied([write for _, writes in chosen for write in writes])
        arms.append(ArmDocument(len(arms), name, labels, "grid", document))
    for index, spec in enumerate(study.arms):
        at = pointer(["arms", index])
        _refuse_taken(arms, spec.name, f"{at}/name")
        writes = grid.chosen(spec.labels, f"{at}/labels")
        writes += [write_of(patch, f"{at}/patch/{i}", f"arm {spec.name}") for i, patch in enumerate(spec.patch)]
        arms.append(ArmDocument(len(arms), spec.name, label_texts(spec.labels), "arm", grid.applied(writes)))
    return arms


def controls_of(study: StudySpec, base: Mapping[str, Any], arms: Sequence[ArmDocument]) -> list[ArmDocument]:
    """The controls, generated from the arms their labels choose; a control may name an arm or an earlier control."""
    grid, known = _Grid(study, base), list(arms)
    for index, control in enumerate(study.controls):
        at = pointer(["controls", index])
        _refuse_taken(known, control.name, f"{at}/name")
        document = generate(control, _start(grid, known, control.labels, at), _reference(grid, known, control, at), at)
        named = named_arm(control.labels)
        labels = next((arm.labels for arm in known if arm.name == named), label_texts(control.labels))
        known.append(ArmDocument(len(known), control.name, labels, "control", document))
    return known[len(arms) :]


def _start(grid: _Grid, arms: Sequence[ArmDocument], labels: Labels, at: str) -> dict[str, Any]:
    return grid.document(arms, labels, f"{at}/labels")


def _reference(grid: _Grid, arms: Sequence[ArmDocument], control: ControlSpec, at: str) -> dict[str, Any] | None:
    return grid.document(arms, control.to, f"{at}/to") if isinstance(control, MatchedControl) else None


def _refuse_taken(arms: Sequence[ArmDocument], name: str, at: str) -> None:
    if any(arm.name == name for arm in arms):
        raise PatchError("E02", at, f"arm '{name}' twice", "give it another name")


@dataclass(frozen=True)
class _Grid:
    """The base and what each label of each axis writes into it."""

    study: StudySpec
    base: Mapping[str, Any]

    def applied(self, writes: Sequence[Write]) -> dict[str, Any]:
        """The base with the study's seeds and these writes."""
        for write in writes:
            if write.steps[0] == "seeds":
                raise write.refuse("E33", "all arms have the study's seeds", "set the seeds of the study")
        return apply({**self.base, "seeds": self.study.seeds.model_dump(mode="json")}, writes)

    @cached_property
    def writes(self) -> dict[str, dict[str, list[Write]]]:
        """Axis -> label -> writes."""
        axes: dict[str, dict[str, list[Write]]] = {}
        for index, axis in enumerate(self.study.axes):
            at = pointer(["axes", index])
            if axis.name in axes:
                raise PatchError("E02", f"{at}/name", f"axis '{axis.name}' twice", "give it another name")
            axes[axis.name] = _labels_of(axis, at)
        return axes

    def chosen(self, labels: Labels, at: str) -> list[Write]:
        """What the labels write, in the order of the axes; axes that are not named keep the base."""
        wanted = label_texts(labels)
        for axis, label in wanted.items():
            place = at + pointer([axis])
            if axis not in self.writes:
                raise PatchError("E32", place, f"unknown axis '{axis}'", nearest(axis, list(self.writes)))
            if label not in self.writes[axis]:
                message = f"axis {axis} has no label '{label}'"
                raise PatchError("E32", place, message, nearest(label, list(self.writes[axis])))
        return [write for axis, written in self.writes.items() if axis in wanted for write in written[wanted[axis]]]

    def document(self, arms: Sequence[ArmDocument], labels: Labels, at: str) -> dict[str, Any]:
        """The schedule that labels, or the name of an arm, choose."""
        name = named_arm(labels)
        if name is None or name in self.writes.get("arm", {}):
            return self.applied(self.chosen(labels, at))
        found = next((arm.document for arm in arms if arm.name == name), None)
        if found is None:
            raise PatchError("E32", f"{at}/arm", f"unknown arm '{name}'", nearest(name, [arm.name for arm in arms]))
        return found


def _labels_of(axis: AxisSpec, at: str) -> dict[str, list[Write]]:
    labels: dict[str, list[Write]] = {}
    for label, writes in [*_values(axis, at), *_patches(axis, at)]:
        if label in labels:
            raise PatchError("E02", at, f"axis {axis.name}: label '{label}' twice", "give each value its own label")
        labels[label] = writes
    if not labels:
        raise PatchError("E18", at, f"axis {axis.name} has neither values nor patches", "give it values")
    return labels


def _values(axis: AxisSpec, at: str) -> Iterator[tuple[str, list[Write]]]:
    if isinstance(axis.values, Mapping):
        for label, value in axis.values.items():
            yield label, _written(axis, value, at, f"{at}/values" + pointer([label]))
        return
    for index, value in enumerate(axis.values):
        place = f"{at}/values/{index}"
        if isinstance(value, (list, tuple, Mapping)):
            raise PatchError("E18", place, f"axis {axis.name}: only a scalar is its own label", "write {label: value}")
        label = label_text(value)
        if not 1 <= len(label) <= 64 or any(mark in ",=" or mark.isspace() for mark in label):
            raise PatchError("E18", place, f"axis {axis.name}: '{label}' cannot be a label", "write {label: value}")
        yield label, _written(axis, value, at, place)


def _written(axis: AxisSpec, value: Any, at: str, place: str) -> list[Write]:
    by = f"axis {axis.name}"
    if isinstance(axis.path, str):
        return [Write("replace", axis.path, f"{at}/path", by, value)]
    if not isinstance(value, (list, tuple)) or len(value) != len(axis.path):
        raise PatchError("E18", place, f"{by}: a list of {len(axis.path)} values is wanted, one for each path")
    pairs = zip(axis.path, value, strict=True)
    return [Write("replace", path, f"{at}/path/{i}", by, part) for i, (path, part) in enumerate(pairs)]


def _patches(axis: AxisSpec, at: str) -> Iterator[tuple[str, list[Write]]]:
    for label, patches in axis.patches.items():
        place = f"{at}/patches" + pointer([label])
        yield label, [write_of(patch, f"{place}/{i}", f"axis {axis.name}") for i, patch in enumerate(patches)]
