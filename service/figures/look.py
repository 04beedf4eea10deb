"""Colours, strokes and type of all figures, for light and for dark paper.

The colours keep apart for the usual kinds of colour blindness and have a contrast of at least 3 to 1 with their paper;
no two curves of a panel differ by colour alone, their dashes differ too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

LookName = Literal["light", "dark"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
DASHES = ("solid", "7px 2px", "3px 2px", "9px 2px 3px 2px", "12px 3px", "2px 3px")


@dataclass(frozen=True)
class Look:
    """What a figure is drawn with; colours are `#rrggbb`."""

    name: LookName
    paper: str
    ink: str
    soft: str
    """Of words beside the matter: units, tick labels."""
    grid: str
    quiet: str
    """Of things that only lie behind: stages, areas without plasticity."""
    alarm: str
    """Of what went wrong, or is cut: lives that diverged, blocked gradients."""
    colours: tuple[str, ...]

    def colour(self, index: int) -> str:
        """The colour of the thing of this index; after the last the first follows."""
        return self.colours[index % len(self.colours)]

    def stroke(self, index: int) -> dict[str, Any]:
        """Colour and dash of a curve."""
        return {"color": self.colour(index), "dash": DASHES[index % len(DASHES)]}


LIGHT = Look(
    name="light",
    paper="#ffffff",
    ink="#1d2126",
    soft="#5c6570",
    grid="#e7eaee",
    quiet="#dfe4ea",
    alarm="#c0392b",
    colours=("#0068a8", "#cf5300", "#00825f", "#9b4497", "#946c00", "#2c8fc9", "#7a5230", "#6a7079"),
)
DARK = Look(
    name="dark",
    paper="#16191d",
    ink="#e6e9ed",
    soft="#9aa4b0",
    grid="#2a2f36",
    quiet="#343b44",
    alarm="#ff7b6b",
    colours=("#5fb4ec", "#ff9a56", "#45cda4", "#dd93d6", "#e2bf45", "#a5d8fa", "#c99f78", "#aeb5be"),
)
LOOKS: dict[LookName, Look] = {"light": LIGHT, "dark": DARK}


def faint(colour: str, opacity: float) -> str:
    """`#rrggbb` seen through."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
