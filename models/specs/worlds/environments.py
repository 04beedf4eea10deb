"""Environments of gymnasium: which of them a document may name, how one is made, what it shows and takes.

A name is looked up among those that gymnasium, or a package that the operator has installed and listed, registers; it
never makes anything be imported. gymnasium itself is loaded when the first environment is asked for.
"""

from __future__ import annotations

import copy
import importlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import metadata
from itertools import zip_longest
from math import prod
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from models.specs.base import Many, Spec

LIBRARY = "gymnasium"
MOST = 4096
"""Numbers that an observation has, or states that it tells apart, at most."""
LONGEST = 10_000
"""Steps of an episode, at most: what was done in it is part of where a slot is."""
_ID = re.compile(r"([A-Za-z0-9_-]+/)?[A-Za-z0-9_.-]+-v[0-9]+")
_SEEDS, _STEPS = (0, 1, 2**32 - 1, 7), 64
"""Episodes of the trial that every environment goes through, and their length."""

Some = Annotated[int, Field(ge=1, le=MOST)]


class Unavailable(Exception):
    """An environment that nobody can grow up in here: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


class Content(Spec):
    """What an environment shows and takes, and who made it."""

    package: str
    """Name and version of what it comes from: another version may answer otherwise."""
    actions: Annotated[int, Field(ge=1, le=MOST)]
    shape: Annotated[Many[Some], Field(min_length=1, max_length=4)]
    """Of an observation; of one that is a state's number, how many states there are."""
    numbered: bool
    """Whether an observation is a state's number."""
    limit: Annotated[int, Field(ge=1)] | None
    """Steps of an episode, as it is registered."""


_listed: list[str] = []


def let_in(packages: Iterable[str]) -> None:
    """Of these packages of the operator, beside gymnasium, may environments be named in this process from now on."""
    _listed[:] = packages
    content.cache_clear()


def named(name: str) -> str:
    """The name, if it has the form of one; else Unavailable."""
    if not _ID.fullmatch(name) or len(name) > 128:
        told = f"'{name[:80]}' is no environment's id, which is a name with its version; modules are not loaded by name"
        raise Unavailable(told, "write it as CartPole-v1")
    return name


@lru_cache(maxsize=256)
def content(name: str) -> Content:
    """What there is of an environment, after a trial; Unavailable if nobody can grow up in it."""
    env, spec = made(name), _registered(name)
    spaces, actions, seen = importlib.import_module(f"{LIBRARY}.spaces"), env.action_space, env.observation_space
    if not isinstance(actions, spaces.Discrete):
        told = f"{name} takes {actions}; what is done must be one of a number of actions"
        raise Unavailable(told, "an environment with discrete actions")
    if not isinstance(seen, spaces.Discrete | spaces.Box):
        told = f"{name} shows {seen}; what is shown must be numbers of one shape (Box), or a state's number (Discrete)"
        raise Unavailable(told, "another environment")
    numbered = isinstance(seen, spaces.Discrete)
    shape = (int(seen.n),) if numbered else tuple(map(int, seen.shape)) or (1,)
    if max(prod(shape), int(actions.n)) > MOST or len(shape) > 4:
        told = f"{name} shows {list(shape)} and takes {int(actions.n)} actions; more than {MOST} of either is too much"
        raise Unavailable(told, "a smaller environment")
    if spec.nondeterministic or not _repeats(name):
        told = f"{name} goes on otherwise from the same seed with the same actions: no life in it could be continued"
        raise Unavailable(told, "an environment that draws from its own generator alone")
    limit = spec.max_episode_steps
    return Content(package=_package(name)[1], actions=int(actions.n), shape=shape, numbered=numbered, limit=limit)


def made(name: str) -> Any:
    """A new one, as it is registered but without a clock, checks of how it is used, or a window; or Unavailable."""
    gymnasium, spec = _library(), copy.deepcopy(_registered(name))
    spec.max_episode_steps, spec.order_enforce, spec.disable_env_checker = None, False, True
    try:
        return gymnasium.make(spec)
    except (gymnasium.error.Error, ImportError) as error:
        told = f"{name} cannot be made here: {str(error).splitlines()[0]}"
        raise Unavailable(told, "install what it asks for where API and workers run") from error


class _Look(NamedTuple):
    """What an environment told of a step, to the bit."""

    seen: bytes
    reward: float
    over: bool


def _repeats(name: str) -> bool:
    """Whether one after another in one environment, and side by side in several, episodes go alike."""
    one = made(name)
    after = [list(_episode(one, seed)) for seed in _SEEDS]
    beside: Sequence[list[_Look]] = [[] for _ in _SEEDS]
    for looks in zip_longest(*(_episode(made(name), seed) for seed in _SEEDS)):
        for told, look in zip(beside, looks, strict=True):
            told.extend([] if look is None else [look])
    return after == beside


def _episode(env: Any, seed: int) -> Iterator[_Look]:
    """An episode, or its beginning, with the same actions whenever it is asked for."""
    import numpy as np  # noqa: PLC0415 - loaded with the library, which the service starts without

    drawn, first, actions = random.Random(seed), int(env.action_space.start), int(env.action_space.n)
    yield _Look(np.asarray(env.reset(seed=seed)[0]).tobytes(), 0.0, False)
    for _ in range(_STEPS):
        seen, reward, ended, cut, _ = env.step(first + drawn.randrange(actions))
        yield _Look(np.asarray(seen).tobytes(), float(reward), bool(ended or cut))
        if ended or cut:
            return


def _registered(name: str) -> Any:
    """The entry of a name; Unavailable if nobody has made it, or somebody whom the operator has not let in."""
    registry = _library().registry
    if named(name) not in registry:
        stem = name.rpartition("-v")[0].casefold()
        near = sorted(each for each in registry if each.rpartition("-v")[0].casefold() == stem)
        remedy = f"known: {', '.join(near)}" if near else f"`python -c 'import {LIBRARY}; {LIBRARY}.pprint_registry()'`"
        raise Unavailable(f"nobody has registered an environment '{name}'", remedy)
    package, version = _package(name)
    if package not in (LIBRARY, *_listed):
        told = f"{name} is made by {version}, which this service has not let in"
        raise Unavailable(told, f"the operator lists {package} in ONTOGENY_GYM_PACKAGES")
    return registry[name]


def _package(name: str) -> tuple[str, str]:
    """The package that an environment comes from, and that with its version."""
    entry = _library().registry[name].entry_point
    package = (entry if isinstance(entry, str) else entry.__module__).partition(":")[0].partition(".")[0]
    return package, _with_version(package)


@lru_cache(maxsize=64)
def _with_version(package: str) -> str:
    """The distribution that a package is installed by; a package without one is known by its name alone."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        by = metadata.packages_distributions().get(package, ())
        return f"{by[0]} {metadata.version(by[0])}" if by else package


def _library() -> Any:
    """gymnasium, with what the packages of the operator have registered."""
    try:
        gymnasium = importlib.import_module(LIBRARY)
    except ImportError as error:
        told = f"environments are made by {LIBRARY}, which is not installed here"
        raise Unavailable(told, "install ontogeny[gym] where API and workers run") from error
    # Its advice is for who writes environments; what matters to those who use one is asked in `content`.
    gymnasium.logger.min_level = gymnasium.logger.ERROR
    for package in _listed:
        try:
            importlib.import_module(package)
        except ImportError as error:
            told = f"package {package}, listed in ONTOGENY_GYM_PACKAGES, cannot be loaded: {error}"
            raise Unavailable(told, f"install {package}, or list it no more") from error
    return gymnasium
