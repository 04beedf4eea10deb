"""What each life was when a probe was best: kept with the life's own state while a stage goes on, for the next one.

Kept is all by which a life answers and learns: parameters, decoders, moments and step counts, the state of rules and
costs, what areas hold. Not kept is what time and the world have done: age, what was shown, places in acting worlds,
readings of gates, anchors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.engine.cohort import Cohort
from models.specs.regime import RegimeSpec

_BEST = "best/"
_OWN = ("area/", "rule/", "cost/", "size/")
"""Where the state of areas, rules and costs is; the rest of a cohort's own state is not the organism's."""

Readings = npt.NDArray[np.float32]
"""Per life (N,); not a number for lives that had none."""


def begin(cohort: Cohort, regime: RegimeSpec) -> None:
    """Make room for what a regime keeps; what the part before a cut has kept goes on, all else is forgotten.

    State that came in at the cut is kept as it is there: it was no other at the best before.
    """
    before = {address: cohort.own.pop(address) for address in [*cohort.own] if address.startswith(_BEST)}
    if regime.stage_origin_sp == 0:
        before = {}
    parts = [(part, value.clone()) for part, value in _parts(cohort)]
    none_yet = ("value", torch.full((len(cohort.seeds),), torch.nan))
    for probe in sorted(regime.bests):
        for part, value in (none_yet, *parts):
            address = _address(probe, part)
            cohort.own[address] = before[address] if address in before else value.clone()


def keep(cohort: Cohort, probe: str, reading_N: Readings, *, higher: bool) -> None:
    """Keep the lives that a reading finds better than ever in this stage."""
    new_N, best_N = torch.from_numpy(reading_N), cohort.own[_address(probe, "value")]
    better_N = _better(new_N, best_N, higher=higher)
    if bool(better_N.any()):
        for part, value in [("value", new_N), *_parts(cohort)]:
            _put(cohort.own[_address(probe, part)], value, better_N)


def go_back(cohort: Cohort, probe: str, reading_N: Readings, *, higher: bool) -> None:
    """Lives that a last reading does not find better than ever become what they were at their best."""
    now_N, best_N = torch.from_numpy(reading_N), cohort.own[_address(probe, "value")]
    back_N = best_N.isfinite() & ~_better(now_N, best_N, higher=higher)
    for part, value in _parts(cohort):
        kept = cohort.own.get(_address(probe, part))
        if kept is not None:
            _put(value, kept, back_N)


def _address(probe: str, part: str) -> str:
    return f"{_BEST}{probe}/{part}"


def _parts(cohort: Cohort) -> Iterator[tuple[str, Tensor]]:
    """All that is kept of a cohort, by part and address; the tensors share its memory."""
    for group in ("params", "learned", "moments"):
        for name, value in getattr(cohort, group).items():
            yield f"{group}/{name}", value.detach()
    for name, value in cohort.own.items():
        if name.startswith(_OWN):
            yield f"own/{name}", value
    for name, count in cohort.steps.items():
        yield f"steps/{name}", torch.from_numpy(count)


def _better(new_N: Tensor, best_N: Tensor, *, higher: bool) -> Tensor:
    """Where a reading is a number, and the first one or better than the best."""
    gains_N = new_N > best_N if higher else new_N < best_N
    return new_N.isfinite() & (best_N.isnan() | gains_N)


def _put(into: Tensor, value: Tensor, which_N: Tensor) -> None:
    into.copy_(torch.where(which_N.reshape(-1, *[1] * (into.dim() - 1)), value, into))
