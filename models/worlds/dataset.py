"""Data sets that the operator registered."""

from __future__ import annotations

from functools import lru_cache
from typing import final

import torch
from torch import Tensor

from models.datasets.keeping import load
from models.datasets.parts import Part, Unreadable
from models.errors import Refused
from models.protocols import Shown
from models.specs.worlds import dataset
from models.specs.worlds.dataset import Content, DatasetSpec

_FEW = 1 << 22
"""Pixels of a split that are kept as shares of full intensity: 16 MiB."""

_Kept = dict[str, tuple[Tensor, Tensor | None]]


@final
class Dataset:
    r"""Items of a data set as they were registered.

    Scene:      channel `image`, `sound` or `x`, as the data set has it: one item; label: its class or its numbers
    Statistics: those of the data; pixels (8 bits) as value / 255, other numbers as they are
    Draws:      none; splits are those of the data, missing ones were cut at registration by a fixed permutation
    Shapes:     channel (N, B, 1, *shape) float32; label (N, B, 1) int64 or (N, B, 1, D) float32, or none; no factors
    Units:      pixels: share of full intensity; otherwise those of the data
    Errors:     Refused (E38) if the content is not there, or not to the bit what the document's digest says
    Reference:  the data set's own
    """

    def __init__(self, source: DatasetSpec, split: str) -> None:
        self._items, self._labels = _kept(source.content)[split]
        self.size = len(self._items)
        self._channel = (source.content.channel, tuple(source.content.shape))

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """The items at these positions of the split, the same for every life."""
        (channel, shape), chosen = self._channel, index_NB.reshape(-1)
        items = self._items.index_select(0, chosen).reshape(*index_NB.shape, 1, *shape)
        shown = _shares(items) if items.dtype == torch.uint8 else items
        if self._labels is None:
            return {channel: shown}, None, {}
        label = self._labels.index_select(0, chosen).reshape(*index_NB.shape, 1, *self._labels.shape[1:])
        return {channel: shown}, label, {}


@lru_cache(maxsize=4)
def _kept(content: Content) -> _Kept:
    """All of a data set, one copy per process."""
    folder = dataset.folder()
    try:
        if folder is None:
            raise Unreadable("data sets", "no folder is set", "set ONTOGENY_DATA")
        parts = load(folder, content)
    except Unreadable as error:
        raise Refused.because("E38", "/worlds", str(error), "ontogeny data add") from error
    return {
        split: (_items(part), None if part.labels is None else _label(torch.from_numpy(part.labels)))
        for split, part in parts.items()
    }


def _items(part: Part) -> Tensor:
    """Pixels as they are shown where that takes little room: then no batch has to turn them into shares."""
    items = torch.from_numpy(part.items)
    return _shares(items) if items.dtype == torch.uint8 and items.numel() <= _FEW else items


def _shares(pixels: Tensor) -> Tensor:
    return pixels.to(torch.float32).div_(255.0)


def _label(label: Tensor) -> Tensor:
    """A number of its own for each item, where there is one."""
    return label[:, 0] if label.ndim == 2 and label.shape[1] == 1 else label
