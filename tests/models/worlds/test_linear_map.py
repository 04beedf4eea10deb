"""Linear maps: their modes are those that were asked for."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from showing import items

from models.specs.worlds.linear import LinearMapSpec
from models.worlds import linear_map

STRENGTHS = [6.0, 4.0, 3.0, 2.0, 1.2, 0.7]


def test_singular_values_of_what_is_shown_are_those_of_the_document() -> None:
    channels, label, _ = items({"kind": "linear_map"}, 400)
    assert label is not None
    x, y = channels["x"][0, :, 0].double(), label[0, :, 0].double()
    found = torch.linalg.svdvals(torch.linalg.lstsq(x, y).solution)
    assert found[:6].tolist() == pytest.approx(STRENGTHS, rel=1e-4)
    assert found[6:].max().item() < 1e-5
    assert x.square().mean().item() == pytest.approx(1.0, abs=0.05)


def test_modes_are_those_of_the_map() -> None:
    source = LinearMapSpec(kind="linear_map")
    found = linear_map.modes(source)
    for side in (found.left, found.right):
        torch.testing.assert_close(side.mT @ side, torch.eye(6), atol=1e-6, rtol=0)
    channels, label, factors = items({"kind": "linear_map"}, 50)
    assert label is not None
    along = channels["x"][0, :, 0] @ found.right * found.strength
    torch.testing.assert_close(along @ found.left.mT, label[0, :, 0], atol=1e-4, rtol=1e-4)
    assert torch.equal(along.abs().argmax(dim=1), factors["mode"][0, :, 0])


def test_a_basis_is_the_whole_distribution_in_one_batch() -> None:
    channels, label, _ = items({"kind": "linear_map", "inputs": "basis"}, 16)
    assert label is not None
    x, y = channels["x"][0, :, 0], label[0, :, 0]
    torch.testing.assert_close(x.mT @ x / 16, torch.eye(16))
    assert torch.linalg.svdvals(y.mT @ x / 16)[:6].tolist() == pytest.approx(STRENGTHS, rel=1e-4)


def test_in_one_dimension_the_map_is_its_singular_value() -> None:
    for seed in range(4):
        channels, label, _ = items({"kind": "linear_map", "d": 1, "s": [10.0], "fixed_input": True, "seed": seed}, 3)
        assert channels["x"].flatten().tolist() == [1.0] * 3
        assert label is not None
        assert label.flatten().tolist() == [10.0] * 3


def test_another_seed_is_another_map_for_all_splits() -> None:
    first, second = (linear_map.modes(LinearMapSpec(kind="linear_map", seed=seed)).left for seed in (0, 1))
    assert not torch.allclose(first, second)
    train, test = (items({"kind": "linear_map", "inputs": "basis"}, 16, split=split)[1] for split in ("train", "test"))
    assert train is not None
    assert test is not None
    assert torch.equal(train, test)


def test_more_modes_than_dimensions_are_refused() -> None:
    with pytest.raises(ValidationError, match="at most d singular values"):
        LinearMapSpec(kind="linear_map", d=2, s=(3.0, 2.0, 1.0))
    with pytest.raises(ValidationError, match="fixed or a basis"):
        LinearMapSpec(kind="linear_map", fixed_input=True, inputs="basis")
