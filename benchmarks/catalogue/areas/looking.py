"""Hard attention: a window of a cluttered field, chosen by what can be seen from afar, credited by right answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Figure
from models.protocols import Moment

_FIELD, _SIDE, _STRIDE = 32, 16, 4
_PLACES = (_FIELD - _SIDE) // _STRIDE + 1
_UPDATES = 300
_COARSE = {"kind": "downsample", "factor": 4}
_SHUT = [
    {"name": region, "kind": "occlude", "region": region, "share": 0.25}
    for region in ("left", "right", "top", "bottom")
]
"""Leaves the middle quarter of a field."""


def _seeing(source: str, senses: Mapping[str, Any], **above: Any) -> dict[str, Any]:
    """The organism that names what comes from a sense or area; `above` has more areas and pathways."""
    areas = {
        "V1": {"kind": "conv", "channels": 8, "kernel": 5, "stride": 2, "pool": 2},
        "IT": {"kind": "linear", "size": 32},
        "head": {"kind": "linear", "size": 3, "act": "none"},
    }
    ways = [*above.get("ways", ()), (source, "V1"), ("V1", "IT"), ("IT", "head")]
    return {
        "senses": {"retina": {"shape": [1, _FIELD, _FIELD]}, **senses},
        "areas": above.get("areas", {}) | areas,
        "pathways": [{"from": below, "to": here} for below, here in ways],
        "optimizer": {"kind": "adam", "lr": 0.006},
    }


def _grown(
    organism: dict[str, Any], updates: int, transforms: list[dict[str, Any]], count: int = lives.LIVES, **more: Any
) -> lives.Grown:
    """Lives that learn to name shapes among four pieces; `more` costs beside that of the name."""
    costs = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}, **more}
    world = {"source": {"kind": "shapes", "level": "easy", "clutter": 4}, "transforms": transforms}
    stage = {"name": "s", "world": "school", "costs": dict.fromkeys(costs, 1.0), "until": {"after": f"{updates}ba"}}
    document = {
        "clock": {"batch": 50},
        "organism": organism,
        "worlds": {"school": world, "exam": world | {"split": "test"}},
        "costs": costs,
        "stages": [stage],
    }
    return lives.grown(document, count)


@cache
def _looking(updates: int, ask: str = "glance", *, credited: bool = True) -> lives.Grown:
    """Lives that see a quarter of the pixels where FEF says, by a coarse view of the whole or by a cue."""
    glances = ask == "glance"
    sense = {"shape": [1, _FIELD, _FIELD], "channel": "retina"} if glances else {"shape": [4]}
    # A cue has four units that say anything, a view many: each of them has to say more.
    pace = 1.0 if glances else 6.0
    areas = {
        "FEF": {"kind": "linear", "size": _PLACES**2, "act": "none", "init": {"kind": "zeros"}, "lr_scale": pace},
        "look": {"kind": "attention", "parts": "retina", "control": "FEF", "glimpse": _SIDE, "stride": _STRIDE},
    }
    organism = _seeing("look", {ask: sense}, areas=areas, ways=[(ask, "FEF"), ("FEF", "look"), ("retina", "look")])
    credit: dict[str, Any] = (
        {"looking": {"kind": "policy_gradient", "at": "look", "answer": "head"}} if credited else {}
    )
    return _grown(organism, updates, [_COARSE | {"sense": "glance"}] if glances else [], **credit)


def glimpse(quick: bool) -> Iterator[Figure]:
    """A quarter of the pixels beside all of them; and the quarter anywhere, in the middle, or a coarse view alone."""
    updates, few = _UPDATES, 3 if quick else lives.LIVES
    looking, anywhere = _looking(updates), _looking(updates, credited=False)
    found, whole = _right(looking), _right(_grown(_seeing("retina", {}), updates, []))
    yield from lives.figures("glimpse", found, "share", None, "named by what is in the window")
    yield from lives.figures("whole", whole, "share", None, "named by the whole field, the same organism")
    share = [one / other for one, other in zip(found, whole, strict=True)]
    yield from lives.figures("of_whole", share, "1", ">= 0.95")
    yield from lives.figures("on_it", _held(looking), "share", ">= 0.7", "windows that hold the middle of the shape")
    yield from lives.figures("control_on_it", _held(anywhere), "share", "<= 0.5", "the choice is not credited")
    middle, coarse = (_grown(_seeing("retina", {}), updates, through, few) for through in (_SHUT, [_COARSE]))
    for name, others, peer in (
        ("random", _right(anywhere), "the choice is not credited: windows anywhere"),
        ("middle", _right(middle), "the middle quarter, always"),
        ("coarse", _right(coarse), "the coarse view alone"),
    ):
        yield from lives.figures(f"control_{name}", others, "share", None, peer)
        above = [one - other for one, other in zip(found, others, strict=False)]
        yield from lives.figures(f"above_{name}", above, "share", ">= 0.05")


def cue(quick: bool) -> Iterator[Figure]:
    """Posner's task: FEF hears a cue alone, which names the right quarter of the field in four of five trials."""
    updates = _UPDATES
    for name, life, bounds, peer in (
        ("cued", _looking(updates, "cue"), ">= 0.05", "right where the cue is valid, less where it is not"),
        ("control_uncued", _looking(updates), "within -0.05 0.05", "FEF sees from afar, and hears no cue"),
        ("control_unled", _looking(updates, credited=False), "within -0.05 0.05", "windows anywhere"),
    ):
        yield from lives.figures(name, _effect(life), "share", bounds, peer)


def _right(life: lives.Grown) -> list[float]:
    """Share of shapes that are named."""
    return _by_life(_named(life.seen("exam")).mean(dim=(1, 2)))


def _held(life: lives.Grown) -> list[float]:
    """Share of the windows that the middle of the shape is in."""
    moment = life.seen("exam")
    _, chosen = moment.choice("look")
    pixel = (moment.batch.factors["place"] + 1.0) * (0.5 * _FIELD)
    first = _STRIDE * torch.stack([chosen % _PLACES, chosen // _PLACES], dim=-1)
    inside = ((pixel >= first) & (pixel < first + _SIDE)).all(dim=-1)
    return _by_life(inside.double().mean(dim=(1, 2)))


def _effect(life: lives.Grown) -> list[float]:
    """Share of right answers where the cue is valid, less that where it is not."""
    moment = life.seen("exam", 2000)
    right, valid = _named(moment), moment.batch.factors["valid"].double()
    there, elsewhere = ((right * each).sum(dim=(1, 2)) / each.sum(dim=(1, 2)) for each in (valid, 1.0 - valid))
    return _by_life(there - elsewhere)


def _named(moment: Moment) -> Tensor:
    """1 for each item (N, B, 1) that is named, else 0."""
    assert moment.batch.label is not None
    return (moment.rate["head"].argmax(dim=-1) == moment.batch.label).to(torch.float64)


def _by_life(value_N: Tensor) -> list[float]:
    told: list[float] = value_N.tolist()
    return told
