"""What a request can end in, beside an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TOLD_AT_ONCE = 3
"""So many faults stand in the sentence of a problem too."""


class ApiError(Exception):
    """The service answered with a problem; `problem` is the whole of it (RFC 9457)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict(problem)
        self.status = int(problem.get("status", 0))
        self.code = str(problem.get("code", ""))
        told = str(problem.get("detail") or problem.get("title") or self.code)
        faults = problem.get("errors", [])
        repeated = bool(faults) and all(fault["message"] in told for fault in faults[:TOLD_AT_ONCE])
        super().__init__("\n".join([*([] if repeated else [told]), *map(_line, faults)]))


def _line(fault: Mapping[str, Any]) -> str:
    suggestion = (fault.get("suggestion") or {}).get("text")
    hint = f" ({suggestion})" if suggestion else ""
    return f"{fault['code']} at {fault['pointer'] or '/'}: {fault['message']}{hint}"


class NoSuchJob(LookupError):
    """A word means no job, or several; the message lists them."""


class Unreachable(Exception):
    """Nothing answers at the service's address."""
