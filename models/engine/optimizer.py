"""sgd, adam, adamw and rmsprop over stacks, each life and area at its own rate.

A rate of a life is a plain number and acts by a scalar operation on that life's slice, or on the whole stack where all
lives agree: both give the same bits. What does not move is not touched at all: no moment, no decay, no step count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.engine.cohort import Cohort, Flags
from models.protocols import Params
from models.specs.organism import AdamSpec, AdamWSpec, OptimizerSpec, OrganismSpec, RmspropSpec, SgdSpec

Tensors = list[Tensor]

BLOCK = 1 << 20
"""Numbers that are moved at once: of lives that have more together, so many at a time that they stay in the cache."""


@dataclass(frozen=True)
class Block:
    """Parameters and moments of lives that are moved at once."""

    values: Tensors
    moments: Mapping[str, Tensors]


@dataclass(frozen=True)
class Part:
    """Parameters and a run of lives that take the same step."""

    spec: OptimizerSpec
    names: tuple[str, ...]
    lives: slice | None
    """None: all."""
    rate: float
    counts: tuple[npt.NDArray[np.int64], ...]
    """Of each parameter the updates so far, of each of these lives."""
    most: int
    """Lives of a block."""
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Clip:
    """Parameters whose gradients share one norm per life."""

    limit: float
    names: tuple[str, ...]
    counts: Mapping[str, Tensor | None]
    """Lives (N,) whose gradient counts; None: all."""


@dataclass(frozen=True)
class Mover:
    """An update, prepared: who moves, how fast, with which memory."""

    names: tuple[str, ...]
    """Parameters that move for some life, in the order of the norms."""
    parts: tuple[Part, ...]
    clips: tuple[Clip, ...]


class Optimizer:
    """The optimizers of an organism over a cohort's parameters and moments."""

    def __init__(self, cohort: Cohort, organism: OrganismSpec, area_of_cost: Mapping[str, str]) -> None:
        self._cohort = cohort
        self._values: Params = {**cohort.params, **cohort.learned}
        self._specs = {name: _spec(organism, name, area_of_cost) for name in self._values if _known(name, area_of_cost)}
        self._keys = {name: spec.model_dump_json() for name, spec in self._specs.items()}
        for name, spec in self._specs.items():
            for slot in slots(spec):
                cohort.moments.setdefault(f"{slot}/{name}", torch.zeros_like(self._values[name]))
            cohort.steps.setdefault(name, np.zeros(len(cohort.seeds), dtype=np.int64))

    @property
    def names(self) -> Iterable[str]:
        """Every parameter that something in force could move."""
        return self._specs.keys()

    def mover(self, moves: Mapping[str, Flags], rates: Mapping[str, npt.NDArray[np.float64]]) -> Mover:
        """Prepare updates in which each parameter moves for the given lives at the given rates, both (N,)."""
        members: dict[tuple[str, int, int, float, int], list[str]] = {}
        for name, lives in moves.items():
            key = self._keys[name]
            for start, end in _runs(lives, rates[name], self._cohort.steps[name]):
                rate, step = float(rates[name][start]), int(self._cohort.steps[name][start])
                members.setdefault((key, start, end, rate, step), []).append(name)
        parts = tuple(self._part(names, start, end, rate) for (_, start, end, rate, _), names in members.items())
        return Mover(tuple(moves), parts, self._clips(moves))

    def update(self, mover: Mover, grads: Params) -> list[Tensor]:
        """Move; the norm (N,) of each parameter's change over its rate, in the mover's order, 0 where nothing moves."""
        for clip in mover.clips:
            grads = grads | _clipped(clip, grads)
        norms: dict[str, list[tuple[slice | None, Tensor]]] = {name: [] for name in mover.names}
        for part in mover.parts:
            for name, norm in zip(part.names, _moved(part, grads), strict=True):
                norms[name].append((part.lives, norm))
        return [_assembled(pieces, len(self._cohort.seeds)) for pieces in norms.values()]

    def _part(self, names: Sequence[str], start: int, end: int, rate: float) -> Part:
        lives = None if end - start == len(self._cohort.seeds) else slice(start, end)
        spec = self._specs[names[0]]

        most = max(1, BLOCK // max(1, sum(self._values[name][0].numel() for name in names)))

        def cut(several: Iterable[Tensor]) -> list[Tensors]:
            """By block, of each of several."""
            apart = (each.detach()[start:end].split(most) for each in several)
            return [list(block) for block in zip(*apart, strict=True)]

        values = cut(self._values[name] for name in names)
        moments = {slot: cut(self._cohort.moments[f"{slot}/{name}"] for name in names) for slot in slots(spec)}
        blocks = [Block(each, {slot: moments[slot][k] for slot in moments}) for k, each in enumerate(values)]
        counts = tuple(self._cohort.steps[name][start:end] for name in names)
        return Part(spec, tuple(names), lives, rate, counts, most, tuple(blocks))

    def _clips(self, moves: Mapping[str, Flags]) -> tuple[Clip, ...]:
        members: dict[str, list[str]] = {}
        for name in moves:
            if self._specs[name].clip is not None:
                members.setdefault(self._keys[name], []).append(name)
        clips = []
        for names in members.values():
            limit = self._specs[names[0]].clip
            assert limit is not None
            counts = {name: None if moves[name].all() else torch.from_numpy(moves[name]) for name in names}
            clips.append(Clip(limit, tuple(names), counts))
        return tuple(clips)


def slots(spec: OptimizerSpec) -> tuple[str, ...]:
    """Names of the moments an optimizer keeps of every parameter."""
    match spec:
        case SgdSpec():
            return ("momentum",) if spec.momentum else ()
        case AdamSpec() | AdamWSpec():
            return ("mean", "square")
        case RmspropSpec():
            return ("square",)
        case _:
            assert_never(spec)


def direction(
    spec: OptimizerSpec, values: Tensors, grads: Tensors, moments: Mapping[str, Tensors], step: int
) -> Tensors:
    """What the rate multiplies: the descent direction after momentum, scaling and decay; moves the moments on."""
    if spec.weight_decay and not isinstance(spec, AdamWSpec):
        grads = list(torch._foreach_add(grads, values, alpha=spec.weight_decay))
    match spec:
        case SgdSpec():
            return _sgd(spec, grads, moments)
        case AdamSpec():
            return _adam(spec.betas, spec.eps, grads, moments, step)
        case AdamWSpec():
            change = _adam(spec.betas, spec.eps, grads, moments, step)
            if spec.weight_decay:
                torch._foreach_add_(change, values, alpha=spec.weight_decay)
            return change
        case RmspropSpec():
            square = moments["square"]
            _decayed_square(square, grads, spec.alpha)
            scale = torch._foreach_sqrt(square)
            torch._foreach_add_(scale, spec.eps)
            return list(torch._foreach_div(grads, scale))
        case _:
            assert_never(spec)


def _sgd(spec: SgdSpec, grads: Tensors, moments: Mapping[str, Tensors]) -> Tensors:
    if not spec.momentum:
        return grads
    momentum = moments["momentum"]
    for each, grad in zip(momentum, grads, strict=True):
        torch.add(grad, each, alpha=spec.momentum, out=each)
    return list(torch._foreach_add(grads, momentum, alpha=spec.momentum)) if spec.nesterov else momentum


def _adam(betas: tuple[float, float], eps: float, grads: Tensors, moments: Mapping[str, Tensors], step: int) -> Tensors:
    """M / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps), with the first correction drawn into the denominator."""
    mean, square = moments["mean"], moments["square"]
    torch._foreach_lerp_(mean, grads, 1.0 - betas[0])
    _decayed_square(square, grads, betas[1])
    mean_part, square_part = 1.0 - betas[0] ** step, 1.0 - betas[1] ** step
    scale = torch._foreach_sqrt(square)
    torch._foreach_mul_(scale, mean_part / square_part**0.5)
    torch._foreach_add_(scale, eps * mean_part)
    return list(torch._foreach_div(mean, scale))


def _decayed_square(square: Tensors, grads: Tensors, keep: float) -> None:
    """V <- keep v + (1 - keep) g^2."""
    torch._foreach_mul_(square, keep)
    torch._foreach_addcmul_(square, grads, grads, value=1.0 - keep)


def _clipped(clip: Clip, grads: Params) -> Params:
    """Gradients scaled down, life by life, so that the norm of all of them is at most the limit."""
    total: Tensor | float = 0.0
    for name in clip.names:
        square = torch.linalg.vector_norm(grads[name].flatten(1), dim=1).square()
        counts = clip.counts[name]
        total = total + (square if counts is None else torch.where(counts, square, 0.0))
    assert isinstance(total, Tensor)
    scale_N = torch.clamp(clip.limit / (total.sqrt() + 1e-6), max=1.0)
    return {name: grads[name] * scale_N.reshape(-1, *[1] * (grads[name].dim() - 1)) for name in clip.names}


def _runs(lives: Flags, rate: npt.NDArray[np.float64], step: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Longest runs [start, end) of neighbouring lives that move alike."""
    if lives.all() and (rate == rate[0]).all() and (step == step[0]).all():
        return [(0, len(lives))]
    runs: list[tuple[int, int]] = []
    for life in np.flatnonzero(lives).tolist():
        start, end = runs[-1] if runs else (0, 0)
        if runs and end == life and rate[life] == rate[life - 1] and step[life] == step[life - 1]:
            runs[-1] = (start, life + 1)
        else:
            runs.append((life, life + 1))
    return runs


def _moved(part: Part, grads: Params) -> Tensors:
    """Move a part; of each parameter the norm of what the rate multiplied, of each of the part's lives."""
    for count in part.counts:
        np.add(count, 1, out=count)
    given = [grads[name] if part.lives is None else grads[name][part.lives] for name in part.names]
    apart = [tuple(given)] if len(part.blocks) == 1 else zip(*(each.split(part.most) for each in given), strict=True)
    norms = []
    for block, downs in zip(part.blocks, apart, strict=True):
        change = direction(part.spec, block.values, list(downs), block.moments, int(part.counts[0][0]))
        torch._foreach_add_(block.values, change, alpha=-part.rate)
        norms.append([torch.linalg.vector_norm(each.flatten(1), dim=1) for each in change])
    return norms[0] if len(norms) == 1 else [torch.cat(each) for each in zip(*norms, strict=True)]


def _assembled(pieces: list[tuple[slice | None, Tensor]], lives: int) -> Tensor:
    if len(pieces) == 1 and pieces[0][0] is None:
        return pieces[0][1]
    whole = torch.zeros(lives)
    for run, norm in pieces:
        whole[run] = norm
    return whole


def _spec(organism: OrganismSpec, name: str, area_of_cost: Mapping[str, str]) -> OptimizerSpec:
    """The optimizer of the area that a parameter belongs to; a rule's state may have another."""
    family, owner, *rest = name.split("/")
    if family == "rule":
        return organism.own_optimizer_of(rest[0])
    return organism.optimizer_of(owner if family == "area" else area_of_cost[owner])


def _known(name: str, area_of_cost: Mapping[str, str]) -> bool:
    """Whether something in force could move the parameter: decoders of costs that left stand still."""
    family, owner = name.split("/")[:2]
    return family != "cost" or owner in area_of_cost
