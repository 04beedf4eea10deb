"""What the units of an area look for: weights from a sense, read from a snapshot's file and drawn.

The file is safetensors: a length, a JSON header with the place of every tensor, and the tensors. It is read by numpy
in place, so that the API needs no torch and a large snapshot costs no more than the tensor asked for.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_HEADER_BYTES = 64 * 2**20
_DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4"}
_GAP = 1
_SEPARATOR = 255


class NoPicture(ValueError):
    """There is nothing to be drawn for what was asked; the message says why."""

    def __init__(self, pointer: str, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.pointer, self.suggestion = pointer, suggestion


@dataclass(frozen=True)
class Wanted:
    """An area, one of the lives, the sense it is seen from, and how many units at most."""

    area: str
    seed: int | None
    sense: str | None
    units: int


@dataclass(frozen=True)
class Fields:
    """Weights of the units of one area in one life. Shapes: values (units, channels, height, width)."""

    area: str
    sense: str
    seed: int
    values: NDArray[np.float32]
    units_in_all: int

    @property
    def scale(self) -> float:
        """The largest absolute weight: white and black."""
        return float(np.abs(self.values).max(initial=0.0))


def fields_of(path: Path, organism: Mapping[str, Any], wanted: Wanted) -> Fields:
    """The weights asked for; NoPicture if the area sees no sense, or the life is not in the snapshot."""
    tensors = Tensors(path)
    sense = _sense(tensors, organism, wanted)
    seeds = [int(seed) for seed in tensors.read("counts/seeds")]
    seed = seeds[0] if wanted.seed is None else wanted.seed
    if seed not in seeds:
        raise NoPicture("/query/seed", f"seed {seed} is not in this snapshot", f"one of {seeds[:20]}")
    weight = tensors.read(_address(wanted.area, sense), seeds.index(seed))
    shape = organism["senses"][sense]["shape"]
    if weight.ndim == 2 and weight.shape[0] == prod(shape):  # linear: (inputs, units)
        whole = weight.T.reshape(-1, *_image(shape))
    elif weight.ndim == 4:  # convolution: (units, channels, kernel, kernel)
        whole = weight
    else:
        raise NoPicture("/query/area", f"the weights of {wanted.area} are no pictures of {sense}", "another area")
    return Fields(wanted.area, sense, seed, np.ascontiguousarray(whole[: wanted.units], np.float32), len(whole))


def _sense(tensors: Tensors, organism: Mapping[str, Any], wanted: Wanted) -> str:
    seen = [name for name in organism["senses"] if _address(wanted.area, name) in tensors.places]
    if wanted.area not in organism["areas"]:
        raise NoPicture("/query/area", f"there is no area {wanted.area!r}", f"one of {', '.join(organism['areas'])}")
    if not seen or (wanted.sense is not None and wanted.sense not in seen):
        what = "any sense" if wanted.sense is None else f"sense {wanted.sense!r}"
        raise NoPicture("/query/area", f"area {wanted.area} does not see {what} by weights of its own", "another area")
    return wanted.sense or seen[0]


def _address(area: str, sense: str) -> str:
    return f"params/area/{area}/from/{sense}/weight"


def _image(shape: list[int]) -> tuple[int, int, int]:
    """Channels, height and width of a sense; a row of values is a picture of one line."""
    padded = [1] * (3 - len(shape)) + list(shape)
    return prod(padded[:-2]), padded[-2], padded[-1]


class Tensors:
    """The tensors of a safetensors file, by name; nothing is read but what is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MOST_HEADER_BYTES:
                raise ValueError(f"{path.name}: a header of {length} bytes")
            self.places: dict[str, Any] = json.loads(file.read(length))
        self._start = 8 + length

    def read(self, name: str, life: int | None = None) -> NDArray[Any]:
        """A tensor, or one life's part of it."""
        place = self.places[name]
        begin, _ = place["data_offsets"]
        dtype, shape = np.dtype(_DTYPES[place["dtype"]]), tuple(place["shape"])
        if life is not None:
            begin += life * prod(shape[1:]) * dtype.itemsize
            shape = shape[1:]
        found = np.fromfile(self.path, dtype, prod(shape), offset=self._start + begin)
        return found.reshape(shape)


def numbers(fields: Fields) -> dict[str, Any]:
    """The weights as numbers."""
    return {
        "area": fields.area,
        "sense": fields.sense,
        "seed": fields.seed,
        "shape": list(fields.values.shape),
        "units_in_all": fields.units_in_all,
        "scale": fields.scale,
        "values": fields.values,
    }


def png(fields: Fields) -> bytes:
    """One grey picture of all units, row by row; channels stand side by side, 128 is a weight of 0."""
    sheet = mosaic(fields.values)
    grey = np.round(127.5 + 127.5 * sheet / (fields.scale or 1.0))
    return _encoded(np.where(np.isnan(sheet), _SEPARATOR, grey).astype(np.uint8))


def mosaic(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """All units in one sheet, row by row, channels side by side; NaN between units. Shape: (height, width)."""
    units, channels, height, width = values.shape
    tiles = values.transpose(0, 2, 1, 3).reshape(units, height, channels * width)
    columns = ceil(sqrt(units * height / (channels * width))) if units else 1
    rows = ceil(units / columns)
    shape = (rows * (height + _GAP) - _GAP, columns * (channels * width + _GAP) - _GAP)
    sheet = np.full(shape, np.nan, np.float32)
    for unit, tile in enumerate(tiles):
        top, left = unit // columns * (height + _GAP), unit % columns * (channels * width + _GAP)
        sheet[top : top + height, left : left + channels * width] = tile
    return sheet


def _encoded(grey: NDArray[np.uint8]) -> bytes:
    """A PNG of grey levels, 8 bit."""
    height, width = grey.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), grey], axis=1).tobytes()  # filter 0 before every line
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
