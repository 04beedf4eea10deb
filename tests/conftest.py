"""Before torch loads: one thread, one instruction set, as every worker has them. And servers, for all who need them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workers.environment import settle

settle()
pytest.register_assert_rewrite("build", "houses", "processes", "raising", "showing", "simulated")

import servers  # noqa: E402


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    with servers.redis_server() as url:
        yield url
