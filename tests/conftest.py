"""Before torch loads: one thread, one instruction set, as every worker has them. And servers, for all who need them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import structlog

from workers.environment import settle

settle()
pytest.register_assert_rewrite("build", "houses", "living", "processes", "raising", "showing", "simulated")

import servers  # noqa: E402

# logs of an application that runs in the test's own process keep off the streams that are looked at
structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.__stderr__))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with servers.redis_server() as url:
        yield url
