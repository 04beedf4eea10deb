"""What can be asked of a service as a whole: documents and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from service.client.connection import Connection
from service.client.job import Job


class Client(Connection):
    """A connection to a service; settings fall back to ONTOGENY_URL and ONTOGENY_KEY."""

    # ---- documents

    def check(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Findings of a document, errors first; nothing is stored."""
        return dict(self.document("/v1/schedules/check", document))

    def plan(self, document: str | Path | Mapping[str, Any]) -> dict[str, Any]:
        """Arms, trajectories, samples with and without sharing; nothing is stored."""
        return dict(self.document("/v1/schedules/plan", document))

    def submit(
        self,
        document: str | Path | Mapping[str, Any],
        *,
        name: str | None = None,
        notes: str | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int = 0,
    ) -> Job:
        """Store a document as a job and start it; a problem raises ApiError with every finding."""
        about = {"name": name, "notes": notes, "labels": dict(labels or {}), "priority": priority}
        given = {key: value for key, value in about.items() if value}
        return Job(self, self.document("/v1/jobs", document, **given))

    # ---- jobs

    def job(self, job: str) -> Job:
        """A job by id."""
        return Job(self, self.get(f"/v1/jobs/{job}"))

    def jobs(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All jobs that pass the filters, newest first, page by page."""
        return self.pages("/v1/jobs", **filters)
