"""What every world must do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from showing import CASES, SPLITS, built, source_of

from models.protocols import LATER, Shown
from models.specs import catalogue
from models.specs.worlds import WorldSpec
from models.specs.worlds.sources import SourceSpec
from models.worlds import tiles

Case = tuple[dict[str, Any], int]
FEW = {"hierarchy", "bars", "match", "sines", "chain", "counting", "bandit", "FrozenLake-v1"}
"""Sources of so few different items that splits share some."""

SEEDS = torch.tensor([7, 2**33 + 1, 9])
INDEX = torch.tensor([[0, 5, 9, 3, 30, 5, 1], [0, 1, 2, 3, 4, 5, 6], [9, 9, 8, 8, 7, 7, 29]])


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """Options and steps of one source."""
    return CASES[request.param]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Every test renders what it looks at."""
    tiles._kept.clear()
    yield
    tiles._kept.clear()


def tensors(shown: Shown) -> dict[str, torch.Tensor]:
    channels, label, factors = shown
    told = {} if label is None else {"label": label}
    return (
        {f"channel {name}": x for name, x in channels.items()} | told | {f"factor {n}": x for n, x in factors.items()}
    )


def test_every_source_is_under_this_contract() -> None:
    assert {options["kind"] for options, _ in CASES.values()} == {
        catalogue.kind_of(spec) for spec in catalogue.members(SourceSpec)
    }


def test_an_item_is_the_same_in_every_cohort_slot_batch_and_order_of_calls(case: Case) -> None:
    index = INDEX % (built(*case).size or 1000)
    whole = tensors(built(*case).sample(SEEDS, index))
    for life in (2, 0, 1):
        for part in (slice(3, 7), slice(0, 1)):
            tiles._kept.clear()
            alone = tensors(built(*case).sample(SEEDS[life : life + 1], index[life : life + 1, part]))
            assert alone.keys() == whole.keys()
            assert all(torch.equal(alone[name][0], whole[name][life, part]) for name in whole)
    again = tensors(built(*case).sample(SEEDS.flip(0), index.flip(0).flip(1)))
    assert all(torch.equal(again[name].flip(0).flip(1), whole[name]) for name in whole)


def test_what_is_shown_is_what_the_facts_promise(case: Case) -> None:
    known, steps = source_of(case[0]).facts(), case[1]
    channels, label, factors = built(*case).sample(SEEDS, INDEX % (built(*case).size or 1000))
    assert {name: tuple(x.shape) for name, x in channels.items()} == {
        name: (3, 7, steps, *shape) for name, shape in known.channels.items()
    }
    assert all(x.dtype == torch.float32 and bool(x.isfinite().all()) for x in channels.values())
    assert (label is None) is (known.label is None)
    promised = dict(known.factors) | ({"label": known.label} if known.label else {})
    told = factors | ({} if label is None else {"label": label})
    assert told.keys() == promised.keys()
    for name, factor in promised.items():
        each = told[name]
        assert tuple(each.shape) == (3, 7, steps, *([factor.width] if factor.width > 1 else []))
        if factor.classes is not None:
            assert each.dtype == torch.int64
            assert 0 <= int(each.min()) <= int(each.max()) < factor.classes
        else:
            assert each.dtype == torch.float32
            assert bool(each.isfinite().all())
        if factor.role == "difficulty":
            assert 0.0 <= float(each.min()) <= float(each.max()) <= 1.0
        if factor.law:
            torch.testing.assert_close(each.sum(dim=-1), torch.ones(each.shape[:-1]))
    assert known.min_steps <= steps <= known.max_steps
    for split in SPLITS:
        assert built(*case, split).size == (known.sizes and known.sizes[split])


def test_no_truth_shares_its_memory_with_what_is_shown(case: Case) -> None:
    channels, label, factors = built(*case).sample(SEEDS, INDEX % (built(*case).size or 1000))
    told = [*factors.values(), *([] if label is None else [label])]
    assert not {x.untyped_storage().data_ptr() for x in told} & {
        x.untyped_storage().data_ptr() for x in channels.values()
    }


def test_splits_share_no_item(case: Case) -> None:
    if {case[0].get(name) for name in ("kind", "task", "env")} & FEW:
        return
    shown = []
    for split in SPLITS:
        world = built(*case, split)
        count = min(world.size or 60, 60)
        channels, _, _ = world.sample(torch.zeros(1, dtype=torch.int64), torch.arange(count)[None])
        shown += [b"".join(x[0, item].numpy().tobytes() for x in channels.values()) for item in range(count)]
    assert len(set(shown)) == len(shown)


def test_lives_share_what_belongs_to_the_world_and_have_the_rest_to_themselves(case: Case) -> None:
    first, second = (tensors(built(*case).sample(torch.tensor([seed]), torch.arange(6)[None])) for seed in (1, 2))
    same = all(torch.equal(first[name], second[name]) for name in first if name.startswith("channel"))
    assert same is WorldSpec(source=source_of(case[0])).shared  # type: ignore[arg-type]


def test_scenes_go_on_where_an_item_ends(case: Case) -> None:
    options, steps = case
    known = source_of(options).facts()
    if known.max_steps < 2 * steps or options.get("shuffle", "none") != "none" or known.actions is not None:
        return
    index = torch.tensor([[0, 3, 8]])
    long = tensors(built(options, 2 * steps).sample(SEEDS[:1], index + LATER))
    for window in (0, 1):
        part = tensors(built(options, steps).sample(SEEDS[:1], index + (1 + window) * LATER))
        assert all(torch.equal(part[name], long[name][:, :, window * steps :][:, :, :steps]) for name in part)
