"""The strip above the curves on one axis of age: what an organism was made to do, and what it did."""

from __future__ import annotations

from service.figures.curves import Curves, curve_panels
from service.figures.look import Look
from service.figures.panels import Figure, Origin, Sheet, age_axis, stacked
from service.figures.strip import Growth, strip_panel


def development(growth: Growth, given: Curves, look: Look, origin: Origin) -> Figure:
    """Strip and curves of an arm; further arms only as curves."""
    sheet = Sheet("development", look, origin, age_axis(growth.end_sp), given.notes)
    return stacked([strip_panel(growth, look), *curve_panels(given, look)], sheet)
