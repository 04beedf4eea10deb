"""One answer for all who ask the same: of a hundred pages that watch a job, one has its curves read and drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache, cached

KEPT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Said:
    """The body of an answer, and the headers that go with it."""

    content: bytes
    headers: dict[str, str]


class Shared:
    """Answers by their tag, those asked for lately; who asks for one that is being made waits for it."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        kept: LRUCache[str, Said] = LRUCache(kept_bytes, getsizeof=lambda said: len(said.content))
        once = cached(kept, key=lambda tag, make: tag, condition=threading.Condition())
        self._made = once(lambda tag, make: make())

    def answer(self, tag: str, make: Callable[[], Said]) -> Said:
        """What was said under a tag, made if it is not kept; an error is raised to the one who met it, and kept never.

        A tag must change whenever the answer does.
        """
        said: Said = self._made(tag, make)
        return said
