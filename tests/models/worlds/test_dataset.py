"""Data sets of the operator: pixels as shares of full intensity, labels as they are."""

from __future__ import annotations

import torch
from showing import built

from models.worlds.dataset import _label


def test_pixels_are_shares_of_full_intensity() -> None:
    world = built({"kind": "dataset", "name": "tiny"})
    assert world.size is not None
    image = world.sample(torch.tensor([0]), torch.arange(world.size)[None])[0]["image"]
    # random bytes: some are 0 and some are 255
    assert (image.min().item(), image.max().item()) == (0.0, 1.0)
    torch.testing.assert_close(image * 255.0, (image * 255.0).round())


def test_one_number_an_item_is_no_row_and_two_are() -> None:
    assert _label(torch.tensor([[1.5], [2.5]])).tolist() == [1.5, 2.5]
    assert _label(torch.tensor([[1.5, 0.0], [2.5, 0.0]])).shape == (2, 2)
    assert _label(torch.tensor([3, 4])).tolist() == [3, 4]
