"""Which arms are meant: by the labels of axes, or by the name of an arm.

Labels select among the arms of the grid. Arms and controls outside it share labels with arms of the grid, so they are
meant only where their name is given: `{arm: NAME}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import rfc8785

from models.errors import Reason
from models.specs.base import pointer
from models.specs.outcomes import AgreementContrast, ContrastSpec, InteractionContrast, Labels, TrendContrast
from models.specs.patches import PatchError, nearest
from models.specs.study import StudySpec


@dataclass(frozen=True)
class Arm:
    """An arm of a study by number, name and the labels that chose its values."""

    index: int
    name: str
    labels: Mapping[str, str]
    origin: Literal["grid", "arm", "control"]


def label_text(value: str | int | float | bool | None) -> str:
    """A scalar as a label; numbers as RFC 8785 writes them, so that 1, 1.0 and 1e0 are one label."""
    return value if isinstance(value, str) else rfc8785.dumps(value).decode()


def label_texts(labels: Labels) -> dict[str, str]:
    """Labels of a selector as text."""
    return {axis: label_text(label) for axis, label in labels.items()}


def is_of_grid(name: str, labels: Mapping[str, str]) -> bool:
    """Whether an arm is one of the axes' product, whose names say their labels; others have names of their own."""
    return set(name.split(",")) == {f"{axis}={label}" for axis, label in labels.items()}


def named_arm(labels: Labels) -> str | None:
    """The arm a selector names; None if it goes by labels."""
    return str(labels["arm"]) if set(labels) == {"arm"} else None


def select(arms: Sequence[Arm], labels: Labels, at: str) -> tuple[Arm, ...]:
    """The arms a selector means; PatchError E32 if it means none. `at` is its pointer in the study."""
    name = named_arm(labels)
    if name is not None:
        found = tuple(arm for arm in arms if arm.name == name)
        if not found:
            raise PatchError("E32", f"{at}/arm", f"unknown arm '{name}'", nearest(name, [arm.name for arm in arms]))
        return found
    grid = [arm for arm in arms if arm.origin == "grid"]
    wanted = label_texts(labels)
    for axis, label in wanted.items():
        _refuse_unknown(grid, axis, label, at)
    return tuple(arm for arm in grid if wanted.items() <= arm.labels.items())


def reference_of(arm: Arm, arms: Sequence[Arm], relative_to: Labels) -> Arm | None:
    """The arm another is held against: the named one, or that of the grid with these and otherwise equal labels."""
    name = named_arm(relative_to)
    if name is not None:
        return next((each for each in arms if each.name == name), None)
    wanted = {**arm.labels, **label_texts(relative_to)}
    return next((each for each in arms if each.origin == "grid" and dict(each.labels) == wanted), None)


def _refuse_unknown(grid: Sequence[Arm], axis: str, label: str, at: str) -> None:
    labels = list(dict.fromkeys(arm.labels[axis] for arm in grid if axis in arm.labels))
    place = at + pointer([axis])
    if not labels:
        axes = list(dict.fromkeys(name for arm in grid for name in arm.labels))
        raise PatchError("E32", place, f"unknown axis '{axis}'", nearest(axis, axes))
    if label not in labels:
        raise PatchError("E32", place, f"axis {axis} has no label '{label}'", nearest(label, labels))


# ---- what a study refers to


def unknown_references(study: StudySpec, arms: Sequence[Arm], probes: frozenset[str]) -> list[Reason]:
    """Every unknown arm, axis, label, probe and outcome that outcomes and contrasts name; `probes` of any arm."""
    reasons: list[Reason] = []
    for at, labels in _selectors(study):
        try:
            select(arms, labels, at)
        except PatchError as error:
            reasons.extend(error.findings)
    for name, outcome in study.outcomes.items():
        probe = getattr(outcome, "probe", None)
        if probe is not None and probe not in probes:
            place = pointer(["outcomes", name, "probe"])
            reasons.append(Reason("E32", place, f"unknown probe '{probe}'", nearest(probe, sorted(probes))))
    axes = [axis.name for axis in study.axes]
    for index, contrast in enumerate(study.contrasts):
        reasons.extend(_unknown_names(study, contrast, axes, pointer(["contrasts", index])))
    reasons.extend(_unranked(study, arms))
    contrasts = [contrast.name for contrast in study.contrasts]
    for index, expected in enumerate(study.expect):
        if expected.contrast not in contrasts:
            place, suggestion = pointer(["expect", index, "contrast"]), nearest(expected.contrast, contrasts)
            reasons.append(Reason("E32", place, f"unknown contrast '{expected.contrast}'", suggestion))
    return reasons


def _unknown_names(study: StudySpec, contrast: ContrastSpec, axes: Sequence[str], at: str) -> Iterator[Reason]:
    if contrast.outcome not in study.outcomes:
        suggestion = nearest(contrast.outcome, list(study.outcomes))
        yield Reason("E32", f"{at}/outcome", f"unknown outcome '{contrast.outcome}'", suggestion)
    if isinstance(contrast, (TrendContrast, AgreementContrast)) and contrast.axis not in axes:
        yield Reason("E32", f"{at}/axis", f"unknown axis '{contrast.axis}'", nearest(contrast.axis, axes))
    if isinstance(contrast, InteractionContrast) and len(contrast.axes) != 2:
        yield Reason("E32", f"{at}/axes", f"an interaction is of two axes, {len(contrast.axes)} are named")


def _unranked(study: StudySpec, arms: Sequence[Arm]) -> Iterator[Reason]:
    """Of agreements: labels the axis does not have, and groups that have one of them only."""
    for number, contrast in enumerate(study.contrasts):
        if not isinstance(contrast, AgreementContrast):
            continue
        at = pointer(["contrasts", number])
        for side in ("treat", "control", "rival"):
            labels: Labels = getattr(contrast, side) or {}
            told = f"{side} has one label of {contrast.axis} only, and nothing to rank"
            for fixed in sorted({"arm", contrast.axis} & set(labels)):
                yield Reason("E32", f"{at}/{side}" + pointer([fixed]), told, "choose by the other axes")
        for index, label in enumerate(contrast.among):
            try:
                select(arms, {contrast.axis: label}, "")
            except PatchError as error:
                yield from (replace(each, pointer=f"{at}/among/{index}") for each in error.findings)


def _selectors(study: StudySpec) -> Iterator[tuple[str, Labels]]:
    for name, outcome in study.outcomes.items():
        if outcome.relative_to is not None:
            yield pointer(["outcomes", name, "relative_to"]), outcome.relative_to
    for index, contrast in enumerate(study.contrasts):
        yield from _selectors_of(contrast, pointer(["contrasts", index]))


def _selectors_of(contrast: ContrastSpec, at: str) -> Iterator[tuple[str, Labels]]:
    for key in ("treat", "control", "recovered", "rival", "within"):
        labels: Labels | None = getattr(contrast, key, None)
        if labels:
            yield f"{at}/{key}", labels
    if isinstance(contrast, InteractionContrast):
        for axis, pair in contrast.axes.items():
            yield from ((f"{at}/axes", {axis: label}) for label in pair)
