"""As many as there were before: counting without a bound."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sequences import CountingSpec
from models.specs.worlds.sources import name_of

_STOP = 2


@final
class Counting:
    r"""The language a^n b^n: a row of one symbol, then as many of another, then nothing more.

    Scene:      channel `symbol`: n times a (symbol 0), n times b (1), stop (2) until the end; label: the next symbol
                where it follows from those before, from the first b on, else a; factors `asked`: whether the count
                says what is next, from the first b to the last, and `count`, n
    Statistics: n uniform from `least` to `most`. Where asked, whoever knows n is never wrong, and whoever says b always
                is wrong at the last b, in every item once
    Draws:      (life seed, world digest, presentation): n
    Shapes:     symbol (N, B, T, 3) float32, one-hot; label, asked, count (N, B, T); T = 2 most + 1
    Units:      count: symbols
    Controls:   `least` above the `most` of the school: longer rows than were ever met
    Reference:  Joulin & Mikolov (2015) Inferring algorithmic patterns with stack-augmented recurrent nets, NeurIPS;
                there one row follows the other and what cannot be known is learned too, here each item is a row
    """

    size = None

    def __init__(self, source: CountingSpec, split: str) -> None:
        self.source = source
        self._address = word(name_of(source, split))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The rows of these presentations."""
        least, most = self.source.least, self.source.most
        draw = Draw(seeds_N, index_NB, self._address)
        count = least + draw.at("counting", "count").integers(most - least + 1, 1)
        step = torch.arange(2 * most + 2)
        row = (step >= count).long() + (step >= 2 * count).long()
        shown, now = row[..., :-1], step[:-1]
        label = torch.where(now < count, 0, row[..., 1:])
        asked = ((now >= count) & (now < 2 * count)).long()
        factors = {"asked": asked, "count": count.to(torch.float32).expand(asked.shape).clone()}
        return {"symbol": one_hot(shown, _STOP + 1).to(torch.float32)}, label, factors
