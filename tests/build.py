"""The smallest valid things, for tests of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def tiny_schedule(**changes: Any) -> dict[str, Any]:
    """The smallest valid schedule document: 8 x 8 digits, one hidden area and a head, two stages, one probe.

    `changes` replace members of the top level.
    """
    document: dict[str, Any] = {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "tiny",
        "seeds": {"start": 0, "count": 2},
        "clock": {"batch": 20},
        "organism": {
            "senses": {"retina": {"shape": [1, 8, 8]}},
            "areas": {
                "V1": {"kind": "linear", "size": 16, "act": "tanh"},
                "head": {"kind": "linear", "size": 10, "act": "none"},
            },
            "pathways": [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "head"}],
            "optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.9},
        },
        "worlds": {
            "school": {"source": "digits", "split": "train", "size": 200},
            "quiz": {"source": "digits", "split": "valid", "size": 100},
        },
        "costs": {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}},
        "stages": [
            {"name": "early", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "10ba"}},
            {"name": "late", "world": "school", "costs": {"naming": 0.5}, "until": {"after": "1ep"}},
        ],
        "probes": {"acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "5ba"}},
    }
    return document | changes


def tiny_study(*weights: float, seeds: int = 2, **changes: Any) -> dict[str, Any]:
    """The smallest study document: an arm for each weight of the cost in the tiny schedule's late stage."""
    document: dict[str, Any] = {
        "ontogeny": "1",
        "kind": "study",
        "name": "weights",
        "base": tiny_schedule(),
        "seeds": {"start": 0, "count": seeds},
        "axes": [{"name": "weight", "path": "/stages/late/costs/naming", "values": list(weights)}],
    }
    return document | changes


def fitted(organism: dict[str, Any], areas: Sequence[str], kind: str) -> dict[str, Any]:
    """The organism with what a rule needs of areas it teaches that a chain of tanh areas has not."""
    if kind in ("equilibrium_propagation", "temporal_derivative", "contrastive_hebbian", "generec"):
        return coupled(organism, areas)
    if kind == "kohonen":
        sized = {name: each | ({"size": 10} if name in areas else {}) for name, each in organism["areas"].items()}
        return organism | {"areas": sized}
    acts = {
        "burst": ("sigmoid", areas[:-1]),
        "forward_forward": ("relu", areas[:-1]),
        "sanger": ("none", areas),
        "bcm": ("relu", areas),
    }
    act, taught = acts.get(kind, ("", ()))
    changed = {name: each | {"act": act} for name, each in organism["areas"].items() if name in taught}
    return organism | {"areas": organism["areas"] | changed}


def coupled(organism: dict[str, Any], areas: Sequence[str], act: str = "sigmoid4") -> dict[str, Any]:
    """The organism with bounded rates in some areas, and pathways between them that act both ways."""
    bounded = {name: each | ({"act": act} if name in areas else {}) for name, each in organism["areas"].items()}
    pathways = [
        each | ({"mode": "symmetric"} if each["from"] in areas and each["to"] in areas else {})
        for each in organism["pathways"]
    ]
    return organism | {"areas": bounded, "pathways": pathways}
