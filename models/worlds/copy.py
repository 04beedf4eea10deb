"""The copy task: how long something is kept."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import CopySpec
from models.specs.worlds.sources import name_of


@final
class Copy:
    r"""Symbols to be kept over a delay and then said in order.

    Scene:      channel `symbol`: `length` symbols, `delay` steps of nothing (symbol K) the last of which is the sign to
                begin (symbol K + 1), `length` steps of nothing; label: nothing (class K) until the sign, then the
                symbols; factor `asked`: whether a symbol is to be said
    Statistics: symbols independent, equally likely. Whoever keeps nothing has a cross entropy of at least
                length ln K / T, with T = 2 length + delay steps
    Draws:      (life seed, world digest, presentation): symbols
    Shapes:     symbol (N, B, T, K + 2) float32, one-hot; label, asked (N, B, T)
    Units:      none
    Controls:   reset_context every `length` steps: what is kept is lost
    Reference:  Hochreiter & Schmidhuber (1997) Neural Comput. 9:1735; the form of Arjovsky, Shah & Bengio (2016) ICML
    """

    size = None

    def __init__(self, source: CopySpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The rows of these presentations."""
        length, K = self.source.length, self.source.symbols
        T = 2 * length + self.source.delay
        row = Draw(seeds_N, index_NB, self._address).at("copy", "symbols").integers(K, length)
        shown = torch.full((*index_NB.shape, T), K)
        shown[..., :length] = row
        shown[..., T - length - 1] = K + 1
        label = torch.full_like(shown, K)
        label[..., T - length :] = row
        return {"symbol": one_hot(shown, K + 2).to(torch.float32)}, label, {"asked": (label < K).long()}
