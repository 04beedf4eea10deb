"""Areas in time: what they keep of the past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter

from benchmarks.catalogue.areas import gating, schools
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


def _remembering(quick: bool) -> Iterator[Figure]:
    """Two arms, one of which pays every other time, dealt anew for every twenty pulls; fragments of ten."""
    updates, many = (200, 3) if quick else (600, lives.LIVES)
    read: dict[str, Any] = {"kind": "linear", "act": "none", "init": {"kind": "zeros"}}
    ways = (("last", "hidden"), ("paid", "hidden"), ("hidden", "striatum"), ("hidden", "critic"))
    organism = {
        "senses": {"last": {"shape": [2], "channel": "arm"}, "paid": {"shape": [1]}},
        "areas": {
            "hidden": {"kind": "recurrent", "cell": "gru", "size": 24},
            "striatum": {**read, "size": 2},
            "critic": {**read, "size": 1},
        },
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "adam", "lr": 0.005, "clip": 1.0},
    }
    for name, each, bounds, peer in (
        ("remembered", organism, ">= 7" if quick else ">= 8", "at most 6.7 without a memory"),
        (
            "unremembered",
            schools.matched(organism, {"kind": "linear"}),
            "<= 6.9",
            "control: linear, as many parameters",
        ),
    ):
        yield from lives.figures(name, _paid(each, updates, many), "of 20 pulls", bounds, peer)


def _paid(organism: Mapping[str, Any], updates: int, many: int) -> list[float]:
    """Mean of what is paid in an episode after some updates."""
    source = {"kind": "bandit", "pays": [0.0, 0.5], "dealt": "random", "limit": 20}
    returns = {"critic": "critic", "discount": 0.9, "trace": 0.9}
    document: dict[str, Any] = {
        "clock": {"batch": 16},
        "organism": organism,
        "worlds": {"arms": {"source": source, "steps": 11, "actor": "striatum"}},
        "costs": {
            "worth": {"kind": "td_value", "at": "critic", "discount": 0.9, "trace": 0.9},
            "doing": {"kind": "policy_gradient", "at": "striatum", "entropy": 0.02, **returns},
        },
        "stages": [
            {
                "name": "arms",
                "world": "arms",
                "costs": {"worth": 0.5, "doing": 1.0},
                "until": {"after": f"{updates}ba"},
            }
        ],
        "probes": {"paid": {"kind": "return", "world": "arms", "every": f"{updates}ba", "n": 300}},
    }
    return list(lives.grown(document, many).last["paid"])


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


def _stack_memory(quick: bool) -> Iterator[Figure]:
    """Rows of at most ten, and then rows of twenty to sixty: whether all that follows from what was shown is told."""
    updates, many = (1000, 3) if quick else (1500, lives.LIVES)
    organism = schools.between({"kind": "stack_memory", "size": 4}, {"ear": {"shape": [3]}}, 3)
    organism |= {"pathways": [*organism["pathways"], {"from": "ear", "to": "head"}]}
    stack = {**organism, "optimizer": {"kind": "adam", "lr": 0.05, "clip": 1.0}}
    plain = {**schools.matched(organism, {"kind": "recurrent"}), "optimizer": {"kind": "adam", "lr": 0.01, "clip": 1.0}}
    short, longer = ({"kind": "counting", "least": least, "most": most} for least, most in ((1, 10), (20, 60)))
    exams = {"short": {"source": short, "steps": 21}, "longer": {"source": longer, "steps": 121}}
    yield from _examined("stack", stack, exams, (">= 0.99", ">= 0.99"), (updates, many))
    yield from _examined("control", plain, exams, (">= 0.8", "<= 0.05"), (2 * updates, many))


def _router(quick: bool) -> Iterator[Figure]:
    """Fillers of roles, asked for by role: those that were met in their role, and those that were not."""
    updates, many = (1000, 3) if quick else (1500, lives.LIVES)
    areas = {
        "hidden": {"kind": "router", "size": 12, "slots": 6, "control": "role"},
        "head": {"kind": "linear", "size": 13, "act": "none"},
    }
    ways = (("role", "hidden"), ("filler", "hidden"), ("hidden", "head"))
    organism = {
        "senses": {"role": {"shape": [6]}, "filler": {"shape": [12]}},
        "areas": areas,
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "adam", "lr": 0.05, "clip": 1.0},
    }
    gated = {"kind": "recurrent", "cell": "gru", "size": 64}
    plain = {
        **organism,
        "areas": {**areas, "hidden": gated},
        "optimizer": {"kind": "adam", "lr": 0.005, "clip": 1.0},
    }
    world = {"source": "roles", "steps": 6}
    exams = {"known": {**world, "split": "valid"}, "novel": world}
    yield from _examined("router", organism, exams, (">= 0.99", ">= 0.99"), (updates, many))
    yield from _examined("control", plain, exams, (">= 0.8", "<= 0.3"), (2 * updates, many))


def _examined(
    name: str,
    organism: Mapping[str, Any],
    exams: Mapping[str, Mapping[str, Any]],
    required: Sequence[str],
    length: tuple[int, int],
) -> Iterator[Figure]:
    """Of each exam, by life: the share of items in which every step that is asked for is told rightly."""
    updates, many = length
    day = {key: value for key, value in next(iter(exams.values())).items() if key != "split"}
    life = lives.grown(
        {
            "clock": {"batch": 20},
            "organism": dict(organism),
            "worlds": {"day": day, **{exam: {"split": "test", **world} for exam, world in exams.items()}},
            "costs": {"telling": {"kind": "cross_entropy", "at": "head", "target": "label"}},
            "stages": [{"name": "day", "world": "day", "costs": {"telling": 1.0}, "until": {"after": f"{updates}ba"}}],
        },
        many,
    )
    for exam, bounds in zip(exams, required, strict=True):
        seen = life.seen(exam, 300)
        assert seen.batch.label is not None
        right = seen.rate["head"].argmax(dim=-1) == seen.batch.label
        whole = (right | (seen.batch.factors["asked"] == 0)).all(dim=2)
        told: list[float] = whole.double().mean(dim=1).tolist()
        yield from lives.figures(f"{name}.{exam}", told, "share", bounds)


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
    entry("recurrent", _recurrent, _remembering),
    entry("reservoir", _reservoir),
    entry("gate_buffer", _gate_buffer, gating.delayed, gating.sorted_apart),
    entry("stack_memory", _stack_memory),
    entry("router", _router),
)
