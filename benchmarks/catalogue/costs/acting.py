"""Costs of acting: values against their closed form, and ways against the shortest ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.specs.document import read

_EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "costs" / "imitation.yaml"
STATES = 19


def _td_value(quick: bool) -> Iterator[Figure]:
    """A walk at random along a row: state i of 19 is worth i / 20."""
    true = torch.arange(1, STATES + 1) / (STATES + 1)
    length = "600ba" if quick else "2000ba"
    for name, weight, bound in (("rms_error", 1.0, "<= 0.06"), ("control", 1e-6, ">= 0.25")):
        document: dict[str, Any] = {
            "clock": {"batch": 16},
            "organism": {
                "senses": {"where": {"shape": [STATES], "channel": "place"}},
                "areas": {
                    "critic": {"kind": "linear", "size": 1, "act": "none", "bias": False, "init": {"kind": "zeros"}}
                },
                "pathways": [{"from": "where", "to": "critic"}],
                "optimizer": {"kind": "sgd", "lr": 2.0},
            },
            "worlds": {"row": {"source": "chain", "steps": 16}},
            "costs": {"worth": {"kind": "td_value", "at": "critic", "discount": 1.0, "trace": 0.8}},
            "stages": [{"name": "row", "world": "row", "costs": {"worth": weight}, "until": {"after": length}}],
        }
        value = lives.grown(document).weight("area/critic/from/where/weight")[..., 0]
        error = (value - true).square().mean(dim=1).sqrt().tolist()
        yield from lives.figures(name, error, "reward", bound, None if weight == 1.0 else "hardly taught: all worth 0")


def _policy_gradient(quick: bool) -> Iterator[Figure]:
    """Four rooms, one goal."""
    for name, weight, bound in (("steps_ratio", 1.0, "<= 1.3" if quick else "<= 1.1"), ("control", 0.0, ">= 4")):
        updates = 200 if quick else 1000
        document: dict[str, Any] = {
            "clock": {"batch": 16},
            "organism": {
                "senses": {"where": {"shape": [104], "channel": "place"}},
                "areas": {
                    "striatum": {"kind": "linear", "size": 4, "act": "none", "init": {"kind": "zeros"}},
                    "critic": {"kind": "linear", "size": 1, "act": "none", "init": {"kind": "zeros"}},
                },
                "pathways": [{"from": "where", "to": "striatum"}, {"from": "where", "to": "critic"}],
                "optimizer": {"kind": "adam", "lr": 0.1},
            },
            "worlds": {"rooms": {"source": {"kind": "grid", "goal": 90}, "steps": 32, "actor": "striatum"}},
            "costs": {
                "worth": {"kind": "td_value", "at": "critic", "trace": 0.9},
                "doing": {"kind": "policy_gradient", "at": "striatum", "critic": "critic", "entropy": 0.001},
            },
            "stages": [
                {
                    "name": "rooms",
                    "world": "rooms",
                    "costs": {"worth": 0.5} | ({"doing": 1.0} if weight else {}),
                    "until": {"after": f"{updates}ba"},
                }
            ],
            "probes": {"ways": {"kind": "steps_ratio", "world": "rooms", "every": f"{updates}ba"}},
        }
        ways = lives.grown(document).last["ways"]
        yield from lives.figures(
            name, ways, "x", bound, None if weight == 1.0 else "actor not taught: a walk without aim"
        )


def _risk(quick: bool) -> Iterator[Figure]:
    """How often the arm is pulled that varies less, which pays less in two cases and more in two."""
    updates = 150 if quick else 500
    scarce, plenty = (0.1, 0.5), (0.5, 0.9)
    cases = (
        ("safe", scarce, "averse", 6.0, ">= 0.9", "pays less, Var .09 and not .25"),
        ("control", scarce, "averse", 0.0, "<= 0.1", "weight 0: the arm that pays more"),
        ("sought", plenty, "seeking", 6.0, "within 0.15 0.26", "1 + 6 (1 - 2 p) = 0, p = .5 + .4 x: 0.208"),
        ("control_sought", plenty, "seeking", 0.0, ">= 0.9", "weight 0: the arm that pays more"),
    )
    for name, pays, attitude, weight, bound, peer in cases:
        document: dict[str, Any] = dict(read((_EXAMPLE.parent / "risk.yaml").read_bytes()).data)
        document["worlds"]["arms"]["source"]["pays"] = list(pays)
        document["costs"]["wary"]["attitude"] = attitude
        costs = {"worth": 0.5, "doing": 1.0, "wary": weight}
        document["stages"] = [{"name": "arms", "world": "arms", "costs": costs, "until": {"after": f"{updates}ba"}}]
        document["probes"]["paid"]["every"] = f"{updates}ba"
        safe = pays.index(min(pays, key=lambda pay: pay * (1.0 - pay)))
        other = pays[1 - safe]
        shares = [(paid / 20.0 - other) / (pays[safe] - other) for paid in lives.grown(document).last["paid"]]
        yield from lives.figures(name, shares, "share", bound, peer)


def _imitation(quick: bool) -> Iterator[Figure]:
    """Steps over the shortest way from where a way was shown, and from where none was."""
    updates = 100 if quick else 200
    for name, goal in (("", 30), ("control", 94)):
        document: dict[str, Any] = dict(read(_EXAMPLE.read_bytes()).data)
        document["worlds"]["lessons"]["source"]["goal"] = goal
        document["stages"][0]["until"] = {"after": f"{updates}ba"}
        ways = lives.grown(document).last
        if name:
            yield from lives.figures(name, ways["shown"], "x", ">= 3", "shown the way to another goal")
        else:
            yield from lives.figures("steps_ratio", ways["shown"], "x", "<= 1.1", "from where the way was shown")
            yield from lives.figures("unshown", ways["unshown"], "x", ">= 3", "from where it was not: must fail")


ENTRIES: tuple[Entry, ...] = (
    entry("td_value", _td_value),
    entry("policy_gradient", _policy_gradient),
    entry("risk", _risk),
    entry("imitation", _imitation),
)
