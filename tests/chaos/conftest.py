from __future__ import annotations

from quarters import build, house, processes

__all__ = ["build", "house", "processes"]
