"""Snapshot files, wherever they lie: written whole or not at all, named by content, verified on reading.

Only a file that is there for good may be named by a row. The fence and the hash are in the name, so a zombie's file
never overwrites another.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARK = ".ontogeny"
"""File that says which database a place belongs to; no snapshot has such a name."""

_OURS = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*")


class BlobLost(Exception):
    """The file is missing, or not what was written."""


@dataclass(frozen=True)
class Stored:
    """A written file: its name below the place, hash and size."""

    uri: str
    sha256: str
    bytes: int


class Blobs(ABC):
    """A place for snapshots that all machines share. What it cannot do is an OSError that names it."""

    place: str
    """For people: where this is."""

    def put(self, trajectory: str, stop: str, fence: int, data: bytes) -> Stored:
        """Write a snapshot durably and say where; OSError if the place does not take it."""
        digest = hashlib.sha256(data).hexdigest()
        uri = f"{trajectory}/{stop}-{fence}-{digest[:12]}.safetensors"
        self._write(checked(uri), data)
        return Stored(uri, digest, len(data))

    def get(self, uri: str, sha256: str) -> bytes:
        """The bytes of a snapshot; BlobLost if they are not there, or not the ones that were written."""
        try:
            data = self._read(checked(uri))
        except FileNotFoundError as error:
            raise BlobLost(f"snapshot {uri} is missing") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobLost(f"snapshot {uri} is damaged")
        return data

    @abstractmethod
    def delete(self, uri: str) -> None:
        """Remove a file; gone already is fine."""

    @abstractmethod
    def file(self, uri: str, fetched: Path) -> Path:
        """A file of this machine that holds it, in `fetched` if none does yet; FileNotFoundError if it is gone."""

    @abstractmethod
    def old(self, older_than_seconds: float) -> Iterator[str]:
        """Names of files, drafts among them, last written so long ago by the clock of the place itself."""

    @abstractmethod
    def mark(self, text: str) -> str:
        """Write the mark of the place unless it has one; the mark it has."""

    @abstractmethod
    def marked(self) -> str | None:
        """The mark of the place, if it has one."""

    @abstractmethod
    def try_out(self) -> None:
        """OSError unless files can be written here now."""

    @abstractmethod
    def _write(self, uri: str, data: bytes) -> None: ...

    @abstractmethod
    def _read(self, uri: str) -> bytes: ...


def checked(uri: str) -> str:
    """The name itself; ValueError for one that leads elsewhere."""
    if not _OURS.fullmatch(uri):
        raise ValueError(f"{uri!r} is no snapshot of ours")
    return uri
