"""Snapshot files: written whole or not at all, named by content, verified on reading.

tmp in the same folder, write, flush, fsync, rename, fsync of the folder; only then may a row name the file. The fence
and the hash are in the name, so a zombie's file never overwrites another.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.store.crash import crash_point


class BlobLost(Exception):
    """The file is missing, or not what was written."""


@dataclass(frozen=True)
class Stored:
    """A written file: its name below the folder, hash and size."""

    uri: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Blobs:
    """The snapshot folder; several machines need a truly shared one."""

    folder: Path

    def put(self, trajectory: str, stop: str, fence: int, data: bytes) -> Stored:
        """Write a snapshot durably and say where; OSError if the disk does not take it."""
        digest = hashlib.sha256(data).hexdigest()
        place = self.folder / trajectory
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = place / f"{stop}-{fence}-{digest[:12]}.safetensors"
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            crash_point("after_tmp")
            draft.rename(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(place)
        crash_point("after_rename")
        return Stored(f"{trajectory}/{target.name}", digest, len(data))

    def get(self, uri: str, sha256: str) -> bytes:
        """The bytes of a snapshot; BlobLost if they are not there, or not the ones that were written."""
        try:
            data = self.path(uri).read_bytes()
        except FileNotFoundError as error:
            raise BlobLost(f"snapshot {uri} is missing") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BlobLost(f"snapshot {uri} is damaged")
        return data

    def delete(self, uri: str) -> None:
        """Remove a file; gone already is fine."""
        self.path(uri).unlink(missing_ok=True)

    def path(self, uri: str) -> Path:
        """Where a file lies; ValueError for a name that leads out of the folder."""
        target = (self.folder / uri).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            raise ValueError(f"{uri!r} is no snapshot of ours")
        return target

    def old(self, older_than_seconds: float) -> Iterator[str]:
        """Names of files, drafts among them, that were last written so long ago."""
        until = time.time() - older_than_seconds
        for file in self.folder.glob("*/*"):
            try:
                if file.stat().st_mtime < until:
                    yield str(file.relative_to(self.folder))
            except FileNotFoundError:  # another collector was first
                continue


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
