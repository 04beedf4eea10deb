"""Areas in time: what they keep of the past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from benchmarks.catalogue.areas import schools
from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Pass
from models.specs.areas import AreaSpec


def _recurrent(quick: bool) -> Iterator[Figure]:
    updates, length = (600, 10) if quick else (2000, 20)
    world = {"source": {"kind": "trials", "task": "adding", "length": length}, "steps": length}
    organism = schools.between({"kind": "recurrent", "cell": "gru", "size": 16}, {"x": {"shape": [2]}}, 1)
    plain = schools.matched(organism, {"kind": "linear"})
    rnn = schools.matched(organism, {"kind": "recurrent"})
    yield from lives.figures("gru", schools.taught(organism, world, "mse", updates), "1", "<= 0.01")
    yield from lives.figures("rnn", schools.taught(rnn, world, "mse", updates), "1", "<= 0.05")
    told = schools.taught(plain, world, "mse", updates)
    yield from lives.figures("control", told, "1", ">= 0.15", "linear, as many parameters")


def _reservoir(quick: bool) -> Iterator[Figure]:
    for name, radius, bounds, peer in (
        ("memory", 0.9, "within 11 15.5", "at most its 15 units, in theory"),
        ("control", 0.1, "<= 8", "spectral radius 0.1"),
    ):
        yield from lives.figures(name, _memory(radius, 4000 if quick else 20000), "steps", bounds, peer)


def _gate_buffer(quick: bool) -> Iterator[Figure]:
    """Whether two symbols, with nothing between them for long, are the same."""
    delay, updates, many = (30, 600, 3) if quick else (50, 3000, lives.LIVES)
    ways = (("x", "hidden"), ("x", "mix"), ("hidden", "mix"), ("mix", "head"))
    organism = {
        "senses": {"x": {"shape": [4]}},
        "areas": {
            "hidden": {"kind": "gate_buffer", "slots": 4, "width": 8},
            "mix": {"kind": "linear", "size": 32},
            "head": {"kind": "linear", "size": 3, "act": "none"},
        },
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "adam", "lr": 0.015, "clip": 1.0},
    }
    plain = schools.matched(organism, {"kind": "recurrent"})
    for name, each, bounds, peer in (
        ("match", organism, ">= 0.95", f"delay {delay}"),
        ("control", plain, "<= 0.7", "rnn, as many parameters"),
    ):
        yield from lives.figures(name, _judged(each, delay, updates, many), "share", bounds, peer)


def _judged(organism: Mapping[str, Any], delay: int, updates: int, many: int) -> list[float]:
    """Share of items, not trained on, that are judged rightly at their last step, by life."""
    world = {"source": {"kind": "trials", "task": "match", "delay": delay}, "steps": delay + 2}
    life = lives.grown(
        {
            "clock": {"batch": 20},
            "organism": dict(organism),
            "worlds": {"day": world, "exam": {**world, "split": "test"}},
            "costs": {"telling": {"kind": "cross_entropy", "at": "head", "target": "label"}},
            "stages": [{"name": "day", "world": "day", "costs": {"telling": 1.0}, "until": {"after": f"{updates}ba"}}],
        },
        many,
    )
    seen = life.seen("exam", 500)
    assert seen.batch.label is not None
    right = seen.rate["head"][:, :, -1].argmax(dim=-1) == seen.batch.label[:, :, -1]
    told: list[float] = right.double().mean(dim=1).tolist()
    return told


def _memory(radius: float, steps: int) -> list[float]:
    """Sum over delays of the share of past inputs that linear read-outs of 15 units get back, by life."""
    spec = {"kind": "reservoir", "size": 15, "act": "none", "leak": 0.0, "density": 1.0, "radius": radius}
    member = build_area("echo", TypeAdapter(AreaSpec).validate_python(spec), {"ear": (1,)}, (15,))
    draw = Draw(torch.arange(lives.LIVES))
    heard = 2.0 * draw.at("benchmark", "ear").uniform(1, steps, 1) - 1.0
    rate, _ = member.apply({"ear": heard}, member.start(heard), Pass(member.init(draw), Exact(), {}))
    told = []
    for x, past in zip(rate[:, 0].double().numpy(), heard[:, 0, :, 0].double().numpy(), strict=True):
        delayed = np.stack([past[100 - delay : len(past) - delay] for delay in range(1, 60)], axis=1)
        half = len(delayed) // 2
        weights = np.linalg.lstsq(x[100 : 100 + half], delayed[:half], rcond=1e-10)[0]
        found = x[100 + half :] @ weights
        r = [np.corrcoef(one, other)[0, 1] for one, other in zip(found.T, delayed[half:].T, strict=True)]
        told.append(float(np.square(np.maximum(r, 0.0)).sum()))
    return told


ENTRIES: tuple[Entry, ...] = (
    entry("recurrent", _recurrent),
    entry("reservoir", _reservoir),
    entry("gate_buffer", _gate_buffer),
)
