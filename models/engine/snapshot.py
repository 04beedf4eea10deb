"""A cohort as a file: safetensors with exactly one metadata key, whose value is sorted JSON.

In it is all that decides what comes next: parameters, state of rules and costs, moments, counters, readings that
triggers look back on, frozen lives. Not in it: knobs and plans, which are computed anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor

from models.engine.cohort import COUNTS, ROWS, TENSORS, Cohort, Frozen, Readings
from models.engine.numerics import numerics_class
from models.errors import SnapshotMismatch

FORMAT = 1
KEY = "ontogeny"


def dump(cohort: Cohort, meta: dict[str, Any]) -> bytes:
    """The cohort and what its keeper wants to know of it."""
    tensors = dict(_tensors(cohort, ""))
    frozen = {}
    for digest, lives in cohort.frozen.items():
        frozen[digest] = {str(seed): {"status": each.status, "offset": each.offset} for seed, each in lives.items()}
        for seed, each in lives.items():
            tensors |= dict(_tensors(each.cohort, f"frozen/{digest}/{seed}/"))
    head = {
        "format": FORMAT,
        "numerics": numerics_class(),
        "offset": cohort.offset,
        "entered": cohort.entered,
        "frozen": frozen,
        "meta": meta,
    }
    return write_tensors(tensors, metadata={KEY: json.dumps(head, sort_keys=True)})


def load(data: bytes) -> tuple[Cohort, dict[str, Any]]:
    """The cohort and its keeper's words; SnapshotMismatch if this process would not go on with the same bits."""
    head = _head(data)
    if head["format"] != FORMAT:
        raise SnapshotMismatch(f"snapshot format {head['format']}, this engine reads {FORMAT}")
    if head["numerics"] != numerics_class():
        raise SnapshotMismatch(f"snapshot of numerics class {head['numerics']}, this process is {numerics_class()}")
    tensors = read_tensors(data)
    cohort = _cohort(tensors, "", head)
    for digest, lives in head["frozen"].items():
        cohort.frozen[digest] = {
            int(seed): Frozen(_cohort(tensors, f"frozen/{digest}/{seed}/", head), each["status"], each["offset"])
            for seed, each in lives.items()
        }
    return cohort, head["meta"]


def state_hash(cohort: Cohort) -> str:
    """SHA-256 over the sorted (name, dtype, shape, bytes) of what the lives are; what was read of them is left out."""
    whole = hashlib.sha256()
    for name, value in sorted(_tensors(cohort, "")):
        if not name.startswith(("readings/", "counts/alive_N")):
            whole.update(f"{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
            whole.update(value.numpy().tobytes())
    return whole.hexdigest()


def _tensors(cohort: Cohort, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor of a cohort but its frozen lives."""
    yield f"{prefix}counts/seeds", cohort.seeds_N
    for group in TENSORS:
        for address, value in getattr(cohort, group).items():
            yield f"{prefix}{group}/{address}", value.detach().contiguous()
    for group in COUNTS:
        for key, count in getattr(cohort, group).items():
            yield f"{prefix}{group}/{key}", torch.from_numpy(count.copy())
    for row in ROWS:
        yield f"{prefix}counts/{row}", torch.from_numpy(getattr(cohort, row).copy())
    for probe, past in cohort.readings.items():
        yield f"{prefix}readings/{probe}/offsets", torch.tensor(past.offsets, dtype=torch.int64)
        yield f"{prefix}readings/{probe}/values", torch.from_numpy(np.stack(past.values))


def _cohort(tensors: dict[str, Tensor], prefix: str, head: dict[str, Any]) -> Cohort:
    def group(name: str) -> dict[str, Tensor]:
        start = f"{prefix}{name}/"
        keys = sorted(key for key in tensors if key.startswith(start))
        return {key.removeprefix(start): tensors[key].clone() for key in keys}

    counts = {name: value.numpy() for name, value in group("counts").items()}
    readings: dict[str, Readings] = {}
    for key, value in group("readings").items():
        probe, part = key.rsplit("/", 1)
        past = readings.setdefault(probe, Readings())
        setattr(past, part, value.tolist() if part == "offsets" else list(value.numpy()))
    parts: dict[str, Any] = {name: group(name) for name in TENSORS}
    parts |= {name: {key: value.numpy() for key, value in group(name).items()} for name in COUNTS}
    parts |= {name: counts[name] for name in ROWS}
    seeds = counts["seeds"].tolist()
    return Cohort(seeds=seeds, offset=head["offset"], entered=head["entered"], readings=readings, **parts)


def _head(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    head: dict[str, Any] = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KEY])
    return head
