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
from models.protocols import Params, Shown
from models.specs.worlds.acting import FOUR_ROOMS, PLACES, GridSpec
from models.specs.worlds.sources import name_of
from models.worlds.walking import at_random

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""North, east, south, west, as (rows, columns)."""
_REACH = 3
"""Places seen in every direction."""


@final
class Grid:
    r"""Four rooms, joined by four doors, in which one place is the goal.

    Scene:      channels `view` (walls, goal) of the 7 x 7 places around, and `place`, one-hot; actions north, east,
                south, west; a move into a wall leads nowhere; reward 1 on reaching the goal, which ends the episode, as
                `limit` steps do. Items that nobody acts in are walked through at random
    Statistics: 104 places; start and goal of an episode two different places, all pairs equally likely, or the goal
                fixed and the start any other, or fixed as well; factors place, distance (steps to the goal on the
                shortest way), action, reward, done
    Draws:      (life seed, world digest, slot and episode): start, goal
    Shapes:     view (N, B, T, 2, 7, 7), place (N, B, T, 104) float32; factors (N, B, T)
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
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("view", "place"))

    def begin(self, draw: Draw) -> Params:
        """Start and goal."""
        fixed = self.source.goal
        goal = draw.at("goal").integers(PLACES, 1)[..., 0]
        if fixed != "random":
            goal = torch.full_like(goal, fixed)
        start = (goal + 1 + draw.at("start").integers(PLACES - 1, 1)[..., 0]) % PLACES
        if self.source.start != "random":
            start = torch.full_like(goal, self.source.start)
        return {"place": start, "goal": goal}

    def moved(self, state: Params, action_NB: Tensor) -> tuple[Params, Tensor, Tensor]:
        """One step."""
        place = self.next[state["place"], action_NB]
        there = place == state["goal"]
        return {"place": place, "goal": state["goal"]}, there.float(), there

    def shown(self, state: Params, wanted: Collection[str]) -> dict[str, Tensor]:
        """Walls and goal around the place, and its number."""
        channels = {"view": self._around, "place": self._where}
        return {name: see(state) for name, see in channels.items() if name in wanted}

    def true(self, state: Params) -> dict[str, Tensor]:
        """The place, and how far the goal is."""
        return {"place": state["place"], "distance": self.distance[state["place"], state["goal"]].float()}

    @cached_property
    def _one_hot(self) -> Tensor:
        return torch.eye(PLACES)

    def _where(self, state: Params) -> Tensor:
        return self._one_hot[state["place"]]

    def _around(self, state: Params) -> Tensor:
        place, goal = state["place"], state["goal"]
        away = self._free[goal] - self._free[place] + _REACH
        span = 2 * _REACH + 1
        near = ((away >= 0) & (away < span)).all(-1)
        spot = torch.where(near, away[..., 0] * span + away[..., 1], span * span)
        marked = functional.one_hot(spot, span * span + 1)[..., :-1].float().reshape(*place.shape, span, span)
        return torch.stack([self._walls[place], marked], dim=-3)
