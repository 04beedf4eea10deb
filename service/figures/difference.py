"""What one arm differs from another by, paired by seed, over age: zero is no difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.figures.curves import Curves, curves
from service.figures.look import Look
from service.figures.panels import Figure, Origin

Answer = Mapping[str, Any]


def difference(answer: Answer, title: str, look: Look, origin: Origin) -> Figure:
    """Means of the paired differences with their band, one panel for each unit.

    `answer` has the members of a history answer with `over=seed`; its values are differences.
    """
    figure = curves(Curves(mean=answer, names={0: title}), look, origin, "difference")
    for name, axis in figure["layout"].items():
        if name.startswith("yaxis") and axis.get("visible", True):
            axis |= {"zeroline": True, "zerolinecolor": look.ink, "zerolinewidth": 1.2}
    for note in figure["layout"]["annotations"]:
        note["text"] = note["text"].replace("<b>", "<b>difference in ", 1)
    return figure
