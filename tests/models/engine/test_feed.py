"""Which items lives are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from raising import IMAGE

from models.engine.feed import Feed, Stream
from models.errors import Refused
from models.specs.organism import OrganismSpec
from models.specs.worlds import WorldSpec

SENSES = OrganismSpec.model_validate(
    {"senses": IMAGE, "areas": {"a": {"kind": "linear", "size": 1}}, "pathways": [{"from": "retina", "to": "a"}]},
    strict=False,
).senses


def stream(**world: Any) -> Stream:
    return Stream(WorldSpec.model_validate({"source": "digits"} | world, strict=False), SENSES, {})


def indices(source: Stream, seeds: list[int], shown: list[int], batch: int) -> torch.Tensor:
    return Feed(source, seeds, batch).next(np.array(shown, dtype=np.int64), {})[0].index_NB


def test_a_pass_shows_every_item_once_and_the_next_in_another_order() -> None:
    source = stream(size=50)
    two = indices(source, [1, 2], [0, 0], 100)
    assert sorted(two[0, :50].tolist()) == sorted(two[1, 50:].tolist()) == source.subset(torch.tensor([1]))[0].tolist()
    assert two[0, :50].tolist() != two[0, 50:].tolist()
    assert two[0].tolist() != two[1].tolist()


def test_batches_straddle_passes_and_depend_on_position_alone() -> None:
    source, feed = stream(size=50), None
    whole = indices(source, [1, 2], [0, 0], 140)
    feed = Feed(source, [1, 2], 7)
    for start in range(0, 140, 7):
        part = feed.next(np.array([start, start], dtype=np.int64), {})[0].index_NB
        assert torch.equal(part, whole[:, start : start + 7])
    assert torch.equal(indices(source, [2, 1], [49, 3], 7)[0], whole[1, 49:56])


def test_the_given_order_is_the_same_at_every_pass() -> None:
    shown = indices(stream(size=5, order="given"), [1, 2], [0, 0], 10)
    assert torch.equal(shown[:, :5], shown[:, 5:])
    assert torch.equal(shown[0], shown[1])


def test_a_smaller_world_is_part_of_a_larger_and_per_life_worlds_differ() -> None:
    seeds = torch.tensor([1, 2])
    small, large = (set(stream(size=size).subset(seeds)[0].tolist()) for size in (30, 60))
    assert small < large
    own = stream(size=30, draw="per_life").subset(seeds)
    assert own[0].tolist() != own[1].tolist()
    assert torch.equal(stream(size=30).subset(seeds)[0], stream(size=30).subset(seeds)[1])


def test_a_sense_that_no_channel_fits_is_refused() -> None:
    with pytest.raises(Refused, match="E14"):
        Stream(WorldSpec.model_validate({"source": "mnist1d"}, strict=False), SENSES, {})


def test_an_endless_world_shows_presentation_after_presentation() -> None:
    spec = WorldSpec.model_validate({"source": {"kind": "moving_shapes", "frame": 8}}, strict=False)
    source = Stream(spec, {"retina": SENSES["retina"]}, {})
    first = Feed(source, [1, 2], 4).next(np.array([0, 6], dtype=np.int64), {})[0]
    second = Feed(source, [2], 2).next(np.array([8], dtype=np.int64), {})[0]
    assert first.index_NB.tolist() == [[0, 1, 2, 3], [6, 7, 8, 9]]
    assert torch.equal(first.senses["retina"][1, 2:], second.senses["retina"][0])
