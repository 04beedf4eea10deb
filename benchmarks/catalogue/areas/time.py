"""Areas in time: what they keep of the past."""

from __future__ import annotations

from collections.abc import Iterator

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


ENTRIES: tuple[Entry, ...] = (entry("recurrent", _recurrent), entry("reservoir", _reservoir))
