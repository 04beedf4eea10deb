"""Errors of the science, sorted by whose fault they are.

ScienceError
    Refused             the user's: what was asked cannot be done; carries every reason with code and pointer
        Malformed       the text is no document (E00); carries line and column
    SnapshotMismatch    the machine's: a snapshot of another numerics class or trajectory
    NoResult            nobody's: every life diverged

A life that leaves the finite numbers is no error but a result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One thing that was asked and cannot be done."""

    code: str
    pointer: str
    """JSON pointer (RFC 6901) into what was submitted."""
    message: str
    suggestion: str | None = None


class ScienceError(Exception):
    """Root of the errors the models raise."""


class Refused(ScienceError):
    """What was asked cannot be done, and why."""

    def __init__(self, findings: Iterable[Reason]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(f"{each.code} {each.pointer or '/'}: {each.message}" for each in self.findings))

    @classmethod
    def because(cls, code: str, pointer: str, message: str, suggestion: str | None = None) -> Refused:
        """A refusal for one reason."""
        return cls([Reason(code, pointer, message, suggestion)])


class Malformed(Refused):
    """The text is no document; line and column count from 1, or are None where no place can be told."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None, *, pointer: str = "") -> None:
        self.line = line
        self.column = column
        place = "" if line is None else f"line {line}: "
        super().__init__([Reason("E00", pointer, place + message)])


class SnapshotMismatch(ScienceError):
    """A snapshot was made by another numerics class or belongs to another trajectory."""


class NoResult(ScienceError):
    """Every life diverged, so there is nothing to go on with."""
