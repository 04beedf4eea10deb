"""Two eyes see one item; neither is favoured."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from showing import items

OF = {"kind": "digits"}


def seen(**options: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Both eyes' images less the item, and which eye sees nothing of it."""
    eyes, label, _ = items({"kind": "two_eyes", "of": OF} | options, 1200)
    plain, digit, _ = items(OF, 1200)
    assert label is not None
    assert digit is not None
    assert torch.equal(label, digit)
    both = torch.stack([eyes["left"], eyes["right"]])[:, 0]
    return both - plain["image"][0], both, plain["image"][0]


def test_noise_is_each_eyes_own() -> None:
    noise, _, _ = seen(blink=0.0)
    assert noise.mean().item() == pytest.approx(0.0, abs=0.005)
    assert noise.std().item() == pytest.approx(0.25, rel=0.02)
    assert abs(torch.corrcoef(noise.flatten(1))[0, 1].item()) < 0.02


def test_each_eye_alone_is_shut_a_quarter_of_the_time() -> None:
    _, both, item = seen(noise=0.0)
    shut = (both == 0).flatten(2).all(dim=2)
    assert not shut.all(dim=0).any()
    for eye in (0, 1):
        assert shut[eye].float().mean().item() == pytest.approx(0.25, abs=0.04)
        assert torch.equal(both[eye][~shut[eye]], item[~shut[eye]])


def test_an_endless_world_keeps_its_lives_apart() -> None:
    options = {"kind": "two_eyes", "of": {"kind": "noisy_disks", "frame": 8}}
    first, second = (items(options, 5, seed=seed)[0]["left"] for seed in (1, 2))
    assert not torch.equal(first, second)
