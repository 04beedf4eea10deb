"""Every setting of API and workers, as environment variables with the prefix ONTOGENY_: places, times, limits.

Embedded (the default): SQLite, bells in files, snapshots in a folder, all under one home. Distributed: PostgreSQL,
Redis and a shared place for snapshots, named by URL. Same code path.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.specs.limits import Limits
from models.specs.numerics import NumericsSpec

Seconds = Annotated[float, Field(gt=0.0)]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """What a process of ours needs to know; read once, never changed."""

    model_config = SettingsConfigDict(
        env_prefix="ONTOGENY_", frozen=True, extra="ignore", use_attribute_docstrings=True, populate_by_name=True
    )

    mode: Literal["embedded", "distributed"] = "embedded"
    home: Path = Path(".ontogeny")
    """Folder of the embedded database, bells and snapshots, and of locks."""
    database_url: str = ""
    """SQLAlchemy URL; left out: `ontogeny.db` in the home."""
    broker_url: str = ""
    """Celery broker; left out: files in the home."""
    snapshots: str = ""
    """Where snapshots lie, shared by all machines: a folder, or `s3://bucket/prefix`; left out: in the home."""
    data: Path | None = None
    """Folder of registered data sets, seen by API and workers alike; left out: in the home."""
    gym_packages: tuple[str, ...] = ()
    """Installed packages beside gymnasium of which documents may name environments; as JSON: `["minigrid"]`."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8714
    allowed_hosts: tuple[str, ...] = ()
    """Names besides loopback's that this service answers for."""

    lease_seconds: Seconds = 60.0
    """How long a claim lasts without renewal; longer than the longest update."""
    first_slice_seconds: Seconds = 0.5
    """Short, so that a new job shows a curve at once."""
    slice_seconds_min: Seconds = 10.0
    slice_seconds_max: Seconds = 60.0
    slice_per_snapshot: Annotated[float, Field(ge=1.0)] = 20.0
    """A slice lasts so many times its snapshot, within the bounds: snapshots cost at most a twentieth."""
    poll_seconds: Seconds = 2.0
    """An idle worker looks for work so often, bell or no bell."""
    reconcile_seconds: Seconds = 2.0
    bell_grace_seconds: Seconds = 5.0
    """A runnable trajectory whose bell rang so long ago is rung again."""
    backoff_seconds: Seconds = 5.0
    """Least wait before a trajectory whose slice failed is tried again; doubled with every crash."""
    crashes_max: Annotated[int, Field(ge=1)] = 5
    """A trajectory whose workers died or failed so often in a row, without progress, fails; more on machines that are
    taken away at any time."""
    hung_seconds: Seconds = 120.0
    """A worker without progress for so long ends itself."""
    slices_per_worker: Annotated[int, Field(ge=1)] = 200
    worker_memory_mib: Annotated[int, Field(ge=256)] = 4096
    history_bytes_per_slice: Annotated[int, Field(ge=65536)] = 16_000_000
    database_patience_seconds: Seconds = 40.0
    """So long an answer of PostgreSQL is waited for; longer than a request may take."""
    snapshot_grace_seconds: Seconds = 86_400.0
    """Snapshots that no job reaches are kept so long."""
    orphan_grace_seconds: Seconds = 3600.0
    """Snapshot files without a row are kept so long."""
    idempotency_seconds: Seconds = 172_800.0
    session_seconds: Seconds = 43_200.0
    """How long a login of the page lasts."""
    cohort_lives: Annotated[int, Field(ge=1, le=4096)] = 32
    """Most lives in one stack."""
    limits: Limits = Limits()
    """The largest submission that is taken on; as JSON: `{"lives": 1000}`."""
    body_bytes_max: Annotated[int, Field(ge=1024)] = 1_048_576
    request_seconds: Seconds = 30.0
    """An answer that has not begun by then is given up; one that was asked to wait may begin so much later."""
    stream_seconds: Seconds = 3600.0
    """A stream of events ends then; its reader comes back where it was."""
    requests_per_minute: Annotated[int, Field(ge=1)] = 3000
    """Of one key, in this process; whoever needs no key is not counted."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    numerics: NumericsSpec = NumericsSpec()

    @model_validator(mode="after")
    def _fill(self) -> Self:
        home = self.home.absolute()
        filled: dict[str, object] = {
            "home": home,
            "database_url": self.database_url or f"sqlite:///{home / 'ontogeny.db'}",
            "broker_url": self.broker_url or "filesystem://",
            "snapshots": _place(self.snapshots or str(home / "snapshots")),
            "data": (self.data or home / "data").absolute(),
        }
        if self.mode == "distributed" and not (self.database_url and self.broker_url):
            raise ValueError("distributed mode needs ONTOGENY_DATABASE_URL and ONTOGENY_BROKER_URL")
        for name, value in filled.items():
            object.__setattr__(self, name, value)
        return self

    @property
    def binds_loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        return self.host in LOOPBACK

    @property
    def data_folder(self) -> Path:
        """Where registered data sets lie."""
        assert self.data is not None
        return self.data

    def as_environment(self) -> dict[str, str]:
        """Variables under which a child process finds the same settings."""
        data = self.model_dump(mode="json", exclude={"numerics", "allowed_hosts", "limits"})
        return {
            f"ONTOGENY_{name.upper()}": json.dumps(value) if isinstance(value, list) else str(value)
            for name, value in data.items()
        }


def _place(given: str) -> str:
    """Where snapshots lie, written out; a folder or a bucket, no other kind of URL and no chain of them."""
    scheme, found, rest = given.partition("://")
    if not found:
        return str(Path(given).absolute())
    if scheme == "file" and rest.startswith("/"):
        return rest
    if scheme == "s3" and rest.strip("/") and "::" not in given:
        return given.rstrip("/")
    raise ValueError(f"ONTOGENY_SNAPSHOTS={given}: name a folder, or s3://bucket/prefix")
