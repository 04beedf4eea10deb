"""What is written down: rows kept as they are trained, copied out once per flush, divergence found on the way.

Per update and life: each cost, its weight, plasticity and rate of each area, the norm of each area's change, strengths
of deficits, levels of modulators that follow a probe; at a cadence the norms of each area's gradient and weights, and
of areas that settle the residual: how much a rate would still change in one more step of the free phase, at most. A
life's values end before its first row that is not finite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.engine.cohort import Cohort, Flags
from models.engine.flow import Form
from models.engine.knobs import Knobs
from models.engine.step import Row, weights
from models.specs.order import settles
from models.specs.regime import RegimeSpec

Values = npt.NDArray[np.float32]
Valid = npt.NDArray[np.bool_]
Offsets = npt.NDArray[np.int64]
Settled = list[tuple[Offsets, Values, Valid]]
"""Offsets (rows,), values and which of them hold (paths, rows, lives)."""


@dataclass(frozen=True)
class Group:
    """Series with one column of offsets."""

    paths: list[str]
    offsets: npt.NDArray[np.int64]
    """(rows,)"""
    values: Values
    """(paths, rows, lives)"""
    valid: npt.NDArray[np.bool_] | None
    """(paths, rows, lives); None: all."""


@dataclass(frozen=True)
class LifeEvent:
    """A life left a triggered stage, or the finite numbers."""

    demand: str
    """Digest of the ending, or "diverged"."""
    seed: int
    offset: int
    age_sp: int
    fired: str
    """Pointer of the leaf that decided, "limit" or "diverged"."""
    status: str
    """advanced, censored, failed or diverged."""
    values: list[dict[str, Any]] = field(default_factory=list)
    """Readings it rests on: {probe, offset, age_sp, value}."""


@dataclass(frozen=True)
class Flush:
    """What happened between two offsets."""

    start: int
    end: int
    groups: list[Group]
    transitions: list[LifeEvent]
    train_seconds: float
    updates: int


class Record:
    """Rows since the last flush, and what was made of them."""

    def __init__(self, cohort: Cohort, regime: RegimeSpec, world: str) -> None:
        self._cohort = cohort
        self._world = world
        self._regime = regime
        self._costs, self._areas = list(regime.costs), list(regime.organism.areas)
        self.paths = [
            *(f"{what}.{cost}" for what in ("cost", "weight") for cost in self._costs),
            *(f"{what}.{area}" for what in ("plasticity", "rate", "update_norm") for area in self._areas),
            *(f"deficit.{name}" for name in regime.deficits),
            *(f"modulator.{name}" for name in regime.following),
        ]
        settling = {area for each in regime.organism.credit if settles(each) for area in each.areas}
        self._norms = [f"{what}.{area}" for what in ("gradient_norm", "weight_norm") for area in self._areas]
        self._norms += [f"residual.{area}" for area in self._areas if area in settling]
        self._rows: list[Row] = []
        self._settled: Settled = []
        self._normed: Settled = []
        self._probes: list[Group] = []
        self._events: list[LifeEvent] = []

    @property
    def pending(self) -> int:
        """Updates not yet flushed."""
        return len(self._rows) + sum(len(offsets) for offsets, _, _ in self._settled)

    @property
    def dirty(self) -> bool:
        """Whether there is anything to flush."""
        return bool(self._rows or self._settled or self._probes or self._events)

    def add(self, row: Row) -> None:
        """Keep one update."""
        self._rows.append(row)

    def reading(self, paths: Sequence[str], values: Values, valid: Flags) -> None:
        """Keep one probe's values (paths, lives) at the present offset; valid (lives,) or (paths, lives)."""
        offsets = np.array([self._cohort.offset], dtype=np.int64)
        shown = np.broadcast_to(valid, values.shape)[:, None, :]
        self._probes.append(Group(list(paths), offsets, values[:, None, :].astype(np.float32), shown.copy()))

    def event(self, event: LifeEvent) -> None:
        """Keep what became of a life."""
        self._events.append(event)

    def settle(self) -> None:
        """Copy the rows out; lives that left the finite numbers are diverged from their first bad row on."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        blocks = [self._block(form, list(part)) for form, part in groupby(rows, key=_form)]
        values = np.concatenate([block[0] for block in blocks], axis=1)
        valid = np.concatenate([block[1] for block in blocks], axis=1)
        finite_RN = np.concatenate([block[2] for block in blocks])
        offsets = np.array([row.offset for row in rows], dtype=np.int64)
        normed = [self._norms_of(form, list(part)) for form, part in groupby(_with_norms(rows), key=_form)]
        for life in np.flatnonzero((~finite_RN).any(axis=0)).tolist():
            first = int(np.argmin(finite_RN[:, life]))
            for at, _, holds in [(offsets, values, valid), *normed]:
                holds[:, at >= offsets[first], life] = False
            self._diverge(life, int(offsets[first]), len(rows) - 1 - first)
        self._settled.append((offsets, values, valid))
        self._normed += normed

    def flush(self, start: int, train_seconds: float) -> Flush:
        """Everything since the last flush."""
        self.settle()
        recorded = ((self.paths, self._settled), (self._norms, self._normed))
        groups = [_updates(paths, settled) for paths, settled in recorded if settled]
        groups += _joined(self._probes)
        flush = Flush(start, self._cohort.offset, groups, self._events, train_seconds, self._cohort.offset - start)
        self._settled, self._normed, self._probes, self._events = [], [], [], []
        return flush

    def _block(self, form: Form, rows: list[Row]) -> tuple[Values, Valid, Valid]:
        """Series (paths, rows, lives) of rows of one form, which of them hold, and which lives were finite."""
        said = torch.stack([row.values for row in rows]).numpy()
        turned = _turned([row.plan.knobs for row in rows])
        live = {name: place for place, name in enumerate(form.live)}
        shape = (len(rows), len(form.alive_N))
        series = [said[:, live[name]] if name in live else np.zeros(shape, np.float32) for name in self._costs]
        series += [*turned.weight, *turned.plasticity, *turned.rate]
        series += [self._change(form, area, said, turned.rate[row]) for row, area in enumerate(self._areas)]
        series += turned.strength + turned.level
        valid = np.broadcast_to(form.alive_N, (len(series), *shape)).copy()
        for place, weight_RN in enumerate(turned.weight):
            valid[place] &= weight_RN > 0
        heard = np.ones((said.shape[1], len(form.alive_N)), dtype=np.bool_)
        for place, only_N in enumerate(form.only):
            if only_N is not None:
                heard[place] = only_N.numpy()
        finite = (np.isfinite(said) | ~heard).all(axis=1) | ~form.alive_N
        return np.stack(series).astype(np.float32), valid, finite

    def _change(self, form: Form, area: str, said: Values, rate_RN: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Norm (rows, lives) of the change of an area's parameters: rate x norm of what the rate multiplies."""
        total = np.zeros((said.shape[0], said.shape[2]), dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            for place, name in enumerate(form.moves, start=len(form.live)):
                if name.startswith(f"area/{area}/"):
                    total += said[:, place].astype(np.float64) ** 2
            return np.asarray(np.sqrt(total) * rate_RN)

    def _norms_of(self, form: Form, rows: list[Row]) -> tuple[Offsets, Values, Valid]:
        """Norm of each area's gradient, for lives in which it moves, of its weights, residuals; at rows of one form."""
        told = torch.stack([row.norms for row in rows if row.norms is not None]).numpy().astype(np.float64)
        moves = [(name, lives) for name, lives in form.moves.items()]
        moves += [(name, form.alive_N) for name in weights(self._cohort.params)]
        series, valid = [], []
        for places in (range(len(form.moves)), range(len(form.moves), len(moves))):
            for area in self._areas:
                own = [place for place in places if moves[place][0].startswith(f"area/{area}/")]
                lives = np.logical_or.reduce([moves[place][1] for place in own] or [np.zeros_like(form.alive_N)])
                with np.errstate(over="ignore", invalid="ignore"):
                    squares = [np.where(moves[place][1], told[:, place], 0.0) ** 2 for place in own]
                    total = np.sqrt(np.sum(squares, axis=0)) if own else np.zeros((len(rows), len(lives)))
                    series.append(total.astype(np.float32))
                valid.append(np.broadcast_to(lives, total.shape))
        for place in range(len(moves), told.shape[1]):
            series.append(told[:, place].astype(np.float32))
            valid.append(np.broadcast_to(form.alive_N, series[-1].shape))
        return np.array([row.offset for row in rows], dtype=np.int64), np.stack(series), np.stack(valid)

    def _diverge(self, life: int, offset: int, later: int) -> None:
        """Take a life out as of its first bad row, `later` updates ago."""
        cohort = self._cohort
        cohort.alive_N[life] = False
        cohort.diverged_N[life] = True
        cohort.offset_N[life] = offset
        cohort.age_N[life] -= later * self._regime.batch
        cohort.shown[self._world][life] -= later * self._regime.batch
        cohort.blank(life)
        event = LifeEvent("diverged", cohort.seeds[life], offset, int(cohort.age_N[life]), "diverged", "diverged")
        self._events.append(event)


@dataclass(frozen=True)
class _Turned:
    """Knobs by row: a list over costs, areas, deficits or modulators of (rows, lives)."""

    weight: list[npt.NDArray[np.float64]]
    plasticity: list[npt.NDArray[np.float64]]
    rate: list[npt.NDArray[np.float64]]
    strength: list[npt.NDArray[np.float64]]
    level: list[npt.NDArray[np.float64]]


def _turned(knobs: list[Knobs]) -> _Turned:
    def rows(name: str) -> list[npt.NDArray[np.float64]]:
        if knobs[0] is knobs[-1]:
            shape = (len(knobs), *getattr(knobs[0], name).shape)
            return list(np.broadcast_to(getattr(knobs[0], name), shape).swapaxes(0, 1))
        return list(np.stack([getattr(each, name) for each in knobs], axis=1))

    return _Turned(*map(rows, ("weight_CN", "plasticity_AN", "rate_AN", "strength_DN", "level_MN")))


def _form(row: Row) -> Form:
    return row.plan.form


def _with_norms(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.norms is not None]


def _updates(paths: list[str], blocks: Settled) -> Group:
    offsets, values, valid = (
        np.concatenate([block[part] for block in blocks], axis=max(0, min(part, 1))) for part in range(3)
    )
    return Group(paths, offsets, np.where(valid, values, np.float32(0)), None if valid.all() else valid)


def _joined(readings: list[Group]) -> Iterator[Group]:
    """Readings of one probe as one group."""
    by_paths: dict[tuple[str, ...], list[Group]] = {}
    for each in readings:
        by_paths.setdefault(tuple(each.paths), []).append(each)
    for paths, parts in by_paths.items():
        offsets = np.concatenate([part.offsets for part in parts])
        values = np.concatenate([part.values for part in parts], axis=1)
        valid = np.concatenate([part.valid for part in parts if part.valid is not None], axis=1)
        yield Group(list(paths), offsets, np.where(valid, values, np.float32(0)), None if valid.all() else valid)
