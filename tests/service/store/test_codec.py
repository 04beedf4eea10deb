from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from service.store import codec
from service.store.columns import Columns

CODECS = [codec.RAW, codec.DEFLATE, codec.ZSTANDARD]
SHAPES = st.tuples(st.integers(1, 5), st.integers(0, 40))


@st.composite
def matrices(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Any bit pattern at all, as float32, as float64, or as float64 that is a float32."""
    width, narrow = draw(st.sampled_from([(4, False), (8, False), (8, True)]))
    shape = draw(SHAPES)
    if narrow:
        with np.errstate(invalid="ignore"):
            values = draw(hnp.arrays(np.uint32, shape)).view(np.float32).astype(np.float64)
    else:
        values = draw(hnp.arrays(f"u{width}", shape)).view(f"f{width}")
    return values, draw(hnp.arrays(np.bool_, shape))


@pytest.mark.parametrize("coding", CODECS)
@given(matrix=matrices())
@settings(deadline=None)
def test_every_bit_of_a_valid_value_comes_back(coding: int, matrix: tuple[np.ndarray, np.ndarray]) -> None:
    values, valid = matrix
    found, mask = codec.decode_values(codec.encode_values(values, valid, coding))
    assert np.array_equal(mask, valid)
    with np.errstate(invalid="ignore"):
        back = found.astype(values.dtype)
    word = f"u{values.dtype.itemsize}"
    assert np.array_equal(np.where(valid, back.view(word), 0), np.where(valid, values.view(word), 0))


@pytest.mark.parametrize("coding", CODECS)
@given(matrix=matrices(), chosen=st.sets(st.integers(0, 4)))
@settings(deadline=None)
def test_lives_that_are_named_come_back_and_nothing_of_others(
    coding: int, matrix: tuple[np.ndarray, np.ndarray], chosen: set[int]
) -> None:
    lives = sorted(life for life in chosen if life < len(matrix[0]))
    data = codec.encode_values(*matrix, coding)
    whole, valid = codec.decode_values(data)
    some, mask = codec.decode_values(data, lives)
    if len(whole) == 1:  # a column of one life is of all
        lives = [0]
    others = [life for life in range(len(whole)) if life not in lives]
    word = f"u{whole.dtype.itemsize}"
    assert np.array_equal(some[lives].view(word), whole[lives].view(word))
    assert np.array_equal(mask[lives], valid[lives])
    assert not mask[others].any()


@pytest.mark.parametrize("coding", CODECS)
@given(offsets=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40))
def test_offsets_come_back(coding: int, offsets: list[int]) -> None:
    given_offsets = np.array(offsets, np.int64)
    assert np.array_equal(codec.decode_offsets(codec.encode_offsets(given_offsets, coding)), given_offsets)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf, -0.0, np.float32(1e-45)])
def test_special_values_keep_their_bits_and_take_four_bytes(special: float) -> None:
    values = np.array([[special, 0.0]])
    found, _ = codec.decode_values(codec.encode_values(values))
    assert found.dtype == np.float32
    assert np.array_equal(found.astype(np.float64).view(np.uint64), values.view(np.uint64))


def test_a_payload_of_a_nan_that_no_float_has_is_kept_as_a_double() -> None:
    values = np.array([[0x7FF8_0000_0000_0001]], np.uint64).view(np.float64)
    found, _ = codec.decode_values(codec.encode_values(values))
    assert found.view(np.uint64)[0, 0] == 0x7FF8_0000_0000_0001


def test_what_is_not_valid_leaves_no_trace() -> None:
    valid = np.array([[True, False]])
    one, other = (codec.encode_values(np.array([[1.0, rubbish]]), valid) for rubbish in (2.0, np.nan))
    assert one == other


def test_a_full_mask_costs_nothing() -> None:
    values = np.ones((2, 8), np.float32)
    assert codec.encode_values(values, np.ones((2, 8), np.bool_)) == codec.encode_values(values)


def test_even_offsets_take_few_bytes() -> None:
    assert len(codec.encode_offsets(np.arange(1, 4097))) < 200


@given(matrix=matrices(), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_turned_bit_is_found_by_the_checksum(matrix: tuple[np.ndarray, np.ndarray], place: int, bit: int) -> None:
    data = codec.encode_values(*matrix)
    crc32 = codec.checksum(data)
    broken = bytearray(data)
    broken[place % len(data)] ^= 1 << bit
    assert codec.verified(data, crc32) == data
    with pytest.raises(codec.Damaged):
        codec.verified(bytes(broken), crc32)


@given(data=st.binary(max_size=200))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(codec.Damaged):
        codec.decode_values(b"\x00" + data)


@pytest.mark.parametrize("coding", CODECS)
def test_bytes_cut_short_are_refused(coding: int) -> None:
    data = codec.encode_values(np.random.default_rng(0).normal(size=(3, 50)), None, coding)
    for length in (3, 15, 16, 40, len(data) - 1):
        with pytest.raises(codec.Damaged):
            codec.decode_values(data[:length])


def test_what_is_written_is_as_small_as_deflated_and_readable_without_knowing_how() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(size=(4, 2000)), axis=1).astype(np.float32)
    sizes = {coding: len(codec.encode_values(walk, None, coding)) for coding in CODECS}
    assert codec.codec_of(codec.encode_values(walk)) == codec.WRITTEN == codec.ZSTANDARD
    assert sizes[codec.ZSTANDARD] < 1.05 * sizes[codec.DEFLATE] < 0.9 * sizes[codec.RAW]


def test_zstandard_that_unpacks_to_more_than_the_header_promises_is_refused() -> None:
    few, many = (codec.encode_values(np.zeros((1, rows)), None, codec.ZSTANDARD) for rows in (10, 10_000_000))
    with pytest.raises(codec.Damaged, match="another length"):
        codec.decode_values(few[:16] + many[16:])


def test_the_header_tells_codec_and_lives() -> None:
    data = codec.encode_values(np.zeros((7, 3)), None, codec.RAW)
    assert (codec.codec_of(data), codec.lives_of(data)) == (codec.RAW, 7)


def test_the_digest_of_columns_is_that_of_their_values() -> None:
    offsets, valid = np.array([1, 2]), np.array([[True, False]])
    one = Columns("a", offsets, np.array([[1.0, 5.0]]), valid)
    assert one.digest() == Columns("b", offsets, np.array([[1.0, 6.0]]), valid).digest()
    assert one.digest() != Columns("a", offsets, np.array([[1.5, 5.0]]), valid).digest()
    assert one.digest() != Columns("a", offsets + 1, np.array([[1.0, 5.0]]), valid).digest()
