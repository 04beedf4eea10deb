"""The lives of a probe's example, measured at birth and at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.engine import stage
from models.engine.cohort import birth
from models.engine.examiner import Examiner
from models.engine.numerics import configure
from models.engine.organism import Organism
from models.engine.step import Training
from models.specs.canonical import canonical
from models.specs.document import read
from models.specs.plan import plan_arm
from models.specs.schedule import ScheduleSpec

EXAMPLES = Path(__file__).parents[3] / "examples" / "members" / "probes"

Readings = Mapping[str, npt.NDArray[np.float64]]
"""Probe -> (series, lives)."""


Change = Callable[[dict[str, Any]], object]


def born(kind: str, lives: int, change: Change | None = None) -> Readings:
    """Readings of the example of a kind at birth; `change` is made to the document first."""
    return _lived(kind, lives, change, whole=False)[0]


def grown(kind: str, lives: int, change: Change | None = None) -> tuple[Readings, Readings]:
    """Readings at birth and at the end."""
    first, last = _lived(kind, lives, change, whole=True)
    return first, last


def _lived(kind: str, lives: int, change: Change | None, *, whole: bool) -> list[Readings]:
    configure()
    data: dict[str, Any] = read((EXAMPLES / f"{kind}.yaml").read_bytes()).data
    if change is not None:
        change(data)
    arm = plan_arm(canonical(ScheduleSpec.model_validate(data, strict=False)))
    regimes = [step.regime for step in arm.steps]
    examiner = Examiner(arm.probes, Organism(regimes[0].organism), regimes[0].sweeps)
    cohort = birth(regimes[0], range(lives))

    def taken() -> Readings:
        found = examiner.take(list(arm.probes), cohort, range(lives))
        return {name: found[of].astype(np.float64) for name, of in arm.probe_names.items()}

    readings = [taken()]
    for position, step in enumerate(arm.steps if whole else ()):
        if position:
            stage.enter(cohort, step.regime)
        training = Training(cohort, step.regime)
        for _ in range(step.demand.offset):
            training.update()
    return [*readings, taken()] if whole else readings
