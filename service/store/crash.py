"""Named places to die at, for tests: ONTOGENY_CRASH_AT=before_commit kills the process there, as a power cut would."""

from __future__ import annotations

import os
import signal

POINTS = (
    "after_claim",
    "mid_train",
    "after_tmp",
    "after_rename",
    "before_commit",
    "after_commit",
    "before_ring",
    "mid_seal",
    "after_submit_commit",
    "mid_gc",
)
_NAMED = os.environ.get("ONTOGENY_CRASH_AT")
if _NAMED is not None and _NAMED not in POINTS:
    raise ValueError(f"ONTOGENY_CRASH_AT={_NAMED!r} is no crash point; they are {', '.join(POINTS)}")


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL if the environment names this point."""
    if name == _NAMED:
        os.kill(os.getpid(), signal.SIGKILL)
