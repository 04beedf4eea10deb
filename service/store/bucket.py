"""Snapshots in a bucket that speaks S3: a PUT is whole or not at all and never overwrites (If-None-Match).

Endpoint, region and credentials are those of the environment, as every S3 client reads them (AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID, ...); they stand in no setting of ours and in no log.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, final

from botocore.exceptions import BotoCoreError, ClientError
from s3fs import S3FileSystem

from service.store.blobs import MARK, Blobs, checked
from service.store.crash import crash_point

CONNECT_SECONDS = 3
ANSWER_SECONDS = 30
TRIES = 3
FETCHED_KEPT = 64

P = ParamSpec("P")
T = TypeVar("T")


def _told(function: Callable[P, T]) -> Callable[P, T]:
    """What the client library cannot do is an OSError, as it would be of a folder."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"the bucket does not answer: {error}") from error

    return run


@final
class Bucket(Blobs):
    """A bucket, or a part of one: `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        self.place = url.rstrip("/")
        self._root = self.place.removeprefix("s3://")
        self._files = S3FileSystem(
            use_listings_cache=False,
            skip_instance_cache=True,
            config_kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": ANSWER_SECONDS,
                "retries": {"max_attempts": TRIES, "mode": "standard"},
            },
        )

    @_told
    def delete(self, uri: str) -> None:
        """Remove a file; gone already is fine."""
        try:
            self._files.rm_file(self._at(checked(uri)))
        except FileNotFoundError:
            return

    @_told
    def file(self, uri: str, fetched: Path) -> Path:
        """A copy; its name tells its content, so one that is there need not be fetched again."""
        copy = fetched / checked(uri)
        if not copy.exists():
            data = self._read(uri)
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = copy.with_suffix(f".{os.getpid()}.tmp")
            draft.write_bytes(data)
            draft.replace(copy)
            for old in sorted(fetched.glob("*/*.safetensors"), key=lambda file: file.stat().st_mtime)[:-FETCHED_KEPT]:
                old.unlink(missing_ok=True)
        return copy

    @_told
    def old(self, older_than_seconds: float) -> Iterator[str]:
        """Names of files last written so long ago."""
        until = self._now() - older_than_seconds
        found: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
        names = {name.removeprefix(self._root + "/"): about for name, about in found.items()}
        return iter([name for name, about in names.items() if "/" in name and _seconds(about) < until])

    @_told
    def mark(self, text: str) -> str:
        """The mark, which is this one if there was none."""
        with contextlib.suppress(FileExistsError):
            self._files.pipe_file(self._at(MARK), text.encode(), mode="create")
        return str(self._files.cat_file(self._at(MARK)).decode())

    @_told
    def marked(self) -> str | None:
        """The mark, if there is one."""
        try:
            return str(self._files.cat_file(self._at(MARK)).decode())
        except FileNotFoundError:
            return None

    @_told
    def try_out(self) -> None:
        """Write something."""
        self._now()

    @_told
    def _write(self, uri: str, data: bytes) -> None:
        try:
            self._files.pipe_file(self._at(uri), data, mode="create")
        except FileExistsError:  # an answer was lost and the request repeated; the name tells fence and content
            if self._files.cat_file(self._at(uri)) != data:
                raise
        crash_point("after_rename")

    @_told
    def _read(self, uri: str) -> bytes:
        return bytes(self._files.cat_file(self._at(uri)))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _now(self) -> float:
        """Seconds by the clock of the bucket."""
        place = self._at(".clock")
        self._files.pipe_file(place, b"now")
        return _seconds(self._files.info(place))


def _seconds(about: dict[str, Any]) -> float:
    return float(about["LastModified"].timestamp())
