"""Reading along an arm: its path through trajectories becomes one curve per series and life.

A trajectory may be shared: it goes further than this arm, is read at offsets that only another asked for, and its
lives leave at their own offsets. So each piece is cut at the ends of this arm's lives and at its own readings, and
what a job sees does not depend on who else trains with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.specs.envelopes import Scalar, value
from models.specs.plan import Span
from models.specs.regime import Reading
from models.specs.series import about
from service.store.clock import seconds_at
from service.store.columns import Columns, Mask, Offsets
from service.store.recall import Wanted, Window, clocks, machine_where, read_where, test_of
from service.store.series_rows import Executor
from service.wire.history import Axis

UNIT_OF_X = {"age": "sp", "stage_time": "sp", "updates": "1", "wall": "s"}
_PROBE = re.compile(r"(p[0-9a-f]{12})(\..+)?")


@dataclass(frozen=True)
class Piece:
    """The part of a trajectory that some lives of an arm lived.

    `seeds`, `ends` and `age_origin` are in the order of the trajectory's lives. A life's part is the offsets up to its
    end; its age at offset k is its origin + k x batch. `readings` are those the arm asks for, by probe id; None: all
    that there are. `ending`: a trigger decides the ends, and probes are read there; `decided`: it has.
    """

    trajectory: str
    seeds: tuple[int, ...]
    batch: int
    age_origin: tuple[int, ...]
    ends: tuple[int, ...]
    reached: int
    """Updates that are committed."""
    spans: tuple[Span, ...]
    readings: Mapping[str, Sequence[Reading]] | None = None
    ending: bool = False
    decided: bool = True

    @cached_property
    def upto(self) -> int:
        """The furthest offset of the arm that is committed."""
        return min(self.reached, max(self.ends))


@dataclass(frozen=True)
class ArmPath:
    """The whole path of an arm, earlier pieces first; lives of several cohorts go through pieces of their own."""

    arm: int
    labels: Mapping[str, str]
    pieces: tuple[Piece, ...]
    probes: Mapping[str, str]
    """Names in the document to probe ids."""
    units: Mapping[str, str] = field(default_factory=dict)
    """By name of the probe."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """By name of the probe."""
    diverged: frozenset[int] = frozenset()
    """Seeds of lives that left the finite numbers."""
    censored: frozenset[int] = frozenset()
    """Seeds of lives that met the limit of a stage whose limit censors."""
    modulators: Mapping[str, Scalar] = field(default_factory=dict)
    """Levels by age, as the document says, of those that follow no probe; those that do are recorded."""
    beside: bool = False
    """Beside the axes: it has the labels of the arm that it changes, and is never put together with it."""

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Every life that the arm has, whatever became of it."""
        return tuple(sorted({seed for piece in self.pieces for seed in piece.seeds}))

    def names(self, path: str) -> list[str]:
        """What this arm calls a stored series: probes by their names, one of nobody's not at all."""
        probe = _PROBE.fullmatch(path)
        if probe is None:
            return [path]
        return [f"probe.{name}{probe[2] or ''}" for name, key in sorted(self.probes.items()) if key == probe[1]]

    def paths(self, name: str) -> list[str]:
        """The stored series that this arm calls so, should they be there."""
        parts = [(f"probe.{probe}", key) for probe, key in self.probes.items()]
        found = [key + name.removeprefix(begin) for begin, key in parts if f"{name}.".startswith(f"{begin}.")]
        return found if _PROBE.fullmatch(name) else [name, *found]

    def unit(self, name: str) -> str:
        """The unit of a series by the name that the arm gives it."""
        known = about(name)
        return known.unit if known else self.units.get(name.split(".")[1], "1")

    def meaning(self, name: str) -> str:
        """What the numbers of a series say."""
        known = about(name)
        return known.meaning if known else self.meanings.get(name.split(".")[1], "")


@dataclass(frozen=True)
class Part:
    """Rows of one life in one piece, with the piece's index."""

    piece: int
    life: int
    offsets: Offsets
    y: NDArray[Any]


@dataclass(frozen=True)
class Curve:
    """One series of one life over the whole path. Shapes: x and y (R,)."""

    seed: int
    x: NDArray[Any]
    y: NDArray[Any]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ArmSeries:
    """One series of an arm: a curve per life."""

    path: ArmPath
    name: str
    unit: str
    curves: list[Curve]


def windows_of(arms: Iterable[ArmPath], after: Mapping[str, int]) -> dict[str, Window]:
    """What must be read of every trajectory, for all arms together."""
    found: dict[str, Window] = {}
    for piece in (piece for arm in arms for piece in arm.pieces):
        known = found.get(piece.trajectory)
        upto = max(piece.upto, known.upto or 0) if known else piece.upto
        found[piece.trajectory] = Window(after.get(piece.trajectory, -1), upto)
    return found


def committed(arms: Iterable[ArmPath]) -> dict[str, int]:
    """The offset up to which each trajectory is answered."""
    return {name: window.upto or 0 for name, window in windows_of(arms, {}).items()}


def read_arms(  # noqa: PLR0913 - what a reading is cut by
    db: Executor,
    arms: Sequence[ArmPath],
    wanted: Wanted,
    axis: Axis,
    *,
    stage: str | None = None,
    after: Mapping[str, int] | None = None,
    seeds: Collection[int] = (),
) -> list[ArmSeries]:
    """Every wanted series of every arm, by arm and name, of some lives, all if none is named.

    Shared trajectories are read once.
    """
    windows = windows_of(arms, after or {})
    lives = _lives(arms, seeds) if seeds else None
    is_wanted = test_of(wanted)
    stored = read_where(db, windows, _paths(arms, wanted), lives)
    for trajectory, shown in machine_where(db, windows, is_wanted).items():
        stored[trajectory] |= shown
    walls = clocks(db, list(windows)) if axis == "wall" else {}
    found = []
    for arm in arms:
        ruler = Ruler(arm, axis, stage, walls)
        paths = {path for piece in arm.pieces for path in stored.get(piece.trajectory, {})}
        named = sorted((name, path) for path in paths for name in arm.names(path) if is_wanted(name))
        for name, path in named:
            curves = list(_curves(arm, path, stored, ruler, seeds))
            found.append(ArmSeries(arm, name, arm.unit(name), curves))
        found += _modulators(arm, is_wanted, windows, ruler, seeds)
    return found


def _paths(arms: Sequence[ArmPath], wanted: Wanted) -> Wanted:
    """Where the series are stored that arms call by the wanted names."""
    if isinstance(wanted, frozenset):
        return frozenset(path for arm in arms for name in wanted for path in arm.paths(name))
    return lambda path: any(wanted(name) for arm in arms for name in arm.names(path))


def _lives(arms: Sequence[ArmPath], seeds: Collection[int]) -> dict[str, list[int]]:
    """The lives of these seeds by trajectory."""
    found: dict[str, set[int]] = {}
    for piece in (piece for arm in arms for piece in arm.pieces):
        here = found.setdefault(piece.trajectory, set())
        here |= {life for life, seed in enumerate(piece.seeds) if seed in seeds}
    return {trajectory: sorted(lives) for trajectory, lives in found.items()}


def _modulators(
    arm: ArmPath,
    wanted: Callable[[str], bool],
    windows: Mapping[str, Window],
    ruler: Ruler,
    seeds: Collection[int],
) -> Iterator[ArmSeries]:
    """Levels of modulators during every update: functions of age alone, so they are computed and not stored."""
    for name, level in sorted(arm.modulators.items()):
        path = f"modulator.{name}"
        if not wanted(path):
            continue
        levels: dict[str, dict[str, Columns]] = {}
        for piece in arm.pieces:
            offsets = np.arange(windows[piece.trajectory].after + 1, piece.upto + 1)
            offsets = offsets[offsets > 0]
            if len(offsets):
                levels[piece.trajectory] = {path: _levels(path, level, piece, offsets)}
        yield ArmSeries(arm, path, arm.unit(path), list(_curves(arm, path, levels, ruler, seeds)))


def _levels(path: str, level: Scalar, piece: Piece, offsets: Offsets) -> Columns:
    """The level that was in force during the updates that end at these offsets, for every life."""
    by_origin = {
        origin: np.array([value(level, age) for age in (origin + (offsets - 1) * piece.batch).tolist()])
        for origin in set(piece.age_origin)
    }
    values = np.stack([by_origin[origin] for origin in piece.age_origin])
    return Columns(path, offsets, values, np.ones(values.shape, np.bool_))


@dataclass(frozen=True)
class Ruler:
    """Measures x along one arm, inside one stage if there is one."""

    arm: ArmPath
    axis: Axis
    stage: str | None
    walls: Mapping[str, Columns]

    @cached_property
    def _wall_origin(self) -> dict[tuple[int, int], float]:
        """Seconds that a life has behind it, by piece and seed."""
        spent: dict[int, float] = {}
        found = {}
        for index, piece in enumerate(self.arm.pieces):
            for seed, end in zip(piece.seeds, piece.ends, strict=True):
                found[index, seed] = spent.get(seed, 0.0)
                spent[seed] = found[index, seed] + float(self._seconds(piece, np.array([min(end, piece.reached)]))[0])
        return found

    def _seconds(self, piece: Piece, offsets: Offsets) -> NDArray[np.float64]:
        return seconds_at(self.walls[piece.trajectory], offsets)

    def origin(self, index: int, life: int) -> float:
        """What x depends on of a life besides the offset."""
        piece = self.arm.pieces[index]
        return self._wall_origin[index, piece.seeds[life]] if self.axis == "wall" else piece.age_origin[life]

    def measure(self, index: int, origin: float, offsets: Offsets) -> NDArray[Any]:
        """The x of offsets in a piece."""
        piece = self.arm.pieces[index]
        if self.axis == "wall":
            return origin + self._seconds(piece, offsets)
        if self.axis == "stage_time":
            return self._stage_time(piece, offsets)
        age = int(origin) + offsets * piece.batch
        return age if self.axis == "age" else age // piece.batch

    def _stage_time(self, piece: Piece, offsets: Offsets) -> NDArray[np.int64]:
        x = np.zeros(len(offsets), np.int64)
        for span in piece.spans:
            if span.stage == self.stage:
                inside = (offsets >= span.start) & (offsets <= span.end)
                x[inside] = span.stage_time_sp + (offsets[inside] - span.start) * piece.batch
        return x

    def inside(self, piece: Piece, offsets: Offsets, *, probe: bool) -> Mask:
        """Rows of the stage; what an update gave belongs to the stage it ended in, a reading to both at a border."""
        if self.stage is None:
            return np.ones(len(offsets), np.bool_)
        whole = np.zeros(len(offsets), np.bool_)
        for span in piece.spans:
            if span.stage == self.stage:
                first = offsets >= span.start if probe else offsets > span.start
                whole |= first & (offsets <= span.end)
        return whole


def _curves(
    arm: ArmPath, path: str, stored: Mapping[str, Mapping[str, Columns]], ruler: Ruler, seeds: Collection[int]
) -> Iterator[Curve]:
    parts: dict[int, list[tuple[Part, NDArray[Any]]]] = {}
    for index, piece in enumerate(arm.pieces):
        columns = stored.get(piece.trajectory, {}).get(path)
        if columns is None:
            continue
        columns = columns.of_all(len(piece.seeds))
        # whether a reading repeats another is a question of all lives; else those that nobody asked for are left alone
        few = seeds if columns.offsets[0] > 0 else ()
        fresh = {part.life: (part, x) for part, x in _parts(index, piece, columns, ruler, few)}
        repeats = _repeats(piece, fresh, parts)
        for life, (part, x) in fresh.items():
            kept = Part(index, life, part.offsets[1:], part.y[1:]) if repeats else part
            parts.setdefault(piece.seeds[life], []).append((kept, x[1:] if repeats else x))
    for seed, found in sorted(parts.items()):
        if seeds and seed not in seeds:
            continue
        lived = [part for part, _ in found]
        yield Curve(seed, _one([x for _, x in found]), _one([part.y for part in lived]), tuple(lived))


def _parts(
    index: int, piece: Piece, columns: Columns, ruler: Ruler, seeds: Collection[int]
) -> Iterator[tuple[Part, NDArray[Any]]]:
    """The rows of each life, or of some, with their x; lives of the same origin share the array."""
    probe = _PROBE.fullmatch(columns.path)
    offsets = columns.offsets
    shown = ruler.inside(piece, offsets, probe=probe is not None)
    asked = _asked(piece, probe[1], offsets) if probe else np.ones(len(offsets), np.bool_)
    within = shown & asked
    known: dict[float, NDArray[Any]] = {}
    for life, end in enumerate(piece.ends):
        if seeds and piece.seeds[life] not in seeds:
            continue
        rows = columns.valid[life] & (shown & (asked | (offsets == end)) if probe and piece.ending else within)
        if offsets[-1] > end:
            rows &= offsets <= end
        origin = ruler.origin(index, life)
        if origin not in known:
            known[origin] = ruler.measure(index, origin, offsets)
        if rows.all():
            yield Part(index, life, offsets, columns.values[life]), known[origin]
        elif rows.any():
            yield Part(index, life, offsets[rows], columns.values[life][rows]), known[origin][rows]


def _asked(piece: Piece, probe: str, offsets: Offsets) -> Mask:
    if piece.readings is None:
        return np.ones(len(offsets), np.bool_)
    whole = np.zeros(len(offsets), np.bool_)
    for reading in piece.readings.get(probe, ()):
        near = (offsets >= reading.first) & (offsets <= reading.last)
        whole |= near & ((offsets - reading.first) % (reading.every or 1) == 0)
    return whole


def _repeats(
    piece: Piece,
    fresh: Mapping[int, tuple[Part, NDArray[Any]]],
    parts: Mapping[int, Sequence[tuple[Part, NDArray[Any]]]],
) -> bool:
    """Whether the reading at offset 0 says again, for every life, what that at the end of the piece before said."""
    if not fresh:
        return False
    for life, (part, x) in fresh.items():
        before = parts.get(piece.seeds[life])
        if part.offsets[0] != 0 or not before or not len(before[-1][1]) or before[-1][1][-1] != x[0]:
            return False
        if part.y[:1].tobytes() != before[-1][0].y[-1:].tobytes():
            return False
    return True


def _one(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
