"""Time in streams: which part of a scene an item is, and draws that are new at every step of it."""

from __future__ import annotations

import torch

from models.draw import Draw
from models.protocols import LATER
from models.worlds.clips import moments, scene_and_time, step_by_step

DRAW = Draw(torch.zeros(1, dtype=torch.int64), address=5)


def test_windows_of_a_scene_follow_one_another() -> None:
    index = torch.tensor([[7, 7 + LATER, 7 + 2 * LATER, 7 + 3 * LATER]])
    scene, time = scene_and_time(index, 3)
    assert scene.tolist() == [[7] * 4]
    # an item that is no window is the first one
    assert time.tolist() == [[[0, 1, 2], [0, 1, 2], [3, 4, 5], [6, 7, 8]]]


def test_an_item_that_is_no_window_is_of_any_moment_and_windows_begin_at_the_first() -> None:
    index = torch.arange(700)[None]
    begins = moments(index, 10, 16, DRAW)[1][0, :, 0]
    # ten of sixteen steps: seven places to begin, each as likely
    assert len(torch.bincount(begins)) == 7
    assert torch.bincount(begins).min().item() > 70
    assert not moments(index + LATER, 10, 16, DRAW)[1][0, :, 0].any()


def test_no_step_of_a_scene_draws_what_another_does() -> None:
    scene, time = torch.arange(20)[None], torch.arange(64).expand(1, 20, 64)
    assert len(step_by_step(DRAW, scene, time).bits(1).unique()) == 20 * 64
