"""What was met once is met again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from models.costs import target
from models.draw import Draw
from models.protocols import Moment, Params, Variation
from models.specs.costs.supervised import ReplaySpec

_EMPTY = -1
"""Key of a slot that holds nothing."""


@final
class Replay:
    r"""Negative log probability of the class of items that come from a store of what was met, not from the world.

    Formula:    J_n = - mean_b log softmax_u(h(x_k)_nu)[y_k],   k = k(n, b) one of the F_n items kept, any alike; 0
                while none is. h is what the area makes of an item as the whole organism is now. After an update every
                item it showed has a key, drawn evenly, and the `slots` items with the largest keys of all that were
                met stay: any set of them alike
    Shapes:     rate (N, B, 1, U); kept: each sense (N, slots, *shape), label (N, slots), key (N, slots) -> (N,)
    Units:      nats
    Gradient:   as cross_entropy's, of a pass of the whole organism over what is recalled; per_sample: no, the items are
                none of the batch
    Development: after each stage whose world will not come again; its weight is how much of a day is given to the past
    Not to be confused with: ewc, which holds parameters and no items; a mixture, which shows the world itself again
    Reference:  McClelland, McNaughton & O'Reilly (1995) Psychol. Rev. 102:419; a store that keeps any item alike:
                Vitter (1985) ACM Trans. Math. Softw. 11:37, by keys Efraimidis & Spirakis (2006) Inf. Process. Lett.
                97:181
    """

    def __init__(self, name: str, spec: ReplaySpec, senses: Sequence[str]) -> None:
        self.name = name
        self.spec = spec
        self._senses = {sense: f"cost/{name}/kept/{sense}" for sense in senses}
        self._label, self._key = f"cost/{name}/label", f"cost/{name}/key"

    def init(self, shapes: Mapping[str, tuple[int, ...]], draw: Draw) -> tuple[Params, Params]:
        """An empty store."""
        room = (draw.seeds_N.shape[0], self.spec.slots)
        kept = {address: torch.zeros(*room, *shapes[sense]) for sense, address in self._senses.items()}
        label = torch.zeros(room, dtype=torch.int64)
        return {}, {**kept, self._label: label, self._key: torch.full_like(label, _EMPTY)}

    def __call__(self, moment: Moment) -> Tensor:
        """Value (N,)."""
        own = moment.own
        count_N1 = (own[self._key] != _EMPTY).sum(dim=1, keepdim=True)  # the largest keys come first
        bits_NB = moment.draw.at("replay", self.name).bits(1)[..., 0]
        slot_NB = bits_NB * count_N1 >> 32
        recalled = {sense: _taken(own[address], slot_NB).unsqueeze(2) for sense, address in self._senses.items()}
        rate_NBU = moment.again(Variation(senses=recalled)).rate[self.spec.at].flatten(2)
        log_q_NBU = rate_NBU.log_softmax(dim=2)
        surprise_NB = -log_q_NBU.gather(2, own[self._label].gather(1, slot_NB).unsqueeze(2)).squeeze(2)
        return torch.where(count_N1 > 0, surprise_NB, 0.0).mean(dim=1)

    def remember(self, moment: Moment) -> Params:
        """The store after what was met now; an item without a label is not kept."""
        batch, own = moment.batch, moment.own
        label_NB = target.read(self.spec.target, self.name, "", moment, 0)[:, :, 0]
        key_NB = moment.draw.at("replay", self.name).at("key").bits(1)[..., 0]
        if batch.labelled_NB is not None and self.spec.target.name is None:
            key_NB = torch.where(batch.labelled_NB, key_NB, _EMPTY)
        met = {address: batch.senses[sense][:, :, 0] for sense, address in self._senses.items()}
        met |= {self._label: label_NB, self._key: key_NB}
        all_of_them = {address: torch.cat([own[address], new], dim=1) for address, new in met.items()}
        order = all_of_them[self._key].sort(dim=1, descending=True, stable=True).indices[:, : self.spec.slots]
        return {address: _taken(whole, order) for address, whole in all_of_them.items()}


def _taken(whole: Tensor, place_NB: Tensor) -> Tensor:
    """Of (N, S, *shape) what stands at these places (N, B): (N, B, *shape)."""
    index = place_NB.reshape(*place_NB.shape, *[1] * (whole.dim() - 2))
    return whole.gather(1, index.expand(*place_NB.shape, *whole.shape[2:]))
