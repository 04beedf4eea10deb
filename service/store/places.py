"""Where snapshots may lie: a folder or a bucket, and nothing else that a URL can name."""

from __future__ import annotations

from pathlib import Path

from service.store.blobs import Blobs
from service.store.folder import Folder


def open_blobs(place: str) -> Blobs:
    """The place that the settings name; OSError if this machine lacks what a bucket needs."""
    if not place.startswith("s3://"):
        return Folder(Path(place))
    try:
        from service.store.bucket import Bucket  # noqa: PLC0415 - an extra, wanted only where snapshots lie in a bucket
    except ImportError as error:
        raise OSError(f"{place}: snapshots in a bucket need s3fs: pip install 'ontogeny[s3]'") from error
    return Bucket(place)
