"""Transforms of senses against each other and over time, by values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from models.draw import Draw
from models.engine.filters import Filter, Seen
from models.specs.transforms import TransformSpec

Apply = Callable[..., Tensor]


def both(left: Tensor, right: Tensor, strength: float = 1.0, **spec: Any) -> dict[str, Tensor]:
    """A transform of two senses that are fed by channels of their own."""
    shapes = {"left": tuple(left.shape[3:]), "right": tuple(right.shape[3:])}
    filter_ = Filter("test", TypeAdapter(TransformSpec).validate_python(spec), {name: name for name in shapes}, shapes)
    draw = Draw(torch.arange(len(left)), torch.arange(left.shape[1]).expand(left.shape[:2]))
    return dict(
        filter_(Seen({"left": left, "right": right}, None), None, torch.full((len(left),), strength), draw).senses
    )


def test_flip_at_strength_1_mirrors_every_item(apply: Apply) -> None:
    x = torch.arange(2 * 3 * 4.0).reshape(1, 2, 1, 1, 3, 4)
    assert torch.equal(apply(x, kind="flip", axis=-2), x.flip(-2))


def test_flip_takes_the_asked_share_of_items_whole(apply: Apply) -> None:
    x = torch.arange(1.0, 5.0).expand(1, 2000, 3, 4)
    mirrored = (apply(x, 0.25, kind="flip") == x.flip(-1)).all(-1)
    assert torch.equal(mirrored, mirrored[:, :, :1].expand_as(mirrored))
    assert mirrored[0, :, 0].float().mean().item() == pytest.approx(0.25, abs=0.03)


def test_a_mirrored_item_is_mirrored_in_both_eyes() -> None:
    x = torch.arange(1.0, 5.0).expand(1, 200, 1, 4)
    y = both(x, x, 0.5, kind="flip")
    assert torch.equal(y["left"], y["right"])
    assert 50 < (y["left"] != x).any(-1).sum().item() < 150


def test_a_closed_eye_sees_noise_alone_and_the_other_eye_everything() -> None:
    x = torch.full((1, 50, 1, 30, 30), 7.0)
    y = both(x, x, kind="eye", sense="left", noise=0.5)
    assert y["right"] is x
    assert y["left"].mean().item() == pytest.approx(0.0, abs=0.02)
    assert y["left"].std().item() == pytest.approx(0.5, rel=0.03)


def test_half_closed_an_eye_has_half_the_noise() -> None:
    x = torch.zeros(1, 50, 1, 30, 30)
    assert both(x, x, 0.5, kind="eye", sense="left", noise=0.5)["left"].std().item() == pytest.approx(0.25, rel=0.03)


def test_a_weak_eye_keeps_a_share_of_its_input() -> None:
    x = torch.tensor([2.0, 4.0]).reshape(1, 1, 1, 2)
    assert both(x, x, kind="eye", sense="left", gain=0.25, noise=0.0)["left"].flatten().tolist() == [0.5, 1.0]
    assert both(x, x, 0.5, kind="eye", sense="left", gain=0.25, noise=0.0)["left"].flatten().tolist() == [1.25, 2.5]


def test_a_dropped_sense_is_silent_even_where_it_was_infinite() -> None:
    x = torch.tensor([2.0, float("inf")]).reshape(1, 1, 1, 2)
    y = both(x, x, kind="drop_sense", sense="right")
    assert y["right"].flatten().tolist() == [0.0, 0.0]
    assert y["left"] is x
    assert both(x, x, 0.25, kind="drop_sense", sense="right")["right"].flatten().tolist() == [1.5, float("inf")]


def test_swapped_senses_receive_exactly_what_the_other_would() -> None:
    left, right = torch.randn(2, 1, 3, 2, 4, generator=torch.Generator().manual_seed(0))
    y = both(left, right, kind="swap_senses", senses=["right", "left"])
    assert torch.equal(y["left"], right)
    assert torch.equal(y["right"], left)
    half = both(left, right, 0.5, kind="swap_senses", senses=["right", "left"])
    torch.testing.assert_close(half["left"], (left + right) / 2)
    assert torch.equal(half["left"], half["right"])


def test_a_swap_needs_two_senses() -> None:
    with pytest.raises(ValidationError, match="two different senses"):
        TypeAdapter(TransformSpec).validate_python({"kind": "swap_senses", "senses": ["left", "left"]})


def test_shuffled_clips_keep_their_frames_and_lose_their_order_alike_in_both_senses() -> None:
    steps = torch.arange(8.0)
    x = steps.reshape(1, 1, 8, 1).expand(1, 500, 8, 3)
    y = both(x, 10.0 + x, 0.5, kind="shuffle_time")
    assert torch.equal(y["right"], 10.0 + y["left"])
    assert torch.equal(y["left"].sort(dim=2).values, x)
    assert torch.equal(y["left"], y["left"][..., :1].expand_as(x))
    moved = (y["left"] != x).any(-1).any(-1)
    assert moved.float().mean().item() == pytest.approx(0.5, abs=0.07)
    order = y["left"][0, moved[0], :, 0]
    assert torch.corrcoef(torch.stack([order[:, :-1].flatten(), order[:, 1:].flatten()]))[0, 1].item() < 0.0
    assert order.mean(0).tolist() == pytest.approx([3.5] * 8, abs=0.6)


def test_which_clips_are_shuffled_says_nothing_of_their_order() -> None:
    x = torch.arange(8.0).reshape(1, 1, 8, 1).expand(1, 8000, 8, 1)
    order = both(x, x, 0.25, kind="shuffle_time")["left"][0, :, :, 0]
    moved = order[(order != torch.arange(8.0)).any(dim=1)]
    first = torch.bincount(moved[:, 0].long(), minlength=8) / len(moved)
    assert first.tolist() == pytest.approx([1 / 8] * 8, abs=0.03)


def test_a_sense_can_be_shuffled_alone() -> None:
    x = torch.arange(8.0).reshape(1, 1, 8, 1).expand(1, 20, 8, 1)
    y = both(x, x, kind="shuffle_time", sense="right")
    assert y["left"] is x
    assert not torch.equal(y["right"], x)


def test_a_late_sense_holds_its_first_frame(apply: Apply) -> None:
    x = torch.arange(6.0).reshape(1, 1, 6, 1).expand(3, 2, 6, 1)
    y = apply(x, [1.0, 0.5, 0.25], kind="lag", steps=3)[:, 1, :, 0]
    assert y.tolist() == [[0, 0, 0, 0, 1, 2], [0, 0, 0, 1, 2, 3], [0, 0, 1, 2, 3, 4]]


def test_two_senses_of_one_channel_meet_the_same_noise_and_a_named_one_is_changed_alone() -> None:
    x = torch.zeros(1, 4, 1, 9)
    shapes = {"left": (9,), "right": (9,)}
    draw = Draw(torch.arange(1), torch.arange(4)[None])
    for named in (None, "left"):
        spec = TypeAdapter(TransformSpec).validate_python({"kind": "noise", "sigma": 1.0, "sense": named})
        seen = Filter("test", spec, {"left": "image", "right": "image"}, shapes)(
            Seen({"left": x, "right": x}, None), None, torch.ones(1), draw
        )
        assert not torch.equal(seen.senses["left"], x)
        assert torch.equal(seen.senses["left"], seen.senses["right"]) is (named is None)
        assert (seen.senses["right"] is x) is (named == "left")
