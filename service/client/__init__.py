"""What a notebook imports: `Client(url).submit("schedule.yaml")`, then `job.wait()`, `job.history("probe.acc")`.

Every POST carries an idempotency key, so retries after lost answers submit once. Waiting and following never cancel.
"""

from __future__ import annotations

from service.client.answers import Event, History, Trace
from service.client.client import Client
from service.client.connection import DEFAULT_URL
from service.client.documents import base_of, edited, read_document, with_base
from service.client.errors import ApiError, NoSuchJob, Unreachable
from service.client.job import Arm, Job

__all__ = [
    "DEFAULT_URL",
    "ApiError",
    "Arm",
    "Client",
    "Event",
    "History",
    "Job",
    "NoSuchJob",
    "Trace",
    "Unreachable",
    "base_of",
    "edited",
    "read_document",
    "with_base",
]
