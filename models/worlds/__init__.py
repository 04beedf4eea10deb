"""Worlds: what is shown, item by item; the registry of sources."""

from __future__ import annotations

from typing import assert_never

from models.protocols import World
from models.specs.worlds import linear, real
from models.specs.worlds.sources import SourceSpec
from models.worlds.digits import Digits
from models.worlds.hierarchy import Hierarchy
from models.worlds.linear_map import LinearMap
from models.worlds.mixed_sources import MixedSources
from models.worlds.mnist1d import Mnist1d
from models.worlds.moving_shapes import MovingShapes
from models.worlds.ring import Ring
from models.worlds.stereograms import Stereograms
from models.worlds.two_pathway import TwoPathway


def build_world(source: SourceSpec, split: str, steps: int = 1, items: int | None = None) -> World:
    """The items of a split, `steps` time steps each; resident data are made once per process and shared.

    `items` is how many of an endless source will be asked for, if that is known.
    """
    if isinstance(source, real.RealSource):
        return _real(source, split)
    if isinstance(source, linear.LinearSource):
        return _linear(source, split, steps)
    return MovingShapes(source, split, steps, items)


def _real(source: real.RealSource, split: str) -> World:
    match source:
        case real.DigitsSpec():
            return Digits(source, split)
        case real.Mnist1dSpec():
            return Mnist1d(source, split)
        case _:
            assert_never(source)


def _linear(source: linear.LinearSource, split: str, steps: int) -> World:
    match source:
        case linear.LinearMapSpec():
            return LinearMap(source, split)
        case linear.TwoPathwaySpec():
            return TwoPathway(source, split)
        case linear.HierarchySpec():
            return Hierarchy(source, split)
        case linear.MixedSourcesSpec():
            return MixedSources(source, split, steps)
        case linear.RingSpec():
            return Ring(source, split)
        case linear.StereogramsSpec():
            return Stereograms(source, split)
        case _:
            assert_never(source)
