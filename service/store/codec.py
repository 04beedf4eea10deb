"""Columns to bytes and back, bit for bit; nothing in here can run code.

A column is `magic, codec, dtype, flags, lives, rows` (16 bytes, little-endian), then the payload: the validity mask,
packed to bits, if not all is valid, and the values. Codec 0 keeps the payload as it is. Codec 1 shuffles the bytes of
the values (all first bytes, then all second bytes, ...), whole numbers as differences, and deflates at level 1, with
numpy and the standard library only. Codec 2 does the same with Zstandard, to the same size in a twentieth of the time,
and is what is written where that package is installed. A checksum stands beside the bytes, in the table.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import struct
import threading
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RAW, DEFLATE, ZSTANDARD = 0, 1, 2
WRITTEN = DEFLATE if importlib.util.find_spec("zstandard") is None else ZSTANDARD
"""The codec of what is written now."""

_HEADER = struct.Struct("<BBBxIQ")
_MAGIC = 0xC7
_DTYPES = ("<f4", "<f8", "<i8")
_MASKED = 1
_LEVEL = 1

Values = NDArray[Any]
Mask = NDArray[np.bool_]


class Damaged(Exception):
    """Stored bytes are not what was written: wrong checksum, length or header."""


def checksum(data: bytes) -> int:
    """CRC-32 of stored bytes, as the tables keep it."""
    return zlib.crc32(data)


def verified(data: bytes, crc32: int) -> bytes:
    """The same bytes; Damaged if the checksum is another."""
    if zlib.crc32(data) != crc32:
        raise Damaged("the checksum of a history block or chunk is wrong; go back to a snapshot and train on")
    return data


def encode_offsets(offsets: NDArray[np.int64], codec: int = WRITTEN) -> bytes:
    """A column of whole numbers, best if it grows evenly."""
    return _pack(np.asarray(offsets, "<i8").reshape(1, -1), None, codec)


def decode_offsets(data: bytes | memoryview) -> NDArray[np.int64]:
    """What `encode_offsets` was given."""
    return np.asarray(_unpack(data)[0][0], np.int64)


def encode_values(values: Values, valid: Mask | None = None, codec: int = WRITTEN) -> bytes:
    """A matrix (N, R) of float32 or float64 over lives and rows; where it is not valid nothing is kept.

    Doubles that are floats, NaN payloads included, are written as such.
    """
    if valid is not None and valid.all():
        valid = None
    if valid is not None:
        values = np.where(valid, values, values.dtype.type(0))
    return _pack(_narrowest(values), valid, codec)


def decode_values(data: bytes | memoryview, lives: Sequence[int] | None = None) -> tuple[Values, Mask]:
    """Values and mask, both over lives and rows; 0 where not valid. Floats stay floats.

    If `lives` are named, the others are there as well, and nothing of them is valid; a column of one life is of all.
    """
    return _unpack(data, lives)


def codec_of(data: bytes | memoryview) -> int:
    """The codec that a column was written with."""
    return int(_header(data)[0])


def lives_of(data: bytes | memoryview) -> int:
    """The number of lives of a column, without decoding it."""
    return int(_header(data)[3])


def _narrowest(values: Values) -> Values:
    """As float32 where every bit survives the way there and back."""
    if values.dtype == np.float32:
        return values
    wide = np.ascontiguousarray(values, "<f8")
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = wide.astype("<f4")
        back = narrow.astype("<f8")
    return narrow if np.array_equal(back.view("<u8"), wide.view("<u8")) else wide


def _pack(matrix: Values, valid: Mask | None, codec: int) -> bytes:
    lives, rows = matrix.shape
    matrix = np.ascontiguousarray(matrix, matrix.dtype.newbyteorder("<"))
    kind = _DTYPES.index(matrix.dtype.str)
    mask = b"" if valid is None else np.packbits(valid).tobytes()
    header = _HEADER.pack(_MAGIC, codec << 4 | kind, _MASKED if mask else 0, lives, rows)
    if codec == RAW:
        return header + mask + matrix.tobytes()
    return header + _squeeze(mask + _shuffle(matrix), codec)


def _header(data: bytes | memoryview) -> tuple[int, int, int, int, int]:
    """Codec, dtype, flags, lives, rows."""
    if len(data) < _HEADER.size:
        raise Damaged("a history column is shorter than its header")
    magic, coding, flags, lives, rows = _HEADER.unpack_from(data)
    codec, kind = coding >> 4, coding & 15
    if magic != _MAGIC or codec > ZSTANDARD or kind >= len(_DTYPES):
        raise Damaged("these bytes are no history column")
    return codec, kind, flags, lives, rows


def _unpack(data: bytes | memoryview, some: Sequence[int] | None = None) -> tuple[Values, Mask]:
    codec, kind, flags, lives, rows = _header(data)
    dtype = np.dtype(_DTYPES[kind])
    count = lives * rows
    mask_bytes = -(-count // 8) if flags & _MASKED else 0
    expected = mask_bytes + count * dtype.itemsize
    body = memoryview(data)[_HEADER.size :]
    payload = body if codec == RAW else memoryview(_expand(body, codec, expected))
    if len(payload) != expected:
        raise Damaged(f"a history column has {len(payload)} bytes where its header promises {expected}")
    some = None if lives == 1 else some
    few = None if some is None or codec == RAW or 2 * len(some) > lives else some
    matrix = _values(payload[mask_bytes:], dtype, (lives, rows), codec, few)
    if mask_bytes:
        bits = np.frombuffer(payload[:mask_bytes], np.uint8)
        valid = np.unpackbits(bits, count=count).reshape(lives, rows).view(np.bool_)
    else:
        valid = np.ones((lives, rows), np.bool_)
    if some is not None:
        valid[np.delete(np.arange(lives), list(some))] = False
    return matrix, valid


def _values(
    payload: memoryview, dtype: np.dtype[Any], shape: tuple[int, int], codec: int, few: Sequence[int] | None
) -> Values:
    if codec == RAW:
        return np.frombuffer(payload, dtype).reshape(shape)
    lives, rows = shape
    planes = np.frombuffer(payload, np.uint8).reshape(dtype.itemsize, lives, rows)
    whole = (np.empty if few is None else np.zeros)((lives, rows, dtype.itemsize), np.uint8)
    for life in (slice(None),) if few is None else few:
        for place, plane in enumerate(planes):  # five times as fast as a transposition of single bytes
            whole[life, :, place] = plane[life]
    matrix = whole.view(dtype).reshape(shape)
    return np.cumsum(matrix, axis=1, dtype=np.int64) if dtype.kind == "i" else matrix


def _shuffle(matrix: Values) -> bytes:
    if matrix.dtype.kind == "i":
        matrix = np.diff(matrix, axis=1, prepend=matrix.dtype.type(0))
    planes = np.ascontiguousarray(matrix).view(np.uint8).reshape(matrix.size, matrix.itemsize)
    return np.ascontiguousarray(planes.T).tobytes()


def _squeeze(payload: bytes, codec: int) -> bytes:
    if codec == DEFLATE:
        return zlib.compress(payload, 1)
    squeezed: bytes = _zstandard().writer.compress(payload)
    return squeezed


def _expand(body: memoryview, codec: int, expected: int) -> bytes:
    """No more is unpacked than is expected, so that damaged bytes cannot fill the memory."""
    if codec == DEFLATE:
        return _inflate(body, expected)
    zstandard = _zstandard()
    try:
        if zstandard.size(body) != expected:
            raise Damaged("a history column is of another length than its header promises")
        expanded: bytes = zstandard.reader.decompress(body)
    except zstandard.error as error:
        raise Damaged(f"a history column does not unpack: {error}") from error
    return expanded


def _inflate(body: memoryview, expected: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        expanded = stream.decompress(body, expected + 1)
    except zlib.error as error:
        raise Damaged(f"a history column does not inflate: {error}") from error
    if not stream.eof:
        raise Damaged("a history column ends too early or is longer than its header promises")
    return expanded


class _Zstandard(threading.local):
    """A compressor and a decompressor per thread: to make one costs more than to pack a small column."""

    def __init__(self) -> None:
        try:
            package: Any = importlib.import_module("zstandard")
        except ImportError as error:
            raise ModuleNotFoundError("this history was written with Zstandard: pip install zstandard") from error
        self.error = package.ZstdError
        self.size = package.frame_content_size
        self.writer = package.ZstdCompressor(level=_LEVEL)
        self.reader = package.ZstdDecompressor()


@functools.cache
def _zstandard() -> _Zstandard:
    return _Zstandard()
