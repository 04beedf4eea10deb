"""MNIST-1D: a task as hard for linear readers as it is easy to compute."""

from __future__ import annotations

from functools import cache
from typing import final

import torch
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.real import Mnist1dSpec
from models.specs.worlds.sources import name_of

_CURVES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
"""The published curve of each class, before standardisation."""

_POINTS, _PAD, _LENGTH, _OUT = 12, (36, 60), 72, 40
_SHIFT, _SCALE, _NOISE, _WIDTH, _GRAIN, _SHEAR = 48, 0.4, 0.25, 2.0, 0.02, 0.75
_SMOOTH = 1.5
"""Width of the filter that random curves come of, in points."""


@final
class Mnist1d:
    r"""40-point signals: a class's curve, stretched, scaled, shifted round, sheared, in noise.

    Scene:      channel `signal`. A curve of 12 points, 36 to 60 zeros behind it, stretched to 72 points, times
                1 + .4 (u - .5), turned round by 0 to 47 points; correlated noise (sd .25 before a Gaussian filter of
                width 2) where there is no curve, independent noise (sd .02) everywhere, minus a slope .75 (u - .5),
                read at 40 points. Label: the curve; factors `shift` and `scale`
    Statistics: mean 0 and sd 1 over train; as many of each class in every split. Test accuracy of logistic regression
                about 32 %, of a 40-100-100-10 network 60 to 70 %
    Draws:      (world digest, item): order of the classes, pad, scale, shift, filtered, grain, shear; (seed): random
                curves, white noise under a Gaussian filter of width 1.5 points
    Shapes:     signal (N, B, 1, 40) float32; label, shift, scale (N, B, 1)
    Units:      signal in standard deviations; shift in points of 72; scale dimensionless
    Reference:  Greydanus & Kobak (2024) Scaling down deep learning with MNIST-1D, ICML; the recipe of their published
                code. There one generator makes all items and all share one mean and sd; here every item has its own
                address, and mean and sd are those of train
    """

    def __init__(self, source: Mnist1dSpec, split: str) -> None:
        sizes = source.facts().sizes
        assert sizes is not None
        self.size = sizes[split]
        signal, self._label, self._factors = _items(source, split)
        train = _items(source, "train")[0]
        self._signal = (signal - train.mean()) / train.std()

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The signals at these positions of the split, the same for every life."""
        factors = {name: factor[index_NB].unsqueeze(2) for name, factor in self._factors.items()}
        return {"signal": self._signal[index_NB].unsqueeze(2)}, self._label[index_NB].unsqueeze(2), factors


@cache
def _items(source: Mnist1dSpec, split: str) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """All signals of a split before standardisation, (size, 40), their labels and factors, (size,)."""
    size = (source.facts().sizes or {})[split]
    item = Draw(torch.zeros(1, dtype=torch.int64), torch.arange(size)[None], word(name_of(source, split)))
    order = Draw(item.seeds_N, address=item.address).at("mnist1d", "order")
    label = order.permuted(torch.arange(size)[None], size)[0] % 10

    def uniform(purpose: str) -> Tensor:
        return item.at("mnist1d", purpose).uniform(1)[0].double()

    pad = _PAD[0] + item.at("mnist1d", "pad").integers(_PAD[1] - _PAD[0] + 1, 1)[0]
    shift = item.at("mnist1d", "shift").integers(_SHIFT, 1)[0]
    scale = 1.0 + _SCALE * (uniform("scale") - 0.5)
    place = torch.arange(_LENGTH)[None] - shift
    place = torch.where(place < 0, place + _LENGTH, place) * (_POINTS + pad - 1) / (_LENGTH - 1)
    curve = _at(_curves(source)[label], place) * scale
    filtered = _filtered(_NOISE * item.at("mnist1d", "filtered").normal(_LENGTH)[0].double())
    signal = torch.where(place < _POINTS, curve, filtered)
    signal = signal + _GRAIN * item.at("mnist1d", "grain").normal(_LENGTH)[0].double()
    signal = signal - _SHEAR * (uniform("shear") - 0.5) * torch.linspace(-0.5, 0.5, _LENGTH, dtype=torch.float64)
    read = torch.linspace(0, _LENGTH - 1, _OUT, dtype=torch.float64).expand(size, _OUT)
    factors = {"shift": shift[:, 0].to(torch.float32), "scale": scale[:, 0].to(torch.float32)}
    return _at(signal, read).to(torch.float32), label, factors


def _curves(source: Mnist1dSpec) -> Tensor:
    """Each class's curve at unit variance over six, beginning at 0, (10, 12)."""
    curve = torch.tensor(_CURVES, dtype=torch.float64)
    if source.templates == "random":
        draw = Draw(torch.tensor([source.seed]), address=word("mnist1d", "curves"))
        curve = _filtered(draw.normal(len(_CURVES), 3 * _POINTS)[0].double(), _SMOOTH)[:, _POINTS : 2 * _POINTS]
    curve = (curve - curve.mean(1, keepdim=True)) / curve.std(1, keepdim=True, correction=0)
    return (curve - curve[:, :1]) / 6.0


def _at(values: Tensor, place: Tensor) -> Tensor:
    """Linear interpolation of rows at places, zeros behind their ends."""
    padded = torch.nn.functional.pad(values, (0, 2))
    left = place.floor().long().clamp(max=values.shape[1])
    share = (place - left).clamp(0.0, 1.0)
    return padded.gather(1, left) * (1.0 - share) + padded.gather(1, left + 1) * share


def _filtered(noise: Tensor, width: float = _WIDTH) -> Tensor:
    """Gaussian filter along rows, mirrored at the ends, cut at four widths."""
    radius = int(4 * width)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / width).square())
    mirrored = torch.cat([noise[:, :radius].flip(1), noise, noise[:, -radius:].flip(1)], dim=1)
    return mirrored.unfold(1, 2 * radius + 1, 1) @ (kernel / kernel.sum())
