"""Transforms: identity at strength 0, hand values, and independence of the cohort."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.protocols import Transform
from models.specs.transforms import TransformSpec
from models.transforms import build_transform

SPECS: list[dict[str, Any]] = [
    {"kind": "blur", "sigma": 1.5},
    {"kind": "flip", "axis": -1},
    {"kind": "noise", "sigma": 0.5},
    {"kind": "occlude", "region": "left"},
    {"kind": "occlude", "region": "centre", "share": 0.3, "fill": 0.5},
]
each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec['kind']}-{spec.get('region', '')}")
each_shape = pytest.mark.parametrize("shape", [(41,), (1, 9, 7), (2, 8, 8)])


def built(**spec: Any) -> Transform:
    return build_transform(TypeAdapter(TransformSpec).validate_python(spec))


def draw(lives: int = 1, batch: int = 1, first: int = 0) -> Draw:
    return Draw(torch.arange(lives) + 5, torch.arange(first, first + batch).expand(lives, batch))


def ones(value: float, lives: int = 1) -> torch.Tensor:
    return torch.full((lives,), value)


@each_spec
@each_shape
def test_strength_0_is_the_bitwise_identity_for_that_life_only(spec: dict[str, Any], shape: tuple[int, ...]) -> None:
    x = torch.randn(3, 6, 2, *shape, generator=torch.Generator().manual_seed(0))
    x[1, 0, 0] = -0.0
    changed = built(**spec)(x, torch.tensor([1.0, 0.0, 0.5]), draw(3, 6))
    assert changed.shape == x.shape
    assert torch.equal(changed[1].view(torch.int32), x[1].view(torch.int32))
    assert not torch.equal(changed[0], x[0])
    assert not torch.equal(changed[2], x[2])


@each_spec
@each_shape
def test_a_life_sees_the_same_in_every_cohort_and_slot(spec: dict[str, Any], shape: tuple[int, ...]) -> None:
    x = torch.randn(8, 5, 3, *shape, generator=torch.Generator().manual_seed(1))
    strength, draws = torch.linspace(0.1, 1.0, 8), draw(8, 5)
    together = built(**spec)(x, strength, draws)
    for life in range(8):
        alone = Draw(
            draws.seeds_N[life : life + 1], draws.index_NB[life : life + 1] if draws.index_NB is not None else None
        )
        assert torch.equal(built(**spec)(x[life : life + 1], strength[life : life + 1], alone)[0], together[life])


def test_blur_of_a_point_is_a_gaussian_of_the_lives_own_width() -> None:
    x = torch.zeros(2, 1, 1, 41)
    x[..., 20] = 1.0
    y = built(kind="blur", sigma=4.0)(x, torch.tensor([1.0, 0.5]), draw(2))[:, 0, 0]
    place = torch.arange(41) - 20
    assert y.sum(-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
    assert (y * place**2).sum(-1).tolist() == pytest.approx([16.0, 4.0], rel=0.01)
    assert y[1, 20].item() == pytest.approx(1 / (2 * math.sqrt(2 * math.pi)), rel=1e-3)


def test_blur_of_an_image_is_separable_and_keeps_a_constant() -> None:
    blur = built(kind="blur", sigma=1.2)
    x = torch.zeros(1, 1, 1, 1, 9, 15)
    x[..., 4, 7] = 1.0
    y = blur(x, ones(1.0), draw())[0, 0, 0, 0]
    torch.testing.assert_close(y, y.sum(1, keepdim=True) * y.sum(0, keepdim=True) / y.sum())
    flat = torch.full((1, 2, 1, 1, 9, 15), 0.7)
    torch.testing.assert_close(blur(flat, ones(1.0), draw()), flat)


def test_blur_of_width_0_changes_nothing_at_any_strength() -> None:
    x = torch.randn(1, 2, 1, 30, generator=torch.Generator().manual_seed(2))
    assert torch.equal(built(kind="blur", sigma=0.0)(x, ones(1.0), draw(1, 2)), x)


def test_flip_at_strength_1_mirrors_every_item() -> None:
    x = torch.arange(2 * 3 * 4.0).reshape(1, 2, 1, 1, 3, 4)
    assert torch.equal(built(kind="flip", axis=-2)(x, ones(1.0), draw(1, 2)), x.flip(-2))


def test_flip_takes_the_asked_share_of_items_whole() -> None:
    x = torch.arange(1.0, 5.0).expand(1, 2000, 3, 4)
    y = built(kind="flip")(x, ones(0.25), draw(1, 2000))
    mirrored = (y == x.flip(-1)).all(-1)
    assert torch.equal(mirrored, mirrored[:, :, :1].expand_as(mirrored))
    assert mirrored[0, :, 0].float().mean().item() == pytest.approx(0.25, abs=0.03)


def test_flip_along_an_axis_of_time_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 axes"):
        built(kind="flip", axis=-2)(torch.zeros(1, 1, 5, 40), ones(1.0), draw())


def test_noise_has_the_asked_size_and_is_new_for_every_presentation_and_life() -> None:
    x = torch.zeros(2, 50, 2, 1, 28, 28)
    noise = built(kind="noise", sigma=0.5)
    y = noise(x, torch.tensor([1.0, 0.5]), draw(2, 50))
    assert y.std(dim=(1, 2, 3, 4, 5)).tolist() == pytest.approx([0.5, 0.25], rel=0.03)
    assert y.mean().abs().item() < 0.01
    assert (
        abs(torch.corrcoef(y[:, :, 0].flatten(2).flatten(0, 1)[[0, 1, 50]]).fill_diagonal_(0).abs().max().item()) < 0.2
    )
    assert not torch.equal(noise(x, ones(1.0, 2), draw(2, 50, first=50)), noise(x, ones(1.0, 2), draw(2, 50)))


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("left", [[9, 9, 2, 3], [9, 9, 6, 7]]),
        ("right", [[0, 1, 9, 9], [4, 5, 9, 9]]),
        ("top", [[9, 9, 9, 9], [4, 5, 6, 7]]),
        ("bottom", [[0, 1, 2, 3], [9, 9, 9, 9]]),
        ("centre", [[0, 9, 9, 3], [4, 5, 6, 7]]),
    ],
)
def test_occlusion_covers_its_region(region: str, expected: list[list[float]]) -> None:
    x = torch.arange(8.0).reshape(1, 1, 1, 1, 2, 4)
    y = built(kind="occlude", region=region, fill=9.0)(x, ones(1.0), draw())
    assert y[0, 0, 0, 0].tolist() == expected


def test_half_an_occlusion_is_half_way_to_the_fill() -> None:
    y = built(kind="occlude", region="right", fill=2.0)(torch.ones(1, 1, 1, 4), ones(0.5), draw())
    assert y.flatten().tolist() == [1.0, 1.0, 1.5, 1.5]


def test_a_signal_has_no_top() -> None:
    with pytest.raises(ValueError, match="no top or bottom"):
        built(kind="occlude", region="top")(torch.zeros(1, 1, 1, 8), ones(1.0), draw())
