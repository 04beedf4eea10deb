"""Real scans of handwritten digits, small enough for every machine."""

from __future__ import annotations

from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.real import DigitsSpec

_FIRST = {"train": 0, "valid": 1200, "test": 1400}


@final
class Digits:
    r"""8 x 8 scans of the ten digits by 13 writers.

    Scene:      channel `image`: one digit, centred, dark background; label: the digit
    Statistics: intensity i / 16, i in 0..16; mean .305, sd .376; 174 to 183 scans of each digit
    Draws:      one permutation of all 1797 scans, the same for all; train takes the first 1200, valid the next 200,
                test the last 397
    Shapes:     image (N, B, 1, 1, 8, 8) float32; label (N, B, 1) int64; no factors
    Units:      share of full ink, in [0, 1]
    Reference:  Alpaydin & Kaynak (1998) Optical Recognition of Handwritten Digits, UCI repository; its test part (13
                of 43 writers), as scikit-learn distributes it
    """

    def __init__(self, source: DigitsSpec, split: str) -> None:
        image, label = _scans()
        sizes = source.facts().sizes
        assert sizes is not None
        self.size = sizes[split]
        chosen = slice(_FIRST[split], _FIRST[split] + self.size)
        self._image, self._label = image[chosen], label[chosen]

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The scans at these positions of the split, the same for every life."""
        chosen, shape = index_NB.reshape(-1), (*index_NB.shape, 1)
        image = self._image.index_select(0, chosen).reshape(*shape, 1, 8, 8)
        return {"image": image}, self._label.index_select(0, chosen).reshape(shape), {}


@cache
def _scans() -> tuple[Tensor, Tensor]:
    """All scans in the order that splits cut: (1797, 1, 8, 8) and (1797,)."""
    from sklearn.datasets import load_digits  # noqa: PLC0415 - seconds of every worker's start, for one world

    pixels, labels = load_digits(return_X_y=True)
    order = Draw(torch.zeros(1, dtype=torch.int64), address=word("digits", "order", 1))
    place = order.permuted(torch.arange(len(labels))[None], len(labels))[0]
    image = torch.from_numpy(pixels).to(torch.float32).div(16.0).reshape(-1, 1, 8, 8)
    return image[place], torch.from_numpy(labels).to(torch.int64)[place]
