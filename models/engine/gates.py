"""What a life's gates have read: the last readings of each probe that they watch, kept with the life's own state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from models.engine.cohort import Cohort, address_of_gate
from models.specs.envelopes import Told
from models.specs.regime import RegimeSpec


class Gates:
    """The gates of a cohort under a regime."""

    def __init__(self, cohort: Cohort, regime: RegimeSpec) -> None:
        self._cohort = cohort
        self._regime = regime
        self._told: tuple[Told, ...] | None = None

    def take(self, probe: str, values_N: npt.NDArray[np.float32]) -> None:
        """A reading, not a number for lives that had none."""
        kept = self._cohort.own[address_of_gate(probe)]
        new_N = torch.from_numpy(values_N)
        moved = torch.cat([kept[:, 1:], new_N[:, None]], dim=1)
        kept.copy_(torch.where(new_N.isfinite()[:, None], moved, kept))
        self._told = None

    def told(self) -> Sequence[Told]:
        """What each life's gates have read; the same object until there is something new."""
        if self._told is None:
            kept = {probe: self._cohort.own[address_of_gate(probe)].double().numpy() for probe in self._regime.gates}
            lives = range(len(self._cohort.seeds))
            self._told = tuple(
                {probe: tuple(row[np.isfinite(row)].tolist()) for probe, rows in kept.items() for row in [rows[life]]}
                for life in lives
            )
        return self._told
