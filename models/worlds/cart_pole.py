"""A pole to be balanced on a cart."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from models.draw import Draw, word
from models.protocols import Shown
from models.specs.worlds.sources import name_of
from models.specs.worlds.tasks import BOXES, CartPoleSpec
from models.worlds.walking import Array, Flags, Numbers, State, at_random

_GRAVITY, _CART_KG, _POLE_KG, _STEP_S = 9.8, 1.0, 0.1, 0.02
_TRACK, _LEAN = 2.4, math.radians(12.0)
"""Furthest position and angle at which the pole still counts as balanced."""
_BEGIN = 0.05
_SERIES = (1.0 / 6.0, 1.0 / 120.0, 1.0 / 5040.0)
"""Of a sine, behind its first term, with the signs in turn."""
_CUTS = (
    (-0.8, 0.8),
    (-0.5, 0.5),
    tuple(math.radians(cut) for cut in (-6.0, -1.0, 0.0, 1.0, 6.0)),
    (-math.radians(50.0), math.radians(50.0)),
)
"""Between the boxes of position, velocity, angle and spin."""
_NAMES = ("position", "velocity", "angle", "spin")


@final
class CartPole:
    r"""A pole hinged on a cart on a track; pushes to the left or right keep it upright, or do not.

    Scene:      channels `state`: position, velocity, angle, spin; `box`, one-hot: which of 3 x 3 x 6 x 3 boxes that is.
                Actions push to the left (0) and right (1); reward 1 a step; an episode ends beyond 2.4 m or 12 degrees
    Formula:    with F the force, l half of the pole, M = 1.1 kg in all, m = 0.1 kg of it the pole:
                u = (F + m l w^2 sin a) / M,   w' = (g sin a - u cos a) / (l (4/3 - m cos(a)^2 / M)),
                v' = u - m l w' cos a / M;   all four by Euler's steps of 0.02 s
    Statistics: begins within 0.05 of rest; pushed at random it stands for about 22 steps; factors place (the box),
                position, velocity, angle, spin, action, reward, done
    Draws:      (life seed, world digest, slot and episode): the four numbers it begins with
    Shapes:     state (N, B, T, 4), box (N, B, T, 162), the push as `action` (N, B, T, 2) float32; factors (N, B, T)
    Numerics:   the sine by its series up to a^7, exact to 2e-12 within 12 degrees, the same bits everywhere
    Units:      metres, m/s, radians, rad/s
    Reference:  Barto, Sutton & Anderson (1983) IEEE Trans. Syst. Man Cybern. 13:834, without friction
    """

    size = None
    actions = 2

    def __init__(self, source: CartPoleSpec, split: str, steps: int) -> None:
        self.source = source
        self.limit = source.limit
        self._steps = steps
        self._address = word(name_of(source, split))
        mass, half = _CART_KG + _POLE_KG, source.length
        self._kicks = np.array([-source.force, source.force]) / mass
        self._pull = _POLE_KG * half / mass
        self._long, self._short = half * 4.0 / 3.0, half * _POLE_KG / mass

    def sample(self, seeds_N: Tensor, index_NB: Tensor) -> Shown:
        """Pushes without aim."""
        return at_random(self, Draw(seeds_N, index_NB, self._address), self._steps, ("state", "box"))

    def begin(self, draw: Draw) -> State:
        """Nearly at rest."""
        unit = ((2.0 * draw.at("state").uniform(len(_NAMES)) - 1.0) * _BEGIN).double().numpy()
        return {name: unit[..., place] for place, name in enumerate(_NAMES)}

    def moved(self, state: State, action_NB: Numbers) -> tuple[State, Array, Flags]:
        """One push, and the 0.02 s after it."""
        numbers = [state[name] for name in _NAMES]
        _, velocity, angle, spin = numbers
        sine = _sine(angle)
        square = 1.0 - sine * sine
        cosine = np.sqrt(square)
        push = self._kicks.take(action_NB) + self._pull * (spin * spin * sine)
        turn = (_GRAVITY * sine - push * cosine) / (self._long - self._short * square)
        speed = push - self._pull * turn * cosine
        rates = (velocity, speed, spin, turn)
        after = [number + _STEP_S * rate for number, rate in zip(numbers, rates, strict=True)]
        over = (np.abs(after[0]) > _TRACK) | (np.abs(after[2]) > _LEAN)
        return dict(zip(_NAMES, after, strict=True)), np.ones(over.shape, np.float32), over

    def shown(self, state: State, wanted: Collection[str]) -> dict[str, Array]:
        """Its four numbers, and the box they are in."""
        found = {}
        if "state" in wanted:
            found["state"] = np.stack([state[name] for name in _NAMES], axis=-1).astype(np.float32)
        if "box" in wanted:
            found["box"] = self._one_hot.take(_box(state), axis=0)
        return found

    def true(self, state: State) -> dict[str, Array]:
        """Its four numbers, and the box they are in."""
        return {"place": _box(state), **{name: state[name].astype(np.float32) for name in _NAMES}}

    @cached_property
    def _one_hot(self) -> Array:
        return np.eye(math.prod(BOXES), dtype=np.float32)


def _sine(angle: Array) -> Array:
    square = angle * angle
    found: Array = angle * (1.0 - square * (_SERIES[0] - square * (_SERIES[1] - square * _SERIES[2])))
    return found


def _box(state: State) -> Numbers:
    box = np.zeros(state["angle"].shape, np.int64)
    for name, parts, cuts in zip(_NAMES, BOXES, _CUTS, strict=True):
        box = box * parts + np.searchsorted(cuts, state[name])
    return box
