"""How choosy units are about the orientation of gratings."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from models.probes.reading import share_of, truth_of
from models.protocols import ProbeView
from models.specs.probes import areas_of
from models.specs.probes.activity import OrientationSpec


@final
class Orientation:
    r"""Global orientation selectivity index of units that respond, at each unit's best frequency.

    Formula:    gOSI = | sum_a R_a e^{2ia} | / sum_a R_a,   R_a the root mean square, over the gratings of orientation
                a, of a rate less its median over all gratings; the frequency is the one with the largest R_a. Units
                whose largest R_a is below a hundredth of the area's largest are left out; 0 if nobody responds mean:
                over units; share: of units with gOSI > .3
    Shapes:     rate (N, B, T, U), factors `orientation` and `frequency` (N, B, T) -> (N, areas of `at`)
    Units:      dimensionless: 0 no preference, 1 one orientation alone; a round blob has < .05
    Reference:  Swindale (1998) Biol. Cybern. 78:45; Ringach, Shapley & Hawken (2002) J. Neurosci. 22:5639 (1 - circular
                variance)
    """

    def __init__(self, spec: OrientationSpec) -> None:
        self.spec = spec

    def __call__(self, view: ProbeView) -> Tensor:
        """Values (N, areas)."""
        moment = view.measure.moment()
        angle, frequency = (truth_of(moment, name).flatten(1) for name in ("orientation", "frequency"))
        seen = [moment.rate[area].flatten(3).flatten(1, 2).double() for area in areas_of(self.spec.at, view.areas)]
        return torch.stack([self._read(rate, angle, frequency) for rate in seen], dim=1)

    def _read(self, rate: Tensor, angle_NM: Tensor, frequency_NM: Tensor) -> Tensor:
        index, response = _tuning(rate, angle_NM, frequency_NM)
        heard = response >= 0.01 * response.amax(dim=1, keepdim=True)
        heard &= response > 1e-12
        value = index if self.spec.read == "mean" else (index > 0.3).double()
        return share_of((value * heard).sum(dim=1), heard.sum(dim=1).double())


def _tuning(rate: Tensor, angle_NM: Tensor, frequency_NM: Tensor) -> tuple[Tensor, Tensor]:
    """Index and largest response (N, U) at the best frequency of each unit; all lives see the same gratings."""
    angles, frequencies = torch.unique(angle_NM[0]), torch.unique(frequency_NM[0])
    power = (rate - rate.median(dim=1, keepdim=True).values).square()
    index, best = power.new_zeros(power[:, 0].shape), power.new_zeros(power[:, 0].shape)
    turn = torch.polar(torch.ones_like(angles.double()), 2.0 * angles.double())
    for frequency in frequencies:
        shown = [(angle_NM[0] == angle) & (frequency_NM[0] == frequency) for angle in angles]
        some = [each for each in range(len(angles)) if bool(shown[each].any())]
        response = torch.stack([power[:, shown[each]].mean(dim=1).sqrt() for each in some], dim=1)
        whole = response.sum(dim=1)
        found = (response * turn[some][None, :, None]).sum(dim=1).abs() / whole.clamp(min=1e-300)
        largest = response.amax(dim=1)
        index, best = torch.where(largest > best, found, index), torch.maximum(best, largest)
    return index, best
