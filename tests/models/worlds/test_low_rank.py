"""Tables of low rank: by hand, every entry once, and what rank says of the others."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from showing import items

from models.specs.worlds.linear import LowRankSpec
from models.worlds import low_rank

SMALL: dict[str, Any] = {"kind": "low_rank", "rows": 9, "columns": 7, "rank": 3, "seen": 40}


def test_the_matrix_is_of_its_rank_with_one_size_in_every_direction() -> None:
    found = low_rank.matrix(LowRankSpec(**SMALL)).double()
    size = math.sqrt(9 * 7 / 3)
    assert torch.linalg.svdvals(found).tolist() == pytest.approx([size] * 3 + [0.0] * 4, abs=1e-5)
    assert found.square().mean().item() == pytest.approx(1.0, abs=1e-6)
    assert not torch.equal(found, low_rank.matrix(LowRankSpec(**SMALL | {"seed": 1})).double())


def test_a_matrix_of_rank_one_is_a_product_of_two_rows_of_numbers() -> None:
    found = low_rank.matrix(LowRankSpec(**SMALL | {"rank": 1}))
    torch.testing.assert_close(found * found[0, 0], found[:, :1] * found[:1], rtol=1e-4, atol=1e-5)


def test_every_entry_is_in_one_split_once_and_says_where_it_stands() -> None:
    whole = low_rank.matrix(LowRankSpec(**SMALL))
    met = torch.zeros(9, 7)
    for split, size in (("train", 40), ("valid", 11), ("test", 12)):
        channels, label, factors = items(SMALL, size, split=split)
        i, j = factors["i"][0, :, 0], factors["j"][0, :, 0]
        assert label is not None
        assert torch.equal(label[0, :, 0], whole[i, j])
        assert torch.equal(channels["row"][0, :, 0], torch.eye(9)[i])
        assert torch.equal(channels["column"][0, :, 0], torch.eye(7)[j])
        met[i, j] += 1
    assert torch.equal(met, torch.ones(9, 7))


@pytest.mark.parametrize("change", [{"rank": 8}, {"seen": 62}])
def test_what_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=r"rank of its shorter side|left to be filled in"):
        LowRankSpec(**SMALL | change)
