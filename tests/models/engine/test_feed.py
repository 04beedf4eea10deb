"""Which items lives are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from raising import IMAGE

from models.engine.feed import Feed, Stream
from models.errors import Refused
from models.specs.organism import OrganismSpec, SenseSpec
from models.specs.transforms.senses import DropSenseSpec, OccludeSpec
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


def test_lives_meet_the_items_of_an_endless_shared_world_by_position_alone() -> None:
    spec = WorldSpec.model_validate({"source": {"kind": "moving_shapes", "frame": 8}}, strict=False)
    source = Stream(spec, {"retina": SENSES["retina"]}, {})
    first = Feed(source, [1, 2], 4).next(np.array([0, 6], dtype=np.int64), {})[0]
    second = Feed(source, [2], 2).next(np.array([8], dtype=np.int64), {})[0]
    assert first.index_NB.max() < 4096
    assert first.index_NB[0].tolist() != first.index_NB[1].tolist()
    assert torch.equal(first.index_NB[1, 2:], second.index_NB[0])
    assert torch.equal(first.senses["retina"][1, 2:], second.senses["retina"][0])


def test_an_endless_world_of_a_given_size_shows_its_first_items_in_passes() -> None:
    clips = {"source": {"kind": "moving_shapes", "frame": 8}}
    eye = {"retina": SENSES["retina"]}
    spec = {"source": clips["source"], "size": 5}
    both = Stream(WorldSpec.model_validate(spec, strict=False), eye, {})
    items = Feed(both, [1, 2], 10).next(np.zeros(2, dtype=np.int64), {})[0].index_NB
    assert items[:, :5].sort(dim=1).values.tolist() == [[0, 1, 2, 3, 4]] * 2
    own = Stream(WorldSpec.model_validate(spec | {"draw": "per_life"}, strict=False), eye, {})
    items = Feed(own, [1, 2], 5).next(np.zeros(2, dtype=np.int64), {})[0].index_NB
    assert not set(items[0].tolist()) & set(items[1].tolist())


def test_frozen_normalisation_knows_clean_training_items_only() -> None:
    plain, frozen = stream(split="test"), stream(split="test", normalise="frozen")
    seeds, item, all_items = torch.tensor([1]), torch.arange(50)[None], torch.arange(1200)[None]
    x, z = (each.show(seeds, item, each.draw(seeds, item)).senses["retina"] for each in (plain, frozen))
    train = stream().show(seeds, all_items, plain.draw(seeds, all_items)).senses["retina"]
    torch.testing.assert_close(z, (x - train.mean()) / train.std(correction=0), atol=1e-5, rtol=1e-5)


def test_a_centred_world_has_its_mean_image_taken_off_and_its_units_kept() -> None:
    plain, centred = stream(split="test"), stream(split="test", normalise="centred")
    seeds, item, all_items = torch.tensor([1]), torch.arange(50)[None], torch.arange(1200)[None]
    x, z = (each.show(seeds, item, each.draw(seeds, item)).senses["retina"] for each in (plain, centred))
    train = stream().show(seeds, all_items, plain.draw(seeds, all_items)).senses["retina"]
    torch.testing.assert_close(z, x - train.mean(dim=1, keepdim=True), atol=1e-6, rtol=1e-5)
    clips = {"source": {"kind": "moving_shapes", "frame": 8}, "steps": 3, "normalise": "centred"}
    moving = Stream(WorldSpec.model_validate(clips, strict=False), {"retina": SENSES["retina"]}, {})
    many = torch.arange(4096)[None]
    seen = moving.show(torch.zeros(1, dtype=torch.int64), many, moving.draw(torch.zeros(1, dtype=torch.int64), many))
    assert float(seen.senses["retina"].mean(dim=(0, 1, 2)).abs().max()) < 1e-5


def test_a_deficit_is_not_normalised_away() -> None:
    fogged = Stream(
        WorldSpec.model_validate({"source": "digits", "normalise": "frozen"}, strict=False),
        SENSES,
        {"fog": OccludeSpec(kind="occlude", region="centre", share=1.0, fill=0.0)},
    )
    seeds, item = torch.tensor([1]), torch.arange(20)[None]
    seen = fogged.show(seeds, item, fogged.draw(seeds, item), {"fog": torch.ones(1)}).senses["retina"]
    assert seen.min() == seen.max()
    assert seen.min().item() == pytest.approx(-0.305 / 0.376, abs=0.02)


def test_a_field_that_came_later_leaves_the_bytes_of_documents_as_they_were() -> None:
    plain = WorldSpec.model_validate({"source": "digits"}, strict=False)
    assert "normalise" not in plain.model_dump(mode="json")
    frozen = WorldSpec.model_validate({"source": "digits", "normalise": "frozen"}, strict=False)
    assert frozen.model_dump(mode="json")["normalise"] == "frozen"
    assert WorldSpec.model_validate_json(frozen.model_dump_json()) == frozen


def test_a_deficit_of_a_sense_finds_it_whatever_channel_feeds_it() -> None:
    eyes = {name: SenseSpec(shape=(1, 8, 8)) for name in ("left", "right")}
    world = WorldSpec.model_validate({"source": "digits"})
    source = Stream(world, eyes, {"deaf": DropSenseSpec(kind="drop_sense", sense="left")})
    seeds, items = torch.zeros(1, dtype=torch.int64), torch.arange(5)[None]
    batch = source.show(seeds, items, source.draw(seeds, items), {"deaf": torch.ones(1)})
    assert batch.senses["left"].abs().max().item() == 0.0
    assert batch.senses["right"].abs().max().item() > 0.0
