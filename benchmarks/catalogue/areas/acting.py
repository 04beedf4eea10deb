"""Areas that act for a while: what was learned of going somewhere, and what it is worth where goals are new."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.specs.worlds.acting import PLACES

DOORS, MIDDLES = (25, 51, 62, 88), (22, 28, 75, 80)
LANDMARKS = DOORS + MIDDLES
"""Where somebody went before."""
_GOALS, _LIMIT, _ENOUGH = 6, 60, 2.5
"""New goals sought in turn; steps of an episode at most; ways in units of the shortest."""
_SHOWN, _MOST, _EVERY = 80, 300, 10
"""Updates with lessons; without, at most; between readings."""
_PLACE, _GOAL = {"shape": [PLACES], "channel": "place"}, {"shape": [PLACES]}


def _options(quick: bool) -> Iterator[Figure]:
    """Updates until six new goals, each told, are reached by ways 2.5 times the shortest; means of several such sixes.

    Reward is scarce: an episode ends before most who know nothing meet its goal. Who goes on for a while gets farther.
    """
    sixes, many = (2, 3) if quick else (5, lives.LIVES)
    organisms = {
        "options": (_two_levels(), _SHOWN),
        "linear": (_linear(0.05), _SHOWN),
        "flat": (_flat(), _SHOWN),
        "single": (_linear(0.1), 0),
        "newborn": (_two_levels(), 0),
    }
    found = {}
    for name, (organism, shown) in organisms.items():
        updates = np.array([_needed(organism, shown, _goals(number), many) for number in range(sixes)])
        found[name] = updates.mean(axis=0).tolist()
    for name, updates in found.items():
        yield from lives.figures(name, updates, "updates", None, _PEERS.get(name))
    mean = {name: statistics.fmean(updates) for name, updates in found.items()}
    twin = min(mean["linear"], mean["flat"])
    yield Figure("share", mean["options"] / mean["single"], "of single", "<= 0.5", "single actions")
    yield Figure("of_twin", mean["options"] / twin, "of the better twin", "<= 0.5", "no options, shown the same")
    yield Figure("control", mean["newborn"] / mean["single"], "of single", ">= 0.7", "options of newborns")


_PEERS = {
    "linear": "single actions, shown the same",
    "flat": "a layer between, as many parameters as options have, shown the same",
    "single": "single actions, shown nothing",
    "newborn": "options as they were at birth",
}


def _goals(number: int) -> list[int]:
    """Six places, none a landmark."""
    new = [place for place in range(PLACES) if place not in LANDMARKS]
    return sorted(np.random.default_rng(number).choice(new, _GOALS, replace=False).tolist())


def _two_levels() -> dict[str, Any]:
    """PFC begins options by the goal it is told and, where it may, by place; BG has learned what to do in them."""
    ways = [("goal", "PFC"), ("where", "PFC"), ("where", "BG"), ("PFC", "BG"), ("doing", "BG")]
    areas = {
        "PFC": {"kind": "linear", "size": 12, "act": "none", "init": {"kind": "zeros"}},
        "BG": {"kind": "options", "size": 4, "choice": "PFC", "efference": "doing"},
    }
    return _body(areas, ways, 0.1, doing={"shape": [4], "channel": "action"})


def _linear(rate: float) -> dict[str, Any]:
    """Single actions, by goal and place; at whichever rate, .05 or .1, does better."""
    actor = {"BG": {"kind": "linear", "size": 4, "act": "none", "init": {"kind": "zeros"}}}
    return _body(actor, [("where", "BG"), ("goal", "BG")], rate)


def _flat() -> dict[str, Any]:
    """At least as many parameters as options have, between the same senses and the same actions."""
    ways = [("goal", "mix"), ("where", "mix"), ("mix", "BG")]
    areas = {
        "mix": {"kind": "linear", "size": 36, "act": "tanh"},
        "BG": {"kind": "linear", "size": 4, "act": "none"},
    }
    return _body(areas, ways, 0.02)


def _body(areas: dict[str, Any], ways: list[tuple[str, str]], rate: float, **senses: Any) -> dict[str, Any]:
    critic = {"kind": "linear", "size": 1, "act": "none", "init": {"kind": "zeros"}, "lr_scale": 0.1 / rate}
    return {
        "senses": {"where": _PLACE, "goal": _GOAL} | senses,
        "areas": areas | {"critic": critic},
        "pathways": [{"from": one, "to": other} for one, other in [*ways, ("where", "critic"), ("goal", "critic")]],
        "optimizer": {"kind": "adam", "lr": rate},
    }


def _needed(organism: Mapping[str, Any], shown: int, goals: list[int], many: int) -> list[float]:
    """Updates by life, after so many in which somebody went to landmarks; at most so many."""
    levels = "PFC" in organism["areas"]
    alone = {
        "name": "alone",
        "world": "rooms",
        "costs": {"worth": 0.5, "doing": 1.0},
        **({"plasticity": {"BG": 0.0}} if levels else {}),
        "until": {"after": f"{_MOST}ba"},
    }
    rooms = {"kind": "grid", "goal": goals, "limit": _LIMIT}
    document: dict[str, Any] = {
        "clock": {"batch": 16},
        "organism": dict(organism),
        "worlds": {"rooms": {"source": rooms, "steps": 32, "actor": "BG"}},
        "costs": {
            "worth": {"kind": "td_value", "at": "critic", "trace": 0.9},
            "doing": {"kind": "policy_gradient", "at": "BG", "critic": "critic", "trace": 0.9},
        },
        "stages": [alone],
        "probes": {"ways": {"kind": "steps_ratio", "world": "rooms", "every": f"{_EVERY}ba", "n": 20}},
    }
    if shown:
        document |= _lessons(document, alone, shown, levels)
    told = lives.grown(document, many, unread=len(document["stages"]) - 1).readings["ways"]
    return [
        next((float(at) for _, at, values in told if values[life] <= _ENOUGH), float(_MOST)) for life in range(many)
    ]


def _lessons(document: Mapping[str, Any], alone: Mapping[str, Any], shown: int, levels: bool) -> dict[str, Any]:
    """What of a document is another where somebody goes to landmarks first; of two levels only the goal leads then."""
    source = {"kind": "grid", "goal": list(LANDMARKS), "walker": "expert"}
    lessons = {"name": "shown", "world": "lessons", "costs": {"mirror": 1.0}, "until": {"after": f"{shown}ba"}}
    blind = {"kind": "cut_pathway", "pathways": ["where-PFC"]}
    led = {"lead": {"transform": blind, "onset": "0ba", "duration": f"{shown}ba"}} if levels else {}
    return {
        "worlds": document["worlds"] | {"lessons": {"source": source, "steps": 32}},
        "costs": document["costs"] | {"mirror": {"kind": "imitation", "at": "BG"}},
        "stages": [lessons, {**alone, "on_enter": ["reset_optimizer"]}],
        "deficits": led,
    }


ENTRIES: tuple[Entry, ...] = (entry("options", _options),)
