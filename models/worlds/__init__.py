"""Worlds: what is shown, item by item; the registry of sources."""

from __future__ import annotations

from typing import assert_never

from models.protocols import World
from models.specs.worlds import acting, dataset, gym, linear, nature, real, scenes, sequences, social, tasks, views
from models.specs.worlds.eyes import TwoEyesSpec
from models.specs.worlds.sources import SourceSpec
from models.worlds.activities import Activities
from models.worlds.bandit import Bandit
from models.worlds.bars import Bars
from models.worlds.cart_pole import CartPole
from models.worlds.chain import Chain
from models.worlds.characters import Characters
from models.worlds.copy import Copy
from models.worlds.counting import Counting
from models.worlds.dataset import Dataset
from models.worlds.dead_leaves import DeadLeaves
from models.worlds.digits import Digits
from models.worlds.faces import Faces
from models.worlds.forage import Forage
from models.worlds.grammar import Grammar
from models.worlds.gratings import Gratings
from models.worlds.grid import Grid
from models.worlds.gym import Gym
from models.worlds.hierarchy import Hierarchy
from models.worlds.linear_map import LinearMap
from models.worlds.low_rank import LowRank
from models.worlds.mixed_sources import MixedSources
from models.worlds.mnist1d import Mnist1d
from models.worlds.movers import Movers
from models.worlds.moving_shapes import MovingShapes
from models.worlds.noisy_disks import NoisyDisks
from models.worlds.pairs import Pairs
from models.worlds.rat_view import RatView
from models.worlds.recall import Recall
from models.worlds.retinal_waves import RetinalWaves
from models.worlds.ring import Ring
from models.worlds.roles import Roles
from models.worlds.shapes import Shapes
from models.worlds.stereograms import Stereograms
from models.worlds.syllables import Syllables
from models.worlds.trials import Trials
from models.worlds.turntable import Turntable
from models.worlds.two_eyes import TwoEyes
from models.worlds.two_pathway import TwoPathway
from models.worlds.vor import Vor
from models.worlds.walking import Place

_Other = sequences.SequenceSource | views.ViewSource | social.SocialSource


def build_world(source: SourceSpec, split: str, steps: int = 1, items: int | None = None) -> World:  # noqa: PLR0911
    """The items of a split, `steps` time steps each; resident data are made once per process and shared.

    One case per family; `items` is how many of an endless source will be asked for, if that is known.
    """
    if isinstance(source, real.RealSource):
        return _real(source, split)
    if isinstance(source, linear.MapSource):
        return _map(source, split)
    if isinstance(source, linear.SignalSource):
        return _signals(source, split, steps)
    if isinstance(source, nature.NatureSource):
        return _nature(source, split, steps, items)
    if isinstance(source, TwoEyesSpec):
        return TwoEyes(source, split, build_world(source.of, split, steps, items))
    if isinstance(source, scenes.SceneSource):
        return _scene(source, split, steps, items)
    if isinstance(source, acting.ActingSource):
        return build_place(source, split, steps)
    return _told(source, split, steps, items)


def build_place(source: acting.ActingSource, split: str, steps: int) -> Place:  # noqa: PLR0911
    """An acting world, by its moves as well as by items."""
    match source:
        case acting.GridSpec():
            return Grid(source, split, steps)
        case acting.ChainSpec():
            return Chain(source, split, steps)
        case acting.ActivitiesSpec():
            return Activities(source, split, steps)
        case acting.ForageSpec():
            return Forage(source, split, steps)
        case tasks.BanditSpec():
            return Bandit(source, split, steps)
        case tasks.CartPoleSpec():
            return CartPole(source, split, steps)
        case gym.GymSpec():
            return Gym(source, split, steps)
        case _:
            assert_never(source)


def _real(source: real.RealSource, split: str) -> World:
    match source:
        case real.DigitsSpec():
            return Digits(source, split)
        case real.Mnist1dSpec():
            return Mnist1d(source, split)
        case dataset.DatasetSpec():
            return Dataset(source, split)
        case _:
            assert_never(source)


def _map(source: linear.MapSource, split: str) -> World:
    match source:
        case linear.LinearMapSpec():
            return LinearMap(source, split)
        case linear.LowRankSpec():
            return LowRank(source, split)
        case linear.TwoPathwaySpec():
            return TwoPathway(source, split)
        case linear.HierarchySpec():
            return Hierarchy(source, split)
        case _:
            assert_never(source)


def _signals(source: linear.SignalSource, split: str, steps: int) -> World:
    match source:
        case linear.MixedSourcesSpec():
            return MixedSources(source, split, steps)
        case linear.RingSpec():
            return Ring(source, split)
        case linear.StereogramsSpec():
            return Stereograms(source, split)
        case linear.VorSpec():
            return Vor(source, split)
        case _:
            assert_never(source)


def _nature(source: nature.NatureSource, split: str, steps: int, items: int | None) -> World:
    match source:
        case nature.NoisyDisksSpec():
            return NoisyDisks(source, split)
        case nature.GratingsSpec():
            return Gratings(source, split, steps)
        case nature.BarsSpec():
            return Bars(source, split)
        case nature.DeadLeavesSpec():
            return DeadLeaves(source, split, items)
        case nature.RetinalWavesSpec():
            return RetinalWaves(source, split, steps, items)
        case _:
            assert_never(source)


def _scene(source: scenes.SceneSource, split: str, steps: int, items: int | None) -> World:
    match source:
        case scenes.ShapesSpec():
            return Shapes(source, split)
        case scenes.MovingShapesSpec():
            return MovingShapes(source, split, steps, items)
        case _:
            assert_never(source)


def _told(source: _Other, split: str, steps: int, items: int | None) -> World:
    if isinstance(source, sequences.SequenceSource):
        return _sequence(source, split, steps, items)
    if isinstance(source, views.ViewSource):
        return _view(source, split, steps, items)
    return _social(source, split, steps, items)


def _view(source: views.ViewSource, split: str, steps: int, items: int | None) -> World:
    match source:
        case views.FacesSpec():
            return Faces(source, split, items)
        case views.TurntableSpec():
            return Turntable(source, split, steps, items)
        case views.RatViewSpec():
            return RatView(source, split, steps, items)
        case views.CharactersSpec():
            return Characters(source, split, items)
        case views.PairsSpec():
            return Pairs(source, split, items)
        case _:
            assert_never(source)


def _sequence(source: sequences.SequenceSource, split: str, steps: int, items: int | None) -> World:
    match source:
        case sequences.CopySpec():
            return Copy(source, split)
        case sequences.RecallSpec():
            return Recall(source, split)
        case sequences.GrammarSpec():
            return Grammar(source, split, steps, items)
        case sequences.TrialsSpec():
            return Trials(source, split, steps)
        case sequences.CountingSpec():
            return Counting(source, split)
        case sequences.RolesSpec():
            return Roles(source, split)
        case _:
            assert_never(source)


def _social(source: social.SocialSource, split: str, steps: int, items: int | None) -> World:
    match source:
        case social.MoversSpec():
            return Movers(source, split, steps, items)
        case social.SyllablesSpec():
            return Syllables(source, split)
        case _:
            assert_never(source)
