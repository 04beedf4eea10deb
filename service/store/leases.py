"""What passes between the store and a worker: the lease of a trajectory, and the result of a slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.store.blocks import EncodedBlock
from service.store.series_rows import Described


class LeaseLost(Exception):
    """Another worker holds the trajectory now; nothing of this slice may be written."""


@dataclass(frozen=True)
class SnapshotRef:
    """A stored snapshot to start from."""

    trajectory: str
    stop: str
    at_offset: int
    fence: int
    uri: str
    sha256: str
    state_hash: str


@dataclass(frozen=True)
class Lease:
    """A claimed trajectory with all that a worker needs to train one slice of it."""

    id: str
    project: str
    fence: int
    born: float
    """When the trajectory was made: one that was deleted and made again counts its fences anew."""
    regime: Mapping[str, Any]
    seeds: tuple[int, ...]
    ages: Mapping[int, int]
    """Age of each seed at offset 0, in samples."""
    parent: str | None
    parent_stop: str | None
    start: SnapshotRef | None
    """None: at birth."""
    reached: int
    """Offset to start from."""
    wanted: int
    """Furthest offset that is asked for."""
    replay: bool
    """Whether the part up to `wanted` was trained before; only what is not stored yet will be kept of it."""
    probes: Mapping[str, Any]
    readings: Mapping[str, Sequence[Sequence[int]]]
    offsets: tuple[int, ...]
    """Fixed demands that are still open."""
    endings: Mapping[str, Any]
    layer: int
    """Layer of history that a replay writes; another one by the time of the commit: the replay began anew."""
    first_slice: bool
    jobs: tuple[str, ...] = ()
    """Jobs that want it, for logs."""


@dataclass(frozen=True)
class SnapshotRow:
    """A snapshot file that a commit names."""

    stop: str
    at_offset: int
    uri: str
    sha256: str
    bytes: int
    state_hash: str


@dataclass(frozen=True)
class SliceResult:
    """What a slice found out; committed whole or not at all."""

    start: int
    end: int
    blocks: Sequence[EncodedBlock]
    transitions: Sequence[Mapping[str, Any]]
    """Ends of stages: demand, seed, offset, age_sp, fired, status, values."""
    snapshots: Sequence[SnapshotRow]
    updates: int
    train_seconds: float
    described: Mapping[str, Described] = field(default_factory=dict)
    """By path of a probe's series."""
    counts: Mapping[str, float] = field(default_factory=dict)
    """What the worker counted since its last commit."""
