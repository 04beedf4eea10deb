"""Areas that keep what they meet: what they give back of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch.nn import functional

from benchmarks.catalogue.costs import lives
from benchmarks.catalogue.table import Entry, Figure, entry
from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Batch, Moment, Params, Pass, Remembers, Variation
from models.specs.areas import AreaSpec
from models.specs.document import read

_EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "areas" / "salience_store.yaml"
_DRAW = Draw(torch.arange(lives.LIVES)).at("benchmark", "memories")


class Keeper:
    """An area alone, with what it keeps of patterns."""

    def __init__(self, **spec: Any) -> None:
        given, size = TypeAdapter(AreaSpec).validate_python(spec), spec["size"]
        self._area = build_area("kept", given, {"eye": (size,)}, (size,))
        self._own: Params = getattr(self._area, "contents")(_DRAW)  # noqa: B009 - of areas that hold something
        self._met = 0

    def meet(self, pattern_NBU: Tensor, **told: Tensor) -> None:
        """Patterns in one update, at plasticity 1, and what is true of each, (N, B, 1)."""
        seen = pattern_NBU[:, :, None]
        index = self._met + torch.arange(seen.shape[1]).expand(len(seen), -1)
        self._met += seen.shape[1]
        batch = Batch({}, None, told, index)
        rates, pace = {"kept": self._answer(seen)}, {"kept": torch.ones(len(seen))}
        inputs = {"kept": {"eye": seen}}
        moment = Moment(batch, rates, {}, self._own, _DRAW.indexed(index), inputs, lambda *_: seen, pace=pace)
        assert isinstance(self._area, Remembers)
        self._own |= self._area.remember(moment)

    def give(self, cue_NBU: Tensor) -> Tensor:
        """What it answers (N, B, U)."""
        return self._answer(cue_NBU[:, :, None])[:, :, 0]

    def _answer(self, seen: Tensor) -> Tensor:
        return self._area.apply({"eye": seen}, self._area.start(seen), Pass({}, Exact(), self._own))[0]


def _hopfield(quick: bool) -> Iterator[Figure]:
    def overlap(load: float, turned: float, sweeps: int = 20) -> list[float]:
        shape = (round(300 * load), 300)
        pattern = torch.where(_DRAW.at("hopfield", "pattern").uniform(*shape) < 0.5, -1.0, 1.0)
        wrong = _DRAW.at("hopfield", "turned").uniform(*shape) < turned
        area = Keeper(kind="hopfield", size=300, sweeps=sweeps)
        area.meet(pattern)
        given = area.give(torch.where(wrong, -pattern, pattern))
        told: list[float] = (given * pattern).mean(dim=(1, 2)).tolist()
        return told

    yield from lives.figures("load_05", overlap(0.05, 0.1), "overlap", ">= 0.99", "cue: 0.8")
    yield from lives.figures("load_10", overlap(0.10, 0.1), "overlap", ">= 0.99", "cue: 0.8")
    yield from lives.figures("control", overlap(0.20, 0.1), "overlap", "<= 0.75", "load 0.20, above the capacity 0.138")
    yield from lives.figures("faint", overlap(0.05, 0.3), "overlap", ">= 0.97", "cue: 0.4")
    once = overlap(0.05, 0.3, sweeps=1)
    yield from lives.figures("faint_control", once, "overlap", "<= 0.95", "linear: the same weights, once")


DAY = {"source": {"kind": "linear_map", "d": 64}, "size": 200, "draw": "per_life"}


def _memory(quick: bool) -> Iterator[Figure]:
    """Two hundred things met once, then the left half of each."""
    plain = {"hidden": {"kind": "linear", "size": 100, "act": "tanh"}, "CA3": {"kind": "linear", "size": 64}}
    for name, areas, cost, bounds, peer in (
        ("right", {"CA3": {"kind": "memory", "size": 64, "slots": 200}}, {}, ">= 0.95", "chance 1 / 200"),
        ("control", plain, {"rebuild": 1.0}, "<= 0.2", "linear, as many weights, by gradient, as often"),
    ):
        areas["CA3"] |= {"act": "none"}
        order = ["eye", *areas]
        life = lives.grown(
            {
                "clock": {"batch": 20},
                "organism": {
                    "senses": {"eye": {"shape": [64]}},
                    "areas": areas,
                    "pathways": [{"from": one, "to": other} for one, other in pairwise(order)],
                    "optimizer": {"kind": "adam", "lr": 0.005},
                },
                "worlds": {"day": DAY},
                "costs": {"rebuild": {"kind": "mse", "at": "CA3", "target": "input"}} if cost else {},
                "stages": [{"name": "day", "world": "day", "costs": cost, "until": {"after": "1ep"}}],
            }
        )
        thing = life.seen("day", 200)
        half = torch.cat([thing.rate["eye"][..., :32], torch.zeros(lives.LIVES, 200, 1, 32)], dim=-1)
        found = thing.again(Variation(senses={"eye": half})).rate["CA3"]
        told, true = (functional.normalize(each[:, :, 0, 32:], dim=-1) for each in (found, thing.rate["eye"]))
        right = torch.bmm(told, true.mT).argmax(dim=2) == torch.arange(200)
        yield from lives.figures(name, right.double().mean(dim=1).tolist(), "share", bounds, peer)


def _salience_store(quick: bool) -> Iterator[Figure]:
    """A thousand things, one in ten rewarded, and room for a hundred: the rewarded, by the left half of each."""
    thing = _DRAW.at("salience_store", "things").normal(1000, 64)
    reward = (_DRAW.at("salience_store", "reward").uniform(1000, 1) < 0.1).float()
    half = torch.cat([thing[..., :32], torch.zeros_like(thing[..., 32:])], dim=-1)
    room = {"size": 64, "slots": 100}
    for name, spec, bounds, peer in (
        ("rewarded", {"kind": "salience_store", **room}, ">= 0.8", None),
        ("untold", {"kind": "salience_store", **room, "surprise": 0.0, "threshold": 2.2}, "<= 0.2", "one in ten kept"),
        ("control", {"kind": "memory", **room}, "<= 0.2", "memory, as many slots"),
    ):
        area = Keeper(**spec)
        for start in range(0, 1000, 20):
            part = slice(start, start + 20)
            area.meet(thing[:, part], reward=reward[:, part])
        told, true = (functional.normalize(each[..., 32:], dim=-1) for each in (area.give(half), thing))
        right = (torch.bmm(told, true.mT).argmax(dim=2) == torch.arange(1000)).double()
        mattered = reward[..., 0].double()
        found = (right * mattered).sum(dim=1) / mattered.sum(dim=1)
        yield from lives.figures(name, found.tolist(), "share", bounds, peer)


def _rooms(quick: bool) -> Iterator[Figure]:
    """The example, four rooms in one place of which something is to be had: how near to it what is kept lies."""
    document = dict(read(_EXAMPLE.read_bytes()).data)
    store = document["organism"]["areas"]["CA3"]
    plain = {"kind": "memory", **{name: store[name] for name in ("size", "slots")}}
    for name, area, bounds, peer in (
        ("near", store, ">= 0.9", "of what is kept, at most 2 steps away"),
        ("near_control", plain, "<= 0.3", "memory, as many slots"),
    ):
        life = lives.grown({**document, "organism": {**document["organism"], "areas": {"CA3": area}}})
        told = life.seen("rooms", 300).batch.factors
        distance = torch.zeros(store["size"]).index_put_((told["place"].flatten(),), told["distance"].flatten())
        slots = life.weight("kept/CA3/slots")
        used = (slots != 0).any(dim=2)
        near = (distance[slots.argmax(dim=2)] <= 2) & used
        yield from lives.figures(name, (near.sum(dim=1) / used.sum(dim=1)).tolist(), "share", bounds, peer)


ENTRIES: tuple[Entry, ...] = (
    entry("hopfield", _hopfield),
    entry("memory", _memory),
    entry("salience_store", _salience_store, _rooms),
)
