"""What every cost has."""

from __future__ import annotations

from models.specs.base import Name, Spec


class CostBase(Spec):
    """What every cost has."""

    at: Name
    """The area whose activity is judged."""
