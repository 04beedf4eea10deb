"""An entry of the table: a kind, and how it is put to the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of a member, or of its control, and what is required of it."""

    name: str
    value: float
    unit: str = "1"
    required: str | None = None
    """As a row of a report has it."""
    peer: str | None = None
    """What a control is, or what a figure is held against."""


Proof = Callable[[bool], Iterable[Figure]]
"""Figures of a member; the argument says whether a quick answer is wanted."""


@dataclass(frozen=True)
class Entry:
    """A member and its proofs, in order."""

    kind: str
    proofs: tuple[Proof, ...]


def entry(kind: str, *proofs: Proof) -> Entry:
    """An entry."""
    return Entry(kind, proofs)
