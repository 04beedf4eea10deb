"""Recall by key: what belonged to what."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import RecallSpec
from models.specs.worlds.sources import name_of


@final
class Recall:
    r"""Pairs of key and value, and later one of the keys.

    Scene:      channel `symbol`: key, value, key, value, ..., `delay` steps of nothing (symbol K + V) the last of which
                is the sign to answer (K + V + 1), then a key; label: nothing (class V) but at the last step, where it
                is the key's value; factors `asked`, and `age`: how long ago the pair was shown, 0 the last, 1 the first
    Statistics: keys of an item differ, values are independent and equally likely, every pair is asked for as often.
                Chance 1/V at the last step
    Draws:      (life seed, world digest, presentation): keys, values, which
    Shapes:     symbol (N, B, T, K + V + 2) float32, one-hot; label, asked, age (N, B, T); T = 2 pairs + delay + 1
    Units:      age as a share of the pairs
    Controls:   reset_context before the key: what belonged to it is lost
    Reference:  Ba, Hinton, Mnih, Leibo & Ionescu (2016) Using fast weights to attend to the recent past, NeurIPS
    """

    size = None

    def __init__(self, source: RecallSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The pairs of these presentations."""
        pairs, K, V = self.source.pairs, self.source.keys, self.source.values
        T = 2 * pairs + self.source.delay + 1
        draw = Draw(seeds_N, index_NB, self._address)
        key = draw.at("recall", "keys").bits(K).argsort(dim=2, stable=True)[..., :pairs]
        value = draw.at("recall", "values").integers(V, pairs)
        which = draw.at("recall", "which").integers(pairs, 1)
        shown = torch.full((*index_NB.shape, T), K + V)
        shown[..., 0 : 2 * pairs : 2] = key
        shown[..., 1 : 2 * pairs : 2] = K + value
        shown[..., T - 2] = K + V + 1
        shown[..., T - 1] = key.gather(2, which)[..., 0]
        label = torch.full_like(shown, V)
        label[..., T - 1] = value.gather(2, which)[..., 0]
        age = (pairs - 1 - which).to(torch.float32) / max(1, pairs - 1)
        factors = {"asked": (label < V).long(), "age": age.expand(-1, -1, T).clone()}
        return {"symbol": one_hot(shown, K + V + 2).to(torch.float32)}, label, factors
