"""Four rooms with a goal."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path
from torch import Tensor
from torch.nn import functional

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.acting import FOUR_ROOMS, PLACES, GridSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import Array, Flags, Numbers, State, at_random

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""North, east, south, west, as (rows, columns)."""
_REACH = 3
"""Places seen in every direction."""


@final
class Grid:
    r"""Four rooms, joined by four doors, in which one place is the goal.

    Scene:      channels `view` (walls, goal) of the 7 x 7 places around, `place`, one-hot, `goal`, the place that is
                sought, one-hot, and `action`, what is done there, one-hot, 0 until it is chosen; actions north, east,
                south, west; a move into a wall leads nowhere; reward 1 on reaching the goal, which ends the episode, as
                `limit` steps do. Items that nobody acts in are walked through at random, or by an expert, who takes any
                of the shortest ways
    Statistics: 104 places; start and goal of an episode two different places, all pairs equally likely, or the goal
                fixed, or one of several, and the start any other, or fixed as well; factors place, distance (steps to
                the goal on the shortest way), action, reward, done
    Draws:      (life seed, world digest, slot and episode): start, goal; (life seed, world digest, presentation): moves
                of who walks where no area acts
    Shapes:     view (N, B, T, 2, 7, 7), place and goal (N, B, T, 104), action (N, B, T, 4) float32; factors (N, B, T)
    Units:      distance in steps, reward dimensionless
    Reference:  Sutton, Precup & Singh (1999) Artif. Intell. 112:181
    """

    size = None
    actions = len(MOVES)

    def __init__(self, source: GridSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self._steps = steps
        self._address = word(name_of(source, split))

    @cached_property
    def _free(self) -> Tensor:
        """Rows and columns (places, 2) of all places."""
        rows = torch.tensor([[place == "." for place in row] for row in FOUR_ROOMS])
        return rows.nonzero()

    @cached_property
    def next(self) -> Tensor:
        """The place (places, actions) that each move leads to."""
        number = {(int(row), int(column)): index for index, (row, column) in enumerate(self._free)}
        ways = [
            [number.get((row + down, column + right), index) for down, right in MOVES]
            for (row, column), index in number.items()
        ]
        return torch.tensor(ways)

    @cached_property
    def distance(self) -> Tensor:
        """Steps on the shortest way between any two places, (places, places) int64."""
        source = np.repeat(np.arange(PLACES), self.actions)
        graph = csr_matrix((np.ones(len(source)), (source, self.next.flatten().numpy())), shape=(PLACES, PLACES))
        return torch.from_numpy(shortest_path(graph, unweighted=True).astype(np.int64))

    @cached_property
    def _walls(self) -> Tensor:
        """The walls around each place, (places, 7, 7)."""
        wall = torch.tensor([[place == "w" for place in row] for row in FOUR_ROOMS]).float()
        wide = functional.pad(wall, (_REACH,) * 4, value=1.0)
        span = 2 * _REACH + 1
        return torch.stack([wide[row : row + span, column : column + span] for row, column in self._free])

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Random walks from the beginning of these episodes."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("view", "place", "goal"))

    def begin(self, draw: Draw) -> State:
        """Start and goal."""
        assert draw.index_NB is not None
        shape = (len(draw.seeds_N), draw.index_NB.shape[1])
        if isinstance(self.source.goal, tuple):
            offered = np.array(self.source.goal)
            goal = offered.take(draw.at("goal").integers(len(offered), 1)[..., 0].numpy())
        elif self.source.goal == "random":
            goal = draw.at("goal").integers(PLACES, 1)[..., 0].numpy()
        else:
            goal = np.full(shape, self.source.goal)
        if self.source.start == "random":
            start = (goal + 1 + draw.at("start").integers(PLACES - 1, 1)[..., 0].numpy()) % PLACES
        else:
            start = np.full(shape, self.source.start)
        return {"place": start, "goal": goal}

    def led(self, state: State, action_NB: Numbers) -> Numbers:
        """The move that was drawn; of an expert, one of those that lead nearer to the goal."""
        if self.source.walker == "anyone":
            return action_NB
        led: Numbers = self._wise[state["place"], state["goal"], action_NB]
        return led

    @cached_property
    def _wise(self) -> Numbers:
        """What an expert does where a move was drawn, (places, goals, actions): the best ones in turn."""
        nearer = self.distance[self.next].transpose(1, 2) < self.distance[:, :, None]
        best_first = nearer.long().argsort(dim=2, descending=True, stable=True)
        turn = torch.arange(self.actions) % nearer.sum(dim=2, keepdim=True).clamp(min=1)
        return best_first.gather(2, turn).numpy()

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """One step."""
        place = self._ways.take(state["place"] * self.actions + action_NB)
        there = place == state["goal"]
        return {"place": place, "goal": state["goal"]}, there, there

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """Walls and goal around the place, its number, and that of the goal."""
        channels = {"view": self._around, "place": self._where, "goal": self._sought}
        return {name: see(state) for name, see in channels.items() if name in wanted}

    def true(self, state: State) -> dict[str, Array]:
        """The place, and how far the goal is."""
        return {"place": state["place"], "distance": self._steps_between[state["place"], state["goal"]]}

    @cached_property
    def _ways(self) -> Numbers:
        """The place that each move leads to, by place and move."""
        return self.next.numpy().flatten()

    @cached_property
    def _steps_between(self) -> Array:
        return self.distance.numpy().astype(np.float32)

    @cached_property
    def _one_hot(self) -> Array:
        return np.eye(PLACES, dtype=np.float32)

    def _where(self, state: State) -> Array:
        return self._one_hot.take(state["place"], axis=0)

    def _sought(self, state: State) -> Array:
        return self._one_hot.take(state["goal"], axis=0)

    @cached_property
    def _spots(self) -> Array:
        """A mark at each of the places around, and nowhere: (places around + 1, 7, 7)."""
        span = 2 * _REACH + 1
        return np.eye(span * span + 1, span * span, dtype=np.float32).reshape(-1, span, span)

    def _around(self, state: State) -> Array:
        free, span = self._free.numpy(), 2 * _REACH + 1
        away = free[state["goal"]] - free[state["place"]] + _REACH
        near = ((away >= 0) & (away < span)).all(axis=-1)
        spot = np.where(near, away[..., 0] * span + away[..., 1], span * span)
        walls = self._walls.numpy().take(state["place"], axis=0)
        return np.stack([walls, self._spots.take(spot, axis=0)], axis=-3)
