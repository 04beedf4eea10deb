"""Before torch loads: one thread, one instruction set, as every worker has them."""

from __future__ import annotations

import pytest

from workers.environment import settle

settle()
pytest.register_assert_rewrite("build", "raising", "showing")
