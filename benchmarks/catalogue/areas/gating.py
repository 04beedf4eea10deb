"""Gates that open and close by reward: what to let into working memory, learned from right answers alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Figure

_KEYS, _VALUES, _LONG, _SHORT = 4, 8, 10, 1
"""A key, a value, so many steps of nothing, the key: which value? Only what was let in then, and not since, tells."""
_FIRST, _ALL = 1000, 2500
"""Updates with the short delay, where they come first; all."""


def chosen(quick: bool) -> Iterator[Figure]:
    """Of a long delay, right answers where a short one came first, and where it did not, after as many updates."""
    many = 3 if quick else lives.LIVES
    for name, short, credited, bounds, peer in (
        ("chosen", _FIRST, True, ">= 0.95", f"delay {_LONG}, after {_FIRST} updates with delay {_SHORT}"),
        ("control_joint", 0, True, "<= 0.3", f"delay {_LONG} from the start, as many updates; chance .125"),
        ("control_random", _FIRST, False, "<= 0.3", "the choice is not credited: gates open at random"),
    ):
        yield from lives.figures(name, _recalled(short, credited, many), "share", bounds, peer)


def _recalled(short: int, credited: bool, many: int) -> list[float]:
    """Share of items, not trained on, whose value is told at the last step, by life."""
    day, soon = (_world(delay) for delay in (_LONG, _SHORT))
    costs: dict[str, Any] = {"telling": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    if credited:
        costs["gating"] = {"kind": "policy_gradient", "at": "PFC", "answer": "head", "discount": 0.9, "entropy": 0.01}
    lengths = {"soon": short, "day": _ALL - short}
    document = {
        "clock": {"batch": 20},
        "organism": _organism(),
        "worlds": {"day": day, "soon": soon, "exam": {**day, "split": "test"}},
        "costs": costs,
        "stages": [
            {"name": name, "world": name, "costs": dict.fromkeys(costs, 1.0), "until": {"after": f"{updates}ba"}}
            for name, updates in lengths.items()
            if updates
        ],
    }
    seen = lives.grown(document, many).seen("exam", 500)
    assert seen.batch.label is not None
    right = seen.rate["head"][:, :, -1].argmax(dim=-1) == seen.batch.label[:, :, -1]
    told: list[float] = right.double().mean(dim=1).tolist()
    return told


def _world(delay: int) -> dict[str, Any]:
    source = {"kind": "recall", "pairs": 1, "keys": _KEYS, "values": _VALUES, "delay": delay}
    return {"source": source, "steps": 3 + delay}


def _organism() -> dict[str, Any]:
    """One slot, whose gate hears only what is shown now; the answer rests on what is held and what is shown."""
    ways = [("eye", "BG"), ("eye", "PFC"), ("BG", "PFC"), ("eye", "mix"), ("PFC", "mix"), ("mix", "head")]
    return {
        "senses": {"eye": {"shape": [_KEYS + _VALUES + 2]}},
        "areas": {
            "BG": {"kind": "linear", "size": 2, "act": "none", "init": {"kind": "zeros"}},
            "PFC": {"kind": "gate_buffer", "slots": 1, "width": 12, "control": "BG"},
            "mix": {"kind": "linear", "size": 32},
            "head": {"kind": "linear", "size": _VALUES + 1, "act": "none"},
        },
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "adam", "lr": 0.02},
    }
