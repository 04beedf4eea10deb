"""What is being learned is sought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from models.costs import target
from models.costs.choosing import liked, places, surprise
from models.draw import Draw
from models.protocols import Moment, Params
from models.specs.costs.intrinsic import LearningProgressSpec


@final
class LearningProgress:
    r"""Policy gradient for places where errors of prediction have been falling.

    Formula:    J_n = mean_{b,t} ( -A_nbt log p(a_nbt) - entropy H(p_nbt) ),   A and G as in curiosity, with
                r_t = P(k_{t+1}),   P(k) = mean of the `window` errors of place k before the last `window`, minus the
                mean of those; an error is the mean surprise (as in curiosity) of all frames of an update in which k was
                met. With m errors, fewer than twice the window: the last floor(m / 2), and so many before
    Shapes:     rate (N, B, T, K), model and target (N, B, T, D), place (N, B, T, C), errors (N, C, 2 window), action,
                done (N, B, T) -> (N,)
    Units:      nats
    Gradient:   the rates of `at`, as in curiosity; none through model and place; per_sample: no (mean and sd over the
                batch)
    Development: self-paced: what is easy first, then what is hard, hardly what cannot be learned
    Not to be confused with: curiosity, which seeks the error and not its fall
    Reference:  Oudeyer, Kaplan & Hafner (2007) IEEE Trans. Evol. Comput. 11:265; there regions are split as they are
                learned, here they are the units of an area or sense
    """

    def __init__(self, name: str, spec: LearningProgressSpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._sense = target.only(senses, spec.target)
        self._errors = f"cost/{name}/errors"

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """No error is known: not a number, the latest is the last."""
        count = torch.Size(shapes[self.spec.place]).numel()
        return {}, {self._errors: torch.full((draw.seeds_N.shape[0], count, 2 * self.spec.window), torch.nan)}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        place_NBT = places(self.spec.place, moment)
        progress_NC = progress(moment.own[self._errors])
        reward_NBT = progress_NC.gather(1, place_NBT.flatten(1)).reshape(place_NBT.shape)
        return liked(self.spec, moment, reward_NBT).mean(dim=(1, 2))

    def remember(self, moment: Moment) -> Params:
        """The errors of places that were met, with the present one."""
        errors_NCW = moment.own[self._errors]
        error_NBT = surprise(self.spec, self.name, self._sense, moment)
        there_NBTC = functional.one_hot(places(self.spec.place, moment), errors_NCW.shape[1]).to(error_NBT.dtype)
        seen_NBT = 1.0 - moment.batch.factors["done"][:, :, :-1].to(error_NBT.dtype)
        there_NBTC = there_NBTC * seen_NBT[..., None]
        times_NC = there_NBTC.sum(dim=(1, 2))
        now_NC = (there_NBTC * error_NBT[..., None]).sum(dim=(1, 2)) / times_NC.clamp(min=1.0)
        moved = torch.cat([errors_NCW[:, :, 1:], now_NC[:, :, None]], dim=2)
        return {self._errors: torch.where((times_NC > 0)[..., None], moved, errors_NCW)}


def progress(errors_NCW: Tensor) -> Tensor:
    """How much the errors of each place have fallen, (N, C); of those that are not numbers there are none."""
    known_NCW = ~errors_NCW.isnan()
    half_NC1 = known_NCW.sum(dim=2, keepdim=True) // 2
    age_W = torch.arange(errors_NCW.shape[2] - 1, -1, -1)
    found_NCW = torch.where(known_NCW, errors_NCW, 0.0)
    late = torch.where(age_W < half_NC1, found_NCW, 0.0).sum(dim=2)
    early = torch.where((age_W >= half_NC1) & (age_W < 2 * half_NC1), found_NCW, 0.0).sum(dim=2)
    return (early - late) / half_NC1[..., 0].clamp(min=1)
