"""Whether showing a world sets the pace: its share of an update of the organism of its example."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.catalogue.table import Figure, Proof
from models.draw import Draw
from models.engine.cohort import birth
from models.engine.feed import Feed
from models.engine.numerics import configure
from models.engine.step import Training
from models.protocols import Batch
from models.specs.canonical import canonical
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.regime import RegimeSpec
from models.specs.schedule import ScheduleSpec
from models.specs.worlds.sources import facts

EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "worlds"
MOST = 0.20
LIVES, FRESH, RENDERED = 8, 1 << 30, 256


class _Timed:
    """A feed that counts the seconds it takes."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.seconds = 0.0

    def next(
        self, shown_N: npt.NDArray[np.int64], strengths: Mapping[str, torch.Tensor], stage_sp: int = 0
    ) -> tuple[Batch, Draw]:
        """The batch of the feed."""
        began = time.process_time()
        found = self._feed.next(shown_N, strengths, stage_sp)
        self.seconds += time.process_time() - began
        return found


def pace(kind: str) -> Proof:
    """Share of an update of eight lives that the world takes, over the long run.

    Measured on batches that were seen before, so that what is kept is kept; items of tiles are rendered once in `reuse`
    presentations, and that much of their rendering is added.
    """
    return partial(_pace, kind)


def _pace(kind: str, quick: bool) -> Iterator[Figure]:
    configure()
    regime = regime_of(kind)
    cohort = birth(regime, range(LIVES))
    training = Training(cohort, regime)
    timed = _Timed(training.feed)
    training.feed = timed  # type: ignore[assignment]
    updates = 10 if quick else 60
    seconds = 0.0
    for _ in range(2):
        cohort.shown[training.stream.digest][:] = 0
        timed.seconds, began = 0.0, time.process_time()
        for _ in range(updates):
            training.update()
        seconds = time.process_time() - began
    rendering = updates * _rendering(training, regime)
    yield Figure("pace", (timed.seconds + rendering) / (seconds + rendering), "share", f"<= {MOST}")


def _rendering(training: Training, regime: RegimeSpec) -> float:
    """Seconds per update that go into new items of shared tiles."""
    reuse = facts(regime.world.source).reuse
    if reuse is None or regime.world.size is not None:
        return 0.0
    began = time.process_time()
    training.stream.world.sample(torch.zeros(1, dtype=torch.int64), FRESH + torch.arange(RENDERED)[None])
    return (time.process_time() - began) / RENDERED * regime.batch / reuse


def regime_of(kind: str) -> RegimeSpec:
    """What is in force first in the example of a kind."""
    data: dict[str, Any] = read((EXAMPLES / f"{kind}.yaml").read_bytes()).data
    arm = plan_arm(canonical(ScheduleSpec.model_validate(data, strict=False)))
    return arm.steps[0].regime
