"""Worlds: what is shown, item by item; the registry of sources."""

from __future__ import annotations

from typing import assert_never

from models.protocols import World
from models.specs.worlds import real, scenes
from models.specs.worlds.sources import SourceSpec
from models.worlds.digits import Digits
from models.worlds.mnist1d import Mnist1d
from models.worlds.moving_shapes import MovingShapes


def build_world(source: SourceSpec, split: str, steps: int = 1, items: int | None = None) -> World:
    """The items of a split, `steps` time steps each; resident data are made once per process and shared.

    `items` is how many of an endless source will be asked for, if that is known.
    """
    match source:
        case real.DigitsSpec():
            return Digits(source, split)
        case real.Mnist1dSpec():
            return Mnist1d(source, split)
        case scenes.MovingShapesSpec():
            return MovingShapes(source, split, steps, items)
        case _:
            assert_never(source)
