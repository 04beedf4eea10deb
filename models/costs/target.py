"""What an area is compared with. No gradient enters a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

import torch
from torch import Tensor

from models.costs import places
from models.draw import Draw
from models.protocols import Moment, Params, Variation
from models.specs.costs.target import (
    AreaTarget,
    InputTarget,
    LabelTarget,
    NextTarget,
    TargetSpec,
    TemplateTarget,
    TrackTarget,
    means_the_sense,
)


def read(spec: TargetSpec, name: str, sense: str, moment: Moment, classes: int = 1) -> Tensor:
    """The target of a cost: classes (N, B, T) int64, or values (N, B, T, D) float with unit axes joined.

    A target that lies ahead has as many steps less. `name` is the cost's, it addresses the shuffle; `sense` answers a
    target that names none; a class that is wrong is another of `classes`.
    """
    target = _plain(spec, name, sense, moment)
    if spec.lag:
        target = target[:, :, (torch.arange(target.shape[2]) - spec.lag).clamp(min=0)]
    if spec.shuffle:
        target = _shuffled(target, name, _lacking(spec, moment), moment)
    return _flipped(target, spec.flip, classes, moment.draw.at("flip", name)) if spec.flip else target


def values(target: Tensor, width: int) -> Tensor:
    """A target as values (N, B, T, width): classes become one-hot."""
    if target.dim() == 3:
        return (target.unsqueeze(3) == torch.arange(width)).to(torch.get_default_dtype())
    if target.shape[3] != width:
        raise ValueError(f"a target of width {target.shape[3]} does not fit {width} units")
    return target


def during(rate: Tensor, aim: Tensor) -> Tensor:
    """The steps of a rate (N, B, T, ...) that a target is for: all, or all but the last."""
    return rate[:, :, : aim.shape[2]]


def _plain(spec: TargetSpec, name: str, sense: str, moment: Moment) -> Tensor:
    """The target as it is."""
    match spec:
        case LabelTarget():
            target = moment.batch.factors[spec.name] if spec.name else _label(name, moment)
        case InputTarget():
            target = moment.batch.senses[spec.sense or sense].flatten(3)
        case AreaTarget():
            target = _of_area(spec, moment)
        case TrackTarget():
            target = places.carried(moment.said(spec.area).detach(), spec.horizon, spec.reach).flatten(3)
        case NextTarget():
            target = _ahead(spec, name, sense, moment)
        case TemplateTarget():
            like = moment.rate[spec.area]
            target = moment.own[template_at(name)][:, None, None].expand(*like.shape[:3], -1)
        case _:
            assert_never(spec)
    target = target.detach()
    if target.is_floating_point() and target.dim() == 3:
        target = target.unsqueeze(3)
    return target


def mean(value: Tensor, spec: TargetSpec, moment: Moment) -> Tensor:
    """Mean (N,) of what a cost makes of each item (N, B, T, U): over those that have the target."""
    if _lacking(spec, moment) is None:
        return value.mean(dim=(1, 2, 3))
    return by_item(value, spec, moment).mean(dim=1)


def by_item(value: Tensor, spec: TargetSpec, moment: Moment) -> Tensor:
    """Numbers (N, B) whose mean `mean` is: 0 for items that lack the target, the others by so much more."""
    value_NB, has_NB = value.mean(dim=(2, 3)), _lacking(spec, moment)
    if has_NB is None:
        return value_NB
    share_N1 = has_NB.sum(dim=1, keepdim=True).clamp(min=1) / has_NB.shape[1]
    return torch.where(has_NB, value_NB, 0.0) / share_N1


def _lacking(spec: TargetSpec, moment: Moment) -> Tensor | None:
    """Which items (N, B) have the target, where some lack it."""
    return moment.batch.labelled_NB if isinstance(spec, LabelTarget) and spec.name is None else None


def width(spec: TargetSpec, sense: str, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Number of values of a target, from the shapes a cost is initialised with."""
    match spec:
        case LabelTarget():
            shape = shapes[f"world/{spec.name or 'label'}"]
        case InputTarget():
            shape = shapes[spec.sense or sense]
        case AreaTarget():
            shape = shapes[spec.area] if spec.read == "none" else (2,)
        case TrackTarget():
            shape = shapes[spec.area]
        case NextTarget():
            shape = shapes[spec.area or spec.sense or sense]
        case TemplateTarget():
            shape = shapes[spec.area]
        case _:
            assert_never(spec)
    return torch.Size(shape).numel()


def born(spec: TargetSpec, name: str, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> Params:
    """First state of a target, that of cost `name`: a template of zeros, or none."""
    if not isinstance(spec, TemplateTarget):
        return {}
    return {template_at(name): torch.zeros(draw.seeds_N.shape[0], torch.Size(shapes[spec.area]).numel())}


def template_at(name: str) -> str:
    """Where the template of a cost is kept."""
    return f"cost/{name}/template"


def only(senses: Sequence[str], spec: TargetSpec) -> str:
    """The sense an input target means if it names none; empty where that does not matter."""
    if means_the_sense(spec):
        if len(senses) != 1:
            raise ValueError(f"a target of kind {spec.kind} must name one of the senses {', '.join(senses)}")
        return senses[0]
    return ""


def _of_area(spec: AreaTarget, moment: Moment) -> Tensor:
    """What an area gives, at another look if one is named, or what is read of its map."""
    rate = moment.said(spec.area)
    if spec.view is not None:
        with torch.no_grad():
            looked = moment.again(Variation(senses=moment.batch.view(spec.view))).said(spec.area)
        held = looked.shape[2] // rate.shape[2]
        rate = looked[:, :, held - 1 :: held]
    how = {"centre": places.centre, "direction": places.direction, "argmax": places.largest}
    return how[spec.read](rate) if spec.read in how else rate.flatten(3)


def _ahead(spec: NextTarget, name: str, sense: str, moment: Moment) -> Tensor:
    """What comes, at all steps that have it."""
    now = moment.said(spec.area) if spec.area else moment.batch.senses[spec.sense or sense]
    if now.shape[2] <= spec.horizon:
        raise ValueError(f"cost {name!r} looks {spec.horizon} steps ahead, items have {now.shape[2]}")
    return now.flatten(3)[:, :, spec.horizon :]


def _label(name: str, moment: Moment) -> Tensor:
    if moment.batch.label is None:
        raise ValueError(f"cost {name!r} asks for labels, but the world shows none")
    return moment.batch.label


def _flipped(target: Tensor, flip: float, classes: int, draw: Draw) -> Tensor:
    """A wrong target with a probability: all steps of a class together, units that say yes or no each for itself."""
    if target.is_floating_point():
        return torch.where(draw.uniform(*target.shape[2:]) < flip, 1.0 - target, target)
    other_NBT = (target + 1 + draw.at("which").integers(max(1, classes - 1), 1)) % classes
    return torch.where(draw.uniform(1) < flip, other_NBT, target)


def _shuffled(target: Tensor, name: str, has_NB: Tensor | None, moment: Moment) -> Tensor:
    """Each item's target is that of another of its batch, along an addressed ring: nobody's own tells of it.

    The ring is of those that have one.
    """
    key_NB = moment.draw.at("shuffle", name).bits(1)[..., 0]
    ring_NB = (key_NB if has_NB is None else key_NB + (~has_NB << 32)).argsort(dim=1, stable=True)
    next_NB = ring_NB.roll(-1, dims=1)
    if has_NB is not None:
        place, last_N1 = torch.arange(ring_NB.shape[1]), has_NB.sum(dim=1, keepdim=True) - 1
        next_NB = torch.where(place < last_N1, next_NB, torch.where(place == last_N1, ring_NB[:, :1], ring_NB))
    other_NB = torch.empty_like(ring_NB).scatter(1, ring_NB, next_NB)
    index = other_NB.reshape(*other_NB.shape, *[1] * (target.dim() - 2))
    return target.gather(1, index.expand_as(target))
