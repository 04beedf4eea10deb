"""What every cost has."""

from __future__ import annotations

from typing import Literal

from models.specs.base import Name, Spec, later


class CostBase(Spec):
    """What every cost has."""

    at: Name
    """The area whose activity is judged."""
    normalise: Literal["none", "running"] = later("none")
    """running: its error is divided by a running mean of its size, over about a hundred updates: the weight says how
    much it has to say, whatever its units. What is recorded is the cost itself."""
