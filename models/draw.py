"""Addressed randomness: every draw is a function of (seed, purpose, name, index, lane); no generator has a state.

A counter hash (two rounds of a 32-bit multiply-xorshift finaliser) is chained over the address. The same address gives
the same bits in any cohort, slot and order of calls; a longer draw has the shorter as its prefix.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

_MASK = 0xFFFFFFFF
_GOLDEN, _INDEX, _LANE = 0x9E3779B1, 0x85EBCA6B, 0x27D4EB2F
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B
_BY_15, _BY_16, _TIMES_FIRST, _TIMES_SECOND = np.uint32(15), np.uint32(16), np.uint32(_FIRST), np.uint32(_SECOND)
_UNIT = 1.0 / 16777216.0
_BANK = 1 << 22
_STEPS = 1 << 20
"""Time steps of an item, sweeps and all, at most."""

Words = npt.NDArray[np.uint32]


def _mix(x: Tensor) -> Tensor:
    """A bijection of 32-bit words carried in int64, for whatever device they are on."""
    x = ((x ^ (x >> 16)) * _FIRST) & _MASK
    x = ((x ^ (x >> 15)) * _SECOND) & _MASK
    return x ^ (x >> 16)


def _mixed(x: Words) -> Words:
    """The same bijection of words of 32 bits, in place; on a CPU several times as fast."""
    shifted = x >> _BY_16
    x ^= shifted
    x *= _TIMES_FIRST
    x ^= np.right_shift(x, _BY_15, out=shifted)
    x *= _TIMES_SECOND
    x ^= np.right_shift(x, _BY_16, out=shifted)
    return x


def _low(x: npt.NDArray[np.int64]) -> Words:
    return x.astype(np.uint32)


def _high(x: npt.NDArray[np.int64]) -> Words:
    return (x >> 32).astype(np.uint32)


def following(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The next of rows of 32-bit words in int64 that begin with these: randomness of a state that goes on by itself."""
    return _mixed(_low(words + _GOLDEN)).astype(np.int64)


@lru_cache(maxsize=4096)
def word(*parts: str | int) -> int:
    """A 32-bit word for a purpose, a name or a digest; the same on every machine."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


@dataclass(frozen=True)
class Draw:
    """Draws for N lives, and B indices each, under one address.

    seeds_N int64; index_NB int64 (presentation numbers) or None for draws made once per life.
    """

    seeds_N: Tensor
    index_NB: Tensor | None = None
    address: int = 0

    def at(self, purpose: str, name: str = "") -> Draw:
        """The same lives and indices under a longer address."""
        return Draw(self.seeds_N, self.index_NB, word(self.address, purpose, name))

    def indexed(self, index_NB: Tensor) -> Draw:
        """The same address with other indices."""
        return Draw(self.seeds_N, index_NB, self.address)

    def bits(self, lanes: int) -> Tensor:
        """32 random bits in int64: (N, lanes), or (N, B, lanes) with indices."""
        if self.seeds_N.is_cpu:
            return torch.from_numpy(self._words(lanes).astype(np.int64))
        return self._bits(lanes)

    def uniform(self, *shape: int) -> Tensor:
        """float32 in (0, 1]: (N, *shape) or (N, B, *shape)."""
        found = self._fractions(math.prod(shape), torch.float32)
        return found.reshape(*found.shape[:-1], *shape)

    def normal(self, *shape: int) -> Tensor:
        """Standard normals, float32, by Box-Muller over neighbouring lanes: (N, *shape) or (N, B, *shape)."""
        count = math.prod(shape)
        pairs = (count + 1) // 2
        unit = self._fractions(2 * pairs, torch.float64)
        radius = unit[..., 0::2].contiguous().log_().mul_(-2.0).sqrt_()
        angle = unit[..., 1::2] * (2.0 * math.pi)
        both = torch.empty(*radius.shape, 2, device=unit.device)
        torch.mul(radius, angle.cos(), out=both[..., 0])
        if count > 1:
            torch.mul(radius, angle.sin_(), out=both[..., 1])
        return both.flatten(-2)[..., :count].contiguous().reshape(*unit.shape[:-1], *shape)

    def integers(self, high: int, *shape: int) -> Tensor:
        """int64 in [0, high): (N, *shape) or (N, B, *shape)."""
        bits = self.bits(math.prod(shape))
        return (bits * high >> 32).reshape(*bits.shape[:-1], *shape)

    def chosen(self, logits_NBTK: Tensor, since_NB: Tensor) -> Tensor:
        """One of K (N, B, T) by the softmax of logits (N, B, T, K), another draw at every time step of an item.

        `since_NB` says how many steps of the item went before these; indices are needed.
        """
        assert self.index_NB is not None
        step_NBT = since_NB[..., None] + torch.arange(logits_NBTK.shape[2])
        at_NBT = self.index_NB[..., None] * _STEPS + step_NBT
        unit_NBT1 = self.indexed(at_NBT.flatten(1)).uniform(1).reshape(*at_NBT.shape, 1)
        below = logits_NBTK.detach().double().softmax(dim=-1).cumsum(dim=-1) < unit_NBT1
        return below.sum(dim=-1).clamp(max=logits_NBTK.shape[3] - 1)

    def _fractions(self, lanes: int, dtype: torch.dtype) -> Tensor:
        """The upper 24 bits as numbers between 0 and 1."""
        if not self.seeds_N.is_cpu:
            return ((self._bits(lanes) >> 8).to(dtype) + 0.5) * _UNIT
        upper = (self._words(lanes) >> np.uint32(8)).astype(np.float32)
        return torch.from_numpy(upper).to(dtype).add_(0.5).mul_(_UNIT)

    def _words(self, lanes: int) -> Words:
        """The random bits on a CPU."""
        seeds_N = self.seeds_N.numpy()
        key = _mixed(_low(seeds_N) * np.uint32(_GOLDEN) + np.uint32(self.address))
        key = _mixed(key ^ _high(seeds_N))
        if self.index_NB is not None:
            index_NB = self.index_NB.numpy()
            key = _mixed(_mixed(_low(index_NB) + np.uint32(_INDEX)) + key[:, None])
            key = _mixed(key ^ _high(index_NB))
        steps, ends = _lanes(lanes)
        return _mixed(_mixed(key[..., None] + steps) + ends)

    def _bits(self, lanes: int) -> Tensor:
        """The random bits on any device."""
        key = _mix((self.seeds_N * _GOLDEN + self.address) & _MASK)
        key = _mix(key ^ (self.seeds_N >> 32 & _MASK))
        if self.index_NB is not None:
            low, high = self.index_NB & _MASK, self.index_NB >> 32
            key = _mix((key[:, None] + _mix(low + _INDEX & _MASK)) & _MASK)
            key = _mix((key ^ high) & _MASK)
        lane = torch.arange(lanes, device=key.device)
        return _mix((_mix((key[..., None] + lane * _GOLDEN) & _MASK) + _LANE * (lane + 1)) & _MASK)

    def banked(self, *shape: int) -> Tensor:
        """Standard normals from the noise bank, float32: (N, B, *shape); indices are needed.

        Each index reads a window of the bank at an addressed offset with an addressed sign: dense noise without a hash
        per number. Two windows overlap with probability about 2 * prod(shape) / 2^22; a shape longer than half the bank
        is refused.
        """
        count = math.prod(shape)
        if self.index_NB is None or 2 * count > _BANK:
            raise ValueError("the noise bank serves indexed draws of at most half its length")
        bits = self.bits(2).numpy()
        offset_NB, sign_NB = bits[..., 0] * (_BANK - count + 1) >> 32, 1 - 2 * (bits[..., 1] >> 31)
        window = sliding_window_view(bank().numpy(), count)[offset_NB]
        window *= sign_NB[..., None].astype(np.float32)
        return torch.from_numpy(window).reshape(*offset_NB.shape, *shape)

    def permuted(self, position: Tensor, size: int, rounds: int = 6) -> Tensor:
        """Where each position of range(size) goes in the permutation of this address: shape of `position`, (N, B).

        A Feistel network with cycle walking: nothing stored, any position reached directly. The address must name the
        pass; indices, if any, must have the shape of `position`.
        """
        bits = max(2, (size - 1).bit_length())
        half = (bits + 1) // 2
        mask = (1 << half) - 1
        key = self.bits(1)[..., 0]
        key = key if key.dim() == position.dim() else key[:, None]
        mix = _mix_on_cpu if position.is_cpu else _mix

        def once(x: Tensor) -> Tensor:
            left, right = x >> half, x & mask
            for turn in range(rounds):
                left, right = right, left ^ (mix(right + key + turn * _GOLDEN & _MASK) & mask)
            return (left << half) | right

        place = once(position)
        outside = place >= size
        while bool(outside.any()):
            place = torch.where(outside, once(place), place)
            outside = place >= size
        return place


def _mix_on_cpu(x: Tensor) -> Tensor:
    return torch.from_numpy(_mixed(_low(x.numpy())).astype(np.int64))


@lru_cache(maxsize=256)
def _lanes(lanes: int) -> tuple[Words, Words]:
    """What sets lanes apart."""
    lane = np.arange(lanes, dtype=np.uint32)
    return lane * np.uint32(_GOLDEN), (lane + np.uint32(1)) * np.uint32(_LANE)


@cache
def bank() -> Tensor:
    """The noise bank: 2^22 standard normals, made once per process from a fixed address."""
    rows = Draw(torch.zeros(1, dtype=torch.int64), address=word("noise bank", 1))
    starts = range(0, _BANK >> 12, 64)
    return torch.cat(
        [rows.indexed(torch.arange(start, start + 64)[None]).normal(1 << 12).flatten() for start in starts]
    )
