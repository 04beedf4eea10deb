"""Addressed randomness: every draw is a function of (seed, purpose, name, index, lane); no generator has a state.

A counter hash (two rounds of a 32-bit multiply-xorshift finaliser) is chained over the address. The same address gives
the same bits in any cohort, slot and order of calls; a longer draw has the shorter as its prefix.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF
_GOLDEN = 0x9E3779B1
_BANK = 1 << 22


def _mix(x: Tensor) -> Tensor:
    """A bijection of 32-bit words carried in int64."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK
    return x ^ (x >> 16)


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
        return replace(self, address=word(self.address, purpose, name))

    def indexed(self, index_NB: Tensor) -> Draw:
        """The same address with other indices."""
        return replace(self, index_NB=index_NB)

    def bits(self, lanes: int) -> Tensor:
        """32 random bits in int64: (N, lanes), or (N, B, lanes) with indices."""
        key = _mix((self.seeds_N * _GOLDEN + self.address) & _MASK)
        key = _mix(key ^ (self.seeds_N >> 32 & _MASK))
        if self.index_NB is not None:
            low, high = self.index_NB & _MASK, self.index_NB >> 32
            key = _mix((key[:, None] + _mix(low + 0x85EBCA6B & _MASK)) & _MASK)
            key = _mix((key ^ high) & _MASK)
        lane = torch.arange(lanes, device=key.device)
        return _mix((_mix((key[..., None] + lane * _GOLDEN) & _MASK) + 0x27D4EB2F * (lane + 1)) & _MASK)

    def uniform(self, *shape: int) -> Tensor:
        """float32 in (0, 1): (N, *shape) or (N, B, *shape)."""
        bits = self.bits(math.prod(shape))
        return (((bits >> 8).to(torch.float32) + 0.5) * (1.0 / 16777216.0)).reshape(*bits.shape[:-1], *shape)

    def normal(self, *shape: int) -> Tensor:
        """Standard normals, float32, by Box-Muller over neighbouring lanes: (N, *shape) or (N, B, *shape)."""
        count = math.prod(shape)
        pairs = (count + 1) // 2
        bits = self.bits(2 * pairs)
        unit = ((bits >> 8).to(torch.float64) + 0.5) * (1.0 / 16777216.0)
        radius = (-2.0 * unit[..., 0::2].log()).sqrt()
        angle = 2.0 * math.pi * unit[..., 1::2]
        both = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1).flatten(-2)
        return both[..., :count].to(torch.float32).reshape(*bits.shape[:-1], *shape)

    def integers(self, high: int, *shape: int) -> Tensor:
        """int64 in [0, high): (N, *shape) or (N, B, *shape)."""
        bits = self.bits(math.prod(shape))
        return (bits * high >> 32).reshape(*bits.shape[:-1], *shape)

    def banked(self, *shape: int) -> Tensor:
        """Standard normals from the noise bank, float32: (N, B, *shape); indices are needed.

        Each index reads a window of the bank at an addressed offset with an addressed sign: dense noise without a hash
        per number. Two windows overlap with probability about 2 * prod(shape) / 2^22; a shape longer than half the bank
        is refused.
        """
        count = math.prod(shape)
        if self.index_NB is None or 2 * count > _BANK:
            raise ValueError("the noise bank serves indexed draws of at most half its length")
        bits = self.bits(2)
        offset_NB, sign_NB = bits[..., 0] * (_BANK - count + 1) >> 32, 1 - 2 * (bits[..., 1] >> 31)
        window = bank().unfold(0, count, 1)[offset_NB]
        return (window * sign_NB[..., None].to(torch.float32)).reshape(*offset_NB.shape, *shape)

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

        def once(x: Tensor) -> Tensor:
            left, right = x >> half, x & mask
            for turn in range(rounds):
                left, right = right, left ^ (_mix((right + key + turn * _GOLDEN) & _MASK) & mask)
            return (left << half) | right

        place = once(position)
        outside = place >= size
        while bool(outside.any()):
            place = torch.where(outside, once(place), place)
            outside = place >= size
        return place


@cache
def bank() -> Tensor:
    """The noise bank: 2^22 standard normals, made once per process from a fixed address."""
    rows = Draw(torch.zeros(1, dtype=torch.int64), address=word("noise bank", 1))
    starts = range(0, _BANK >> 12, 64)
    return torch.cat(
        [rows.indexed(torch.arange(start, start + 64)[None]).normal(1 << 12).flatten() for start in starts]
    )
