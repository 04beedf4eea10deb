"""Snapshots in a folder, of one machine or shared by several.

tmp in the same folder, write, flush, fsync, rename, fsync of the folder; only then may a row name the file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import final

from service.store.blobs import MARK, Blobs, checked
from service.store.crash import crash_point


@final
class Folder(Blobs):
    """A folder; several machines need a truly shared one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    def delete(self, uri: str) -> None:
        """Remove a file; gone already is fine."""
        self.path(uri).unlink(missing_ok=True)

    def file(self, uri: str, fetched: Path) -> Path:
        """Where it lies."""
        self.path(uri).stat()
        return self.path(uri)

    def path(self, uri: str) -> Path:
        """Where a file lies; ValueError for a name that leads out of the folder."""
        return self.folder / checked(uri)

    def old(self, older_than_seconds: float) -> Iterator[str]:
        """Names of files last written so long ago."""
        until = self._now() - older_than_seconds
        for file in self.folder.glob("*/*"):
            try:
                if file.stat().st_mtime < until:
                    yield str(file.relative_to(self.folder))
            except FileNotFoundError:  # another collector was first
                continue

    def mark(self, text: str) -> str:
        """The mark, which is this one if there was none."""
        self._make(self.folder)
        draft = self.folder / f"{MARK}.{secrets.token_hex(4)}"
        _write_through(draft, text.encode())
        with contextlib.suppress(FileExistsError):
            os.link(draft, self.folder / MARK)  # fails if there is one: the first writer wins, whole
        draft.unlink()
        _sync(self.folder)
        return (self.folder / MARK).read_text()

    def marked(self) -> str | None:
        """The mark, if there is one."""
        try:
            return (self.folder / MARK).read_text()
        except FileNotFoundError:
            return None

    def try_out(self) -> None:
        """Write something and remove it."""
        self._now()

    def _write(self, uri: str, data: bytes) -> None:
        if self.marked() is None:  # else files would go below a mount point, where only this machine sees them
            raise FileNotFoundError(errno.ENOENT, "the place of snapshots has no mark; is it mounted?", self.place)
        target = self.path(uri)
        self._make(target.parent)
        draft = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            _write_through(draft, data)
            crash_point("after_tmp")
            draft.rename(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(target.parent)
        crash_point("after_rename")

    def _read(self, uri: str) -> bytes:
        return self.path(uri).read_bytes()

    def _now(self) -> float:
        """Seconds by the clock that stamps files here: of a shared folder it is none of ours."""
        self._make(self.folder)
        touched = self.folder / f".clock-{secrets.token_hex(4)}"
        try:
            touched.write_bytes(b"now")
            return touched.stat().st_mtime
        finally:
            touched.unlink(missing_ok=True)

    @staticmethod
    def _make(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _write_through(file: Path, data: bytes) -> None:
    with file.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
