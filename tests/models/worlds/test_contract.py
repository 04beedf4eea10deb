"""What every world must do."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.specs.worlds.sources import SourceSpec, facts
from models.worlds import build_world

SOURCES: list[tuple[dict[str, Any], int]] = [
    ({"kind": "digits"}, 1),
    ({"kind": "mnist1d"}, 1),
    ({"kind": "moving_shapes", "frame": 15}, 5),
    ({"kind": "moving_shapes", "frame": 8, "clutter": 3, "jump": 0.3, "speed": 0.4}, 5),
]
each_source = pytest.mark.parametrize(("options", "steps"), SOURCES, ids=["digits", "mnist1d", "shapes", "jumps"])
SEEDS = torch.tensor([7, 2**33 + 1, 9])
INDEX = torch.tensor([[0, 5, 9, 3, 150, 5, 1], [0, 1, 2, 3, 4, 5, 6], [9, 9, 8, 8, 7, 7, 199]])


def built(options: dict[str, Any], steps: int, split: str = "train") -> Any:
    return build_world(TypeAdapter(SourceSpec).validate_python(options), split, steps)


@each_source
def test_an_item_is_the_same_in_every_cohort_slot_batch_and_order_of_calls(options: dict[str, Any], steps: int) -> None:
    world = built(options, steps)
    senses, label, factors = world.sample(SEEDS, INDEX)
    for life in (2, 0, 1):
        for part in (slice(3, 7), slice(0, 1)):
            alone, named, told = world.sample(SEEDS[life : life + 1], INDEX[life : life + 1, part])
            assert torch.equal(named[0], label[life, part])
            assert all(torch.equal(alone[name][0], senses[name][life, part]) for name in senses)
            assert all(torch.equal(told[name][0], factors[name][life, part]) for name in factors)


@each_source
def test_what_is_shown_is_what_the_facts_promise(options: dict[str, Any], steps: int) -> None:
    known = facts(TypeAdapter(SourceSpec).validate_python(options))
    world = built(options, steps)
    senses, label, factors = world.sample(SEEDS, INDEX)
    assert {name: tuple(x.shape) for name, x in senses.items()} == {
        name: (3, 7, steps, *shape) for name, shape in known.channels.items()
    }
    assert all(x.dtype == torch.float32 and bool(x.isfinite().all()) for x in senses.values())
    assert label.shape == (3, 7, steps)
    assert label.dtype == torch.int64
    assert 0 <= int(label.min()) <= int(label.max()) < known.classes
    assert {name: tuple(x.shape[3:]) for name, x in factors.items()} == {
        name: (factor.width,) if factor.width > 1 else () for name, factor in known.factors.items()
    }
    storages = {x.untyped_storage().data_ptr() for x in factors.values()} | {label.untyped_storage().data_ptr()}
    assert not storages & {x.untyped_storage().data_ptr() for x in senses.values()}
    for split in ("train", "valid", "test"):
        assert built(options, steps, split).size == (known.sizes and known.sizes[split])


@each_source
def test_splits_share_no_item(options: dict[str, Any], steps: int) -> None:
    shown = []
    for split in ("train", "valid", "test"):
        world = built(options, steps, split)
        size = world.size or 300
        senses, _, _ = world.sample(torch.zeros(1, dtype=torch.int64), torch.arange(size)[None])
        shown += [item.numpy().tobytes() for item in next(iter(senses.values()))[0]]
    assert len(set(shown)) == len(shown)


@each_source
def test_lives_share_finite_worlds_and_have_endless_ones_to_themselves(options: dict[str, Any], steps: int) -> None:
    world = built(options, steps)
    senses, _, _ = world.sample(torch.tensor([1, 2]), torch.arange(6).expand(2, 6))
    x = next(iter(senses.values()))
    assert torch.equal(x[0], x[1]) is (world.size is not None)


@each_source
def test_resident_data_are_made_once(options: dict[str, Any], steps: int) -> None:
    first, second = built(options, steps), built(options, steps)
    for name, tensor in vars(first).items():
        if isinstance(tensor, torch.Tensor) and name == "_label":
            assert tensor.untyped_storage().data_ptr() == vars(second)[name].untyped_storage().data_ptr()
