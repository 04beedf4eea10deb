"""Gates that open and close by reward: what to let into working memory, learned from right answers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Figure

_LONG, _SHORT = 10, 1
"""A key, a value, so many steps of nothing, the key: which value? Only what was let in then, and not since, tells."""
_FIRST, _ALL, _SORTING = 1000, 2500, 1500
"""Updates with the short delay, where they come first; all; of 1-2-AX."""
_AX = {"source": {"kind": "trials", "task": "one_two_ax"}, "steps": 40}


def delayed(quick: bool) -> Iterator[Figure]:
    """Of a long delay, right answers where a short one came first, and where it did not, after as many updates."""
    worlds = {"soon": _recall(_SHORT), "day": _recall(_LONG)}
    staged = {"soon": _FIRST, "day": _ALL - _FIRST}
    for name, lengths, gating, bounds, peer in (
        ("chosen", staged, True, ">= 0.95", f"delay {_LONG}, after {_FIRST} updates with delay {_SHORT}"),
        ("control_joint", {"day": _ALL}, True, "<= 0.3", f"delay {_LONG} from the start; chance .125"),
        ("control_random", staged, False, "<= 0.3", "the choice is not credited: gates open at random"),
    ):
        right_NBT = _right(_gated(14, 1, 12, 9, 0.02), worlds, lengths, gating, quick)
        yield from lives.figures(name, right_NBT[..., -1].mean(dim=1).tolist(), "share", bounds, peer)


def sorted_apart(quick: bool) -> Iterator[Figure]:
    """1-2-AX: numbers are kept in one slot, letters in another; units that hear errors through time need less."""
    fifth = _SORTING // 5
    for name, organism, updates, gating, bounds, peer in (
        ("ax", _gated(8, 2, 8, 2, 0.04), _SORTING, True, ">= 0.98", f"1-2-AX, {_SORTING} updates"),
        ("control_ax", _gated(8, 2, 8, 2, 0.04), _SORTING, False, "<= 0.92", "gates open at random; always no: .875"),
        ("control_one_slot", _gated(8, 1, 8, 2, 0.04), _SORTING, True, "<= 0.97", "one slot for two things"),
        ("rnn_ax", _plain(8, 16, 2), fifth, False, None, f"16 units under bptt, {fifth} updates"),
    ):
        right_NBT = _right(organism, {"day": _AX}, {"day": updates}, gating, quick)
        yield from lives.figures(name, right_NBT.mean(dim=(1, 2)).tolist(), "share", bounds, peer)


def _right(
    organism: Mapping[str, Any],
    worlds: Mapping[str, Mapping[str, Any]],
    lengths: Mapping[str, int],
    gating: bool,
    quick: bool,
) -> Tensor:
    """Whether the answer at each step of items of the last world, not trained on, is right (N, B, T), float64."""
    costs: dict[str, Any] = {"telling": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    if gating:
        costs["gating"] = {"kind": "policy_gradient", "at": "PFC", "answer": "head", "discount": 0.9, "entropy": 0.01}
    stages = [
        {"name": name, "world": name, "costs": dict.fromkeys(costs, 1.0), "until": {"after": f"{updates}ba"}}
        for name, updates in lengths.items()
    ]
    document = {
        "clock": {"batch": 20},
        "organism": dict(organism),
        "worlds": {**worlds, "exam": {**worlds["day"], "split": "test"}},
        "costs": costs,
        "stages": stages,
    }
    seen = lives.grown(document, 3 if quick else lives.LIVES).seen("exam", 500)
    assert seen.batch.label is not None
    return (seen.rate["head"].argmax(dim=-1) == seen.batch.label).double()


def _recall(delay: int) -> dict[str, Any]:
    """Four keys, eight values."""
    source = {"kind": "recall", "pairs": 1, "keys": 4, "values": 8, "delay": delay}
    return {"source": source, "steps": 3 + delay}


def _gated(symbols: int, slots: int, width: int, answers: int, rate: float) -> dict[str, Any]:
    """Gates hear only what is shown now; the answer rests on what is held and what is shown."""
    areas = {
        "BG": {"kind": "linear", "size": slots + 1, "act": "none", "init": {"kind": "zeros"}},
        "PFC": {"kind": "gate_buffer", "slots": slots, "width": width, "control": "BG"},
    }
    return _answering(symbols, answers, areas, [("eye", "BG"), ("BG", "PFC")], {"kind": "adam", "lr": rate})


def _plain(symbols: int, units: int, answers: int) -> dict[str, Any]:
    """Units that hear one another, in the place of slots."""
    optimizer = {"kind": "adam", "lr": 0.01, "clip": 1.0}
    return _answering(symbols, answers, {"PFC": {"kind": "recurrent", "size": units}}, [], optimizer)


def _answering(
    symbols: int,
    answers: int,
    areas: Mapping[str, Any],
    ways: list[tuple[str, str]],
    optimizer: Mapping[str, Any],
) -> dict[str, Any]:
    read = {"mix": {"kind": "linear", "size": 32}, "head": {"kind": "linear", "size": answers, "act": "none"}}
    both = [*ways, ("eye", "PFC"), ("eye", "mix"), ("PFC", "mix"), ("mix", "head")]
    return {
        "senses": {"eye": {"shape": [symbols]}},
        "areas": {**areas, **read},
        "pathways": [{"from": one, "to": other} for one, other in both],
        "optimizer": dict(optimizer),
    }
