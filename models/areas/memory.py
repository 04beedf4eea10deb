"""Memory by content: what was met is found again by a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import Tensor

from models.draw import Draw
from models.protocols import Moment, Params, Pass, State
from models.specs.areas import MemorySpec

_TINY = 1e-12
_NEVER = -1e30


@final
class Memory:
    """Slots that keep what was met, and answer a cue by those like it.

    Dynamics:   w = softmax_k( b cos(c, M_k) ) over the slots k in use, r = sum_k w_k M_k, with c what the inputs bring,
                joined unit by unit; silence (c = 0) and an empty memory answer 0.
                After an update, for each of its items and steps m that is not silent, in order, the least used slot
                (of equals the first) M_k <- M_k + min(1, eta) (c_m - M_k), eta the plasticity of the area; of more
                than there are slots the last. Use u_k <- fade u_k + mean_m w_mk + [written]
    Parameters: none; kept/A/slots (N, K, U) and kept/A/use (N, K), 0 at first, outlast items and are in the snapshot
    Shapes:     inputs (N, B, T, *source units), U units in all -> (N, B, T, U)
    Units:      as what comes in; all items of an update ask what was kept before it
    Rules:      none teaches it, it keeps what it meets; errors pass below through the cue, by backprop and bptt
    Reference:  Graves, Wayne & Danihelka (2014) Neural Turing Machines, arXiv:1410.5401, for reading; Santoro et al.
                (2016) ICML 48:1842 for the least used slot; both within an episode, here for life
    """

    def __init__(self, name: str, spec: MemorySpec, sources: tuple[str, ...]) -> None:
        self.shape: tuple[int, ...] = (spec.size,)
        self._name = name
        self._spec = spec
        self._sources = sources
        self._slots, self._use = f"kept/{name}/slots", f"kept/{name}/use"

    def init(self, draw: Draw) -> Params:
        """Nothing."""
        return {}

    def contents(self, draw: Draw) -> Params:
        """Empty slots."""
        lives, slots = draw.seeds_N.shape[0], self._spec.slots
        return {self._slots: torch.zeros(lives, slots, self._spec.size), self._use: torch.zeros(lives, slots)}

    def start(self, like: Tensor) -> State:
        """Nothing is carried in time."""
        return ()

    def apply(self, inputs: Mapping[str, Tensor], state: State, by: Pass) -> tuple[Tensor, State]:
        """Rates (N, B, T, U)."""
        cue = self._joined(inputs)
        asked_NMU, slots_NKU = cue.flatten(1, 2), by.own[self._slots].to(cue.dtype)
        found = torch.bmm(self._weights(asked_NMU, slots_NKU), slots_NKU)
        heard = (asked_NMU != 0).any(dim=2, keepdim=True)
        return torch.where(heard, found, 0.0).reshape(cue.shape), state

    def remember(self, moment: Moment) -> Params:
        """Slots and their use after what was met."""
        met_NMU = self._joined(moment.inputs[self._name]).detach().flatten(1, 2)
        slots_NKU, use_NK = moment.own[self._slots], moment.own[self._use]
        read_NK = self._weights(met_NMU, slots_NKU).mean(dim=1)
        item_NK, writes_NK = self._written((met_NMU != 0).any(dim=2), use_NK)
        offered = met_NMU.gather(1, item_NK[..., None].expand(-1, -1, self._spec.size))
        pace = moment.pace[self._name].clamp(max=1.0)[:, None, None]
        moved = slots_NKU + pace * (offered - slots_NKU)
        use_NK = self._spec.fade * use_NK + read_NK + writes_NK
        return {self._slots: torch.where(writes_NK[..., None], moved, slots_NKU), self._use: use_NK}

    def _written(self, heard_NM: Tensor, use_NK: Tensor) -> tuple[Tensor, Tensor]:
        """Which item each slot would take, and whether it does."""
        count_N1 = heard_NM.sum(dim=1, keepdim=True)
        taken_N1 = count_N1.clamp(max=self._spec.slots)
        # The rank of a slot among the least used is the place of its item among the last that were heard.
        rank_NK = use_NK.argsort(dim=1, stable=True).argsort(dim=1)
        order_NM = heard_NM.logical_not().long().argsort(dim=1, stable=True)
        place_NK = (count_N1 - taken_N1 + rank_NK).clamp(max=heard_NM.shape[1] - 1)
        return order_NM.gather(1, place_NK), rank_NK < taken_N1

    def _weights(self, cue_NMU: Tensor, slots_NKU: Tensor) -> Tensor:
        """How much each slot is like each cue (N, M, K); slots that were never written never are."""
        alike = torch.bmm(_of_length_one(cue_NMU), _of_length_one(slots_NKU).mT)
        used_NK = (slots_NKU != 0).any(dim=2)
        return torch.softmax(torch.where(used_NK[:, None], self._spec.sharpness * alike, _NEVER), dim=2)

    def _joined(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([inputs[source].flatten(3) for source in self._sources], dim=-1)


def _of_length_one(x: Tensor) -> Tensor:
    return x / (x.square().sum(dim=-1, keepdim=True) + _TINY).sqrt()
