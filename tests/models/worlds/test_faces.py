"""Faces: where their parts are, and how they are arranged."""

from __future__ import annotations

import pytest
import torch
from showing import items

from models.specs.worlds.views import FacesSpec
from models.worlds.faces import Faces, _painted

UPRIGHT = [[-0.35, -0.25], [0.35, -0.25], [0.0, 0.42]]
"""Left eye, right eye, mouth, in half heights of the oval."""


def grey(x: float, y: float, condition: int = 0, gaze: tuple[float, float] = (0.0, 0.0)) -> float:
    """What is at a place of an upright face, its edges sharp."""
    across, down = torch.full((1, 1, 1, 1, 1), x), torch.full((1, 1, 1, 1, 1), y)
    parts = torch.tensor(UPRIGHT).expand(1, 1, 1, 3, 2)
    looks, kind = torch.tensor([[[gaze]]]), torch.full((1, 1, 1), condition)
    return _painted(across, down, parts, looks, kind, torch.full((1, 1, 1, 1, 1), 100.0)).item()


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, -0.95, 0.6),
        (0.0, -1.05, 0.0),
        (0.68, 0.0, 0.6),
        (0.76, 0.0, 0.0),
        # the eyes: a pupil, white around it, then the face
        (0.35, -0.25, 0.1),
        (-0.35, -0.17, 0.1),
        (0.35, -0.14, 0.95),
        (-0.51, -0.25, 0.95),
        (0.55, -0.25, 0.6),
        (0.35, -0.45, 0.6),
        # the mouth, wider than high
        (0.27, 0.42, 0.1),
        (0.33, 0.42, 0.6),
        (0.0, 0.52, 0.1),
        (0.0, 0.56, 0.6),
    ],
)
def test_what_a_face_is_made_of(x: float, y: float, expected: float) -> None:
    assert grey(x, y) == pytest.approx(expected, abs=0.01)
    assert grey(x, y, condition=2) == pytest.approx(expected, abs=0.01)
    eye = y < 0.0 and expected in (0.1, 0.95)
    assert grey(x, y, condition=3) == pytest.approx(0.6 if eye else expected, abs=0.01)


def test_pupils_look_a_third_of_an_eye_aside() -> None:
    assert [grey(0.35 + away, -0.25, gaze=(1.0, 0.0)) for away in (-0.05, 0.13)] == pytest.approx([0.95, 0.1], abs=0.01)
    assert [grey(0.35, -0.25 + away, gaze=(0.0, -1.0)) for away in (-0.13, 0.05)] == pytest.approx(
        [0.1, 0.95], abs=0.01
    )


def test_conditions_are_arrangements_of_the_same_parts() -> None:
    world = Faces(FacesSpec(kind="faces"), "train")
    draw = world._scenes.indexed(torch.arange(1200)[None])
    upright, mirrored, column, alone = (
        world._parts(torch.full((1, 1200, 1), each), draw)[0, :, 0] for each in range(4)
    )
    assert torch.equal(upright, torch.tensor(UPRIGHT).expand(1200, 3, 2))
    assert torch.equal(alone, upright)
    assert torch.equal(mirrored, upright * torch.tensor([1.0, -1.0]))
    side, height = column.unbind(2)
    assert torch.equal(side, side[:, :1].expand(1200, 3))
    assert torch.bincount((side[:, 0] > 0).long()).tolist() == pytest.approx([600, 600], abs=60)
    assert side.abs().unique().tolist() == pytest.approx([0.3])
    assert torch.equal(height.sort(dim=1).values, torch.tensor([-0.45, 0.0, 0.45]).expand(1200, 3))
    orders, often = height.unique(dim=0, return_counts=True)
    assert len(orders) == 3
    assert often.tolist() == pytest.approx([400] * 3, abs=60)


def test_faces_are_anywhere_they_fit_in_noise() -> None:
    channels, label, factors = items({"kind": "faces", "noise": 0.05}, 2000)
    assert label is not None
    size, place = factors["size"][0, :, 0], factors["place"][0, :, 0]
    assert (float(size.min()), float(size.max())) == pytest.approx((0.45, 0.8), abs=0.003)
    assert float(size.mean()) == pytest.approx(0.625, abs=0.008)
    # uniform between the bounds: variance a third of their square
    assert (place / (1.0 - size[:, None])).square().mean(dim=0).tolist() == pytest.approx([1 / 3] * 2, rel=0.07)
    upright = label[0, :, 0] == 0
    bare = place + size[:, None] * torch.tensor([0.0, 0.08])
    column, row = ((bare + 1.0) * 15.5).round().long().unbind(1)
    skin = channels["retina"][0, torch.arange(2000), 0, 0, row, column][upright]
    assert float(skin.mean()) == pytest.approx(0.6, abs=0.01)
    assert float(skin.std()) == pytest.approx(0.05, rel=0.12)
