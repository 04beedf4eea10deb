"""Items rendered once and kept for all lives: pixels in 8 bits, in memory up to a bound, larger finite worlds in files.

What is kept changes no bits: an item is the same whether it was just rendered or kept, here or in another process.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from atexit import register
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import numpy as np
import torch
from torch import Tensor

from models.protocols import Shown
from models.specs.numerics import ENGINE_VERSION, TORCH_VERSION

Render = Callable[[Tensor], Shown]
"""Index (1, M) -> what is shown of these items, a function of the index alone."""

MEMORY_BYTES = 512 << 20
"""Bound on what all worlds of a process keep in memory; a finite world that is larger is kept in files."""

ROWS = 4096
"""Items of a tile."""

_AT_ONCE = 128


@dataclass
class _Tile:
    """Items k ROWS up to (k + 1) ROWS; memory is taken as rows are filled."""

    parts: dict[str, Tensor] = field(default_factory=dict)
    filled: Tensor = field(default_factory=lambda: torch.zeros(ROWS, dtype=torch.bool))
    bytes: int = 0


_kept: OrderedDict[tuple[str, int], _Tile] = OrderedDict()
"""Tiles of all worlds, the longest unused first."""

_folder: list[Path] = []


def keep_files_under(folder: Path) -> None:
    """Where worlds too large for memory are kept from now on, for all processes of a machine and for later ones."""
    _folder[:] = [folder]


class Tiles:
    """The items of a world, each rendered when it is first asked for."""

    def __init__(
        self, name: str, render: Render, pixels: Sequence[str] = (), items: int | None = None, together: int = 1
    ) -> None:
        """`name` says all that items depend on but their index; `pixels` are channels with values in [0, 1].

        `together` items, a power of 2, come of one piece of work: if one is rendered, all are.
        """
        self._name = f"{name} torch {TORCH_VERSION} engine {ENGINE_VERSION}"
        self._render = render
        self._pixels = {f"channel {channel}" for channel in pixels}
        self._items = items
        self._together = together
        self._in_files: bool | None = None

    def sample(self, index_NB: Tensor) -> Shown:
        """What is shown of these items."""
        index = index_NB.reshape(-1)
        tile, row = index // ROWS, index % ROWS
        found: dict[str, Tensor] = {}
        numbers = torch.unique(tile).tolist()
        if len(numbers) == 1:
            found = {name: part.index_select(0, row) for name, part in self._tile(numbers[0], row).items()}
            numbers = []
        for number in numbers:
            here = tile == number
            for name, part in self._tile(number, row[here]).items():
                if name not in found:
                    found[name] = part.new_empty(len(index), *part.shape[1:])
                found[name][here] = part.index_select(0, row[here])
        return self._shown({name: part.reshape(*index_NB.shape, *part.shape[1:]) for name, part in found.items()})

    def _tile(self, number: int, row: Tensor) -> dict[str, Tensor]:
        """The parts of a tile, with at least these rows filled."""
        if self._fits_no_memory(number, row):
            return self._filed(number)
        key = (self._name, number)
        tile = _kept.pop(key, None) or _Tile()
        _kept[key] = tile
        missing = torch.unique(row[~tile.filled[row]] // self._together)
        if len(missing):
            self._fill(tile, number, (missing[:, None] * self._together + torch.arange(self._together)).flatten())
            _evict(key)
        return tile.parts

    def _fill(self, tile: _Tile, number: int, row: Tensor) -> None:
        for rows in torch.split(row, _AT_ONCE * max(1, self._together // 8)):
            for name, part in self._parts(number * ROWS + rows):
                if name not in tile.parts:
                    tile.parts[name] = part.new_empty(ROWS, *part.shape[1:])
                tile.parts[name][rows] = part
                tile.bytes += part.numel() * part.element_size()
            tile.filled[rows] = True

    def _parts(self, index: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Everything that is shown of items, one row each, as it is kept."""
        channels, label, factors = self._render(index[None])
        told = {} if label is None else {"label": label}
        named = {f"channel {name}": x for name, x in channels.items()} | told
        for name, each in (named | {f"factor {name}": x for name, x in factors.items()}).items():
            yield name, (each[0] * 255.0).round().to(torch.uint8) if name in self._pixels else each[0]

    def _shown(self, found: dict[str, Tensor]) -> Shown:
        """From what is kept to what a world gives."""
        for name in self._pixels:
            found[name] = found[name].to(torch.float32).div_(255.0)
        groups = {"channel": dict[str, Tensor](), "factor": dict[str, Tensor]()}
        for name, each in found.items():
            group, _, title = name.partition(" ")
            if group in groups:
                groups[group][title] = each
        return groups["channel"], found.get("label"), groups["factor"]

    def _fits_no_memory(self, number: int, row: Tensor) -> bool:
        """Whether the world is finite and larger than the bound."""
        if self._in_files is None:
            one = (number * ROWS + row[:1]) if self._items else row[:0]
            size = sum(part.numel() * part.element_size() for _, part in self._parts(one)) if self._items else 0
            self._in_files = size * (self._items or 0) > MEMORY_BYTES
        return self._in_files

    def _filed(self, number: int) -> dict[str, Tensor]:
        """The parts of a whole tile, mapped from files; rendered if no process has done so yet."""
        digest = hashlib.sha256(f"{self._name} {number}".encode()).hexdigest()[:40]
        folder = _files() / digest
        if not folder.is_dir():
            tile = _Tile()
            self._fill(tile, number, torch.arange(min(ROWS, (self._items or ROWS) - number * ROWS)))
            _write(folder, tile.parts)
        return {path.stem: torch.from_numpy(np.load(path, mmap_mode="c")) for path in sorted(folder.glob("*.npy"))}


def _evict(used: tuple[str, int]) -> None:
    """Forget the longest unused tiles until the rest is within the bound; never the one in use."""
    while sum(tile.bytes for tile in _kept.values()) > MEMORY_BYTES and next(iter(_kept)) != used:
        _kept.popitem(last=False)


def _files() -> Path:
    """The folder of files; one of this process alone, gone at its end, if none was named."""
    if not _folder:
        folder = Path(tempfile.mkdtemp(prefix="ontogeny-worlds-"))
        register(rmtree, folder, ignore_errors=True)
        keep_files_under(folder)
    _folder[0].mkdir(parents=True, exist_ok=True)
    return _folder[0]


def _write(folder: Path, parts: dict[str, Tensor]) -> None:
    """All files of a tile at once, or none; the first of several writers wins, all would write the same."""
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    for name, part in parts.items():
        np.save(draft / f"{name}.npy", part.numpy())
    try:
        os.replace(draft, folder)
    except OSError:
        rmtree(draft)
        if not folder.is_dir():
            raise
