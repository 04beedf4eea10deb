"""What a request can end in, beside an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """The service answered with a problem; `problem` is the whole of it (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict(problem)
        self.status = int(problem.get("status", 0))
        self.code = str(problem.get("code", ""))
        lines = [str(problem.get("detail") or problem.get("title") or self.code)]
        for fault in problem.get("errors", []):
            suggestion = (fault.get("suggestion") or {}).get("text")
            hint = f" ({suggestion})" if suggestion else ""
            lines.append(f"  {fault['code']} at {fault['pointer'] or '/'}: {fault['message']}{hint}")
        super().__init__("\n".join(lines))


class Unreachable(Exception):
    """Nothing answers at the service's address."""
