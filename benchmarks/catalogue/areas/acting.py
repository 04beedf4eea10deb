"""Areas that act for a while: what was learned of going somewhere, and what it is worth where the goal is a new one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry

DOORS = (25, 51, 62, 88)
START, GOAL = 0, 80
"""A corner, and two steps into the room at the other end."""
_EVERY = 10
_PLACE, _GOAL = {"shape": [104], "channel": "place"}, {"shape": [104]}


def _options(quick: bool) -> Iterator[Figure]:
    """Updates until the way to a goal that nobody showed takes no more than twice the shortest."""
    shown, most, many = (40, 50, 3) if quick else (80, 100, lives.LIVES)
    organisms = {
        "options": (_two_levels(), shown),
        "single": (_single(), 0),
        "newborn": (_two_levels(), 0),
        "flat": (_flat(), shown),
    }
    found = {name: _needed(organism, before, most, many) for name, (organism, before) in organisms.items()}
    for name, updates in found.items():
        yield from lives.figures(name, updates, "updates", None, _PEERS.get(name))
    single = statistics.fmean(found["single"])
    yield Figure("share", statistics.fmean(found["options"]) / single, "of single", "<= 0.5", "single actions")
    yield Figure("control", statistics.fmean(found["newborn"]) / single, "of single", ">= 0.7", "options of newborns")


_PEERS = {
    "single": "single actions alone",
    "newborn": "options as they were at birth",
    "flat": "no options, as many parameters, shown the same",
}


def _two_levels() -> dict[str, Any]:
    """PFC begins options by the goal it is told and, where it may, by place; BG has learned what to do in them."""
    ways = [("goal", "PFC"), ("where", "PFC"), ("where", "BG"), ("PFC", "BG"), ("doing", "BG"), ("where", "critic")]
    areas = {
        "PFC": {"kind": "linear", "size": 8, "act": "none", "init": {"kind": "zeros"}},
        "BG": {"kind": "options", "size": 4, "choice": "PFC", "efference": "doing"},
    }
    return _body(areas, ways, 0.1) | {
        "senses": {"where": _PLACE, "goal": _GOAL, "doing": {"shape": [4], "channel": "action"}}
    }


def _single() -> dict[str, Any]:
    """Who knows nothing but what is done once."""
    actor = {"BG": {"kind": "linear", "size": 4, "act": "none", "init": {"kind": "zeros"}}}
    return _body(actor, [("where", "BG"), ("where", "critic")], 0.1) | {"senses": {"where": _PLACE}}


def _flat() -> dict[str, Any]:
    """As many parameters between the same senses and the same actions."""
    ways = [("goal", "mix"), ("where", "mix"), ("mix", "BG"), ("where", "critic")]
    areas = {
        "mix": {"kind": "linear", "size": 18, "act": "tanh"},
        "BG": {"kind": "linear", "size": 4, "act": "none"},
    }
    return _body(areas, ways, 0.02) | {"senses": {"where": _PLACE, "goal": _GOAL}}


def _body(areas: dict[str, Any], ways: list[tuple[str, str]], rate: float) -> dict[str, Any]:
    critic = {"kind": "linear", "size": 1, "act": "none", "init": {"kind": "zeros"}, "lr_scale": 0.1 / rate}
    return {
        "areas": areas | {"critic": critic},
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "adam", "lr": rate},
    }


def _needed(organism: Mapping[str, Any], shown: int, most: int, many: int) -> list[float]:
    """Updates by life, after so many in which somebody went to doors; at most so many."""
    levels = "PFC" in organism["areas"]
    lessons = {"name": "doors", "world": "lessons", "costs": {"mirror": 1.0}, "until": {"after": f"{shown}ba"}}
    alone = {
        "name": "alone",
        "world": "rooms",
        "costs": {"worth": 0.5, "doing": 1.0},
        **({"plasticity": {"BG": 0.0}} if levels else {}),
        "until": {"after": f"{most}ba"},
    }
    document: dict[str, Any] = {
        "clock": {"batch": 16},
        "organism": dict(organism),
        "worlds": {"rooms": {"source": {"kind": "grid", "start": START, "goal": GOAL}, "steps": 32, "actor": "BG"}},
        "costs": {
            "worth": {"kind": "td_value", "at": "critic", "trace": 0.9},
            "doing": {"kind": "policy_gradient", "at": "BG", "critic": "critic", "trace": 0.9},
        },
        "stages": [alone],
        "probes": {"ways": {"kind": "steps_ratio", "world": "rooms", "every": f"{_EVERY}ba", "n": 20}},
    }
    if shown:
        document["worlds"]["lessons"] = {
            "source": {"kind": "grid", "goal": list(DOORS), "walker": "expert"},
            "steps": 32,
        }
        document["costs"]["mirror"] = {"kind": "imitation", "at": "BG"}
        document["stages"] = [lessons, {**alone, "on_enter": ["reset_optimizer"]}]
        blind = {"kind": "cut_pathway", "pathways": ["where-PFC"]}
        document["deficits"] = (
            {"lead": {"transform": blind, "onset": "0ba", "duration": f"{shown}ba"}} if levels else {}
        )
    told = lives.grown(document, many, unread=len(document["stages"]) - 1).readings["ways"]
    return [next((float(at) for _, at, values in told if values[life] <= 2.0), float(most)) for life in range(many)]


ENTRIES: tuple[Entry, ...] = (entry("options", _options),)
