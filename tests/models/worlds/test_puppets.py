"""Puppets: where hands and things are at every moment, what they look like."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from models.draw import Draw, word
from models.specs.worlds.social import MoversSpec
from models.worlds.puppets import Puppets, painted, staged

LIFE = torch.zeros(1, dtype=torch.int64)
FAR = 3.0
"""Where things are that are away."""


def puppets(count: int = 600, split: str = "train", **options: Any) -> Puppets:
    """Whole scenes of 16 frames."""
    source = MoversSpec(kind="movers", **{"share": 0.0, "frame": 24} | options)
    draw = Draw(LIFE, torch.arange(count)[None], word("puppets of a test"))
    return staged(draw, torch.arange(16).expand(count, 16), source, split, "")


@pytest.fixture(scope="module")
def moved() -> Puppets:
    """Scenes with a mover."""
    return puppets(share=1.0)


@pytest.fixture(scope="module")
def others() -> Puppets:
    """Scenes of the other kinds."""
    return puppets()


def ways(told: Puppets) -> tuple[Tensor, Tensor, Tensor]:
    """Of every scene the object's first place and the way (M, 1, 2), and frames since the contact (M, 16, 1)."""
    way = (told.object[:, 0] - told.contact) / 0.11
    return told.object[:, :1], way[:, None], (told.time - told.contact_time[:, None])[..., None].float()


def test_a_mover_comes_touches_and_carries_for_six_frames(moved: Puppets) -> None:
    start, way, since = ways(moved)
    torch.testing.assert_close(way.norm(dim=2), torch.ones(600, 1))
    assert way.mean(dim=0).norm().item() < 0.1, "from every side alike"
    carried = 0.09 * since.clamp(0.0, 6.0)
    torch.testing.assert_close(moved.object, start + way * carried)
    torch.testing.assert_close(moved.hand, start + way * (0.09 * since.clamp(max=0.0) + carried - 0.27))
    assert torch.bincount(moved.contact_time).tolist() == pytest.approx([0] * 5 + [120] * 5, abs=40)


def test_a_hand_that_passes_goes_beside_a_still_object(others: Puppets) -> None:
    start, way, since = ways(others)
    beside = torch.stack([-way[..., 1], way[..., 0]], dim=-1)
    here = others.kind == 1
    torch.testing.assert_close(others.hand[here], (start + way * (0.09 * since - 0.27) + 0.55 * beside)[here])
    assert bool((others.hand[others.kind > 1] == FAR).all())


def test_things_move_by_themselves_or_come_and_stay_or_do_neither(others: Puppets) -> None:
    start, way, since = ways(others)
    alone, comes = others.kind == 2, others.kind == 3
    torch.testing.assert_close(others.object[alone], (start + way * 0.09 * since.clamp(0.0, 6.0))[alone])
    assert bool((others.object == start)[~alone].all())
    torch.testing.assert_close(others.other[comes], (start + way * (0.09 * since.clamp(max=0.0) - 0.27))[comes])
    assert bool((others.other[~comes] == FAR).all())
    assert torch.bincount(others.kind, minlength=5).tolist() == pytest.approx([0] + [150] * 4, abs=45)


def test_objects_faces_and_what_drifts_by_have_their_places(moved: Puppets) -> None:
    start = moved.object[:, 0]
    drift = moved.drifter - torch.stack([0.08 * (moved.time - 8), torch.zeros(600, 16)], dim=2)
    torch.testing.assert_close(drift, drift[:, :1].expand_as(drift))
    for place, low, high in (
        (start, (-0.4, -0.1), (0.4, 0.2)),
        (moved.face, (-0.3, -0.65), (0.3, -0.55)),
        (drift[:, 0] - start * torch.tensor([0.0, 1.0]), (-0.7, 0.58), (0.7, 0.7)),
    ):
        assert place.amin(dim=0).tolist() == pytest.approx(low, abs=0.01)
        assert place.amax(dim=0).tolist() == pytest.approx(high, abs=0.01)


def test_a_face_looks_at_a_contact_from_some_frames_before_it_on(moved: Puppets, others: Puppets) -> None:
    to = torch.nn.functional.normalize(moved.contact - moved.face, dim=1)[:, None]
    at_it = (moved.gaze * to).sum(dim=2) > 0.99999
    before = (at_it & (moved.time < moved.contact_time[:, None])).sum(dim=1)
    assert bool(at_it[moved.time >= moved.contact_time[:, None]].all())
    assert torch.bincount(before).tolist() == pytest.approx([100] * 6, abs=35)
    assert torch.equal(others.gaze, others.gaze[:, :1].expand_as(others.gaze))
    _, way, _ = ways(others)
    assert abs(float((others.gaze[:, :1] * way).sum(dim=2).mean())) < 0.1


def test_around_a_face_what_drifts_by_keeps_to_the_other_side() -> None:
    told = puppets(200, share=1.0, face="middle")
    below = told.object[:, 0, 1] > told.face[:, 1]
    assert torch.equal(told.drifter[:, 0, 1], torch.where(below, -0.85, 0.85))


def test_grounds_noise_and_greys() -> None:
    told = puppets(200, noise=0.04)
    assert (float(told.ground.mean()), float(told.ground.std())) == pytest.approx((0.45, 0.1), abs=0.003)
    assert float(told.noise.std()) == pytest.approx(0.04, rel=0.02)
    hand, things = told.greys[:, 0], told.greys[:, 1:]
    assert (float(hand.min()), float(hand.max())) == pytest.approx((0.7, 1.0), abs=0.01)
    dark = things < 0.5
    assert (float(things[dark].max()), float(things[~dark].min())) == pytest.approx((0.25, 0.7), abs=0.01)
    assert float(dark.float().mean()) == pytest.approx(0.5, abs=0.08)
    assert float(told.round.float().mean()) == pytest.approx(0.5, abs=0.1)


def test_fingers_are_spread_by_a_third_to_half_a_radian(moved: Puppets) -> None:
    assert moved.tips.norm(dim=2).flatten().tolist() == pytest.approx([0.23] * 2400)
    unit = moved.tips / 0.23
    angle = (unit[:, 1:] * unit[:, :-1]).sum(dim=2).clamp(-1.0, 1.0).acos()
    assert 0.3 <= float(angle[:, 1].min()) < 0.32


def test_the_box_of_a_hand_holds_its_palm_and_its_fingers(moved: Puppets) -> None:
    tips = torch.tensor([[0.2, 0.05], [0.2, -0.05], [0.15, 0.1], [0.15, -0.1]])
    hand = replace(moved.part(slice(0, 1)), tips=tips[None], hand=torch.tensor([[[0.3, -0.2], [FAR, FAR]]]))
    # fingers reach to .2 + .032 and .1 + .032, the palm to -.1
    expected = [[0.3 + 0.066, -0.2, 0.166, 0.132], [0.0] * 4]
    torch.testing.assert_close(hand.box()[0], torch.tensor(expected))


AXIS = torch.linspace(-1.0, 1.0, 49)
"""Pixels of a frame in which 0 is a pixel."""


def still(**parts: Tensor) -> Puppets:
    """One frame in which all is away and black but for what is given."""
    nowhere = torch.full((1, 1, 2), FAR)
    away = {"hand": nowhere, "object": nowhere, "other": nowhere, "drifter": nowhere, "face": nowhere[0]}
    plain = {"ground": torch.zeros(1, 49, 49), "noise": torch.zeros(1, 1, 49, 49), "gaze": torch.zeros(1, 1, 2)}
    greys = {"greys": torch.tensor([[0.9, 0.8, 0.7, 0.6]]), "round": torch.tensor([[True, False]])}
    told = puppets(1).part(slice(0, 1))
    return replace(told, **{"time": told.time[:, :1]} | away | plain | greys | parts)


def sharp(distance: float) -> float:
    return 1.0 / (1.0 + math.exp(0.75 * 49 * distance))


def test_things_are_discs_or_squares_of_a_tenth_and_hands_are_in_front() -> None:
    middle = torch.zeros(1, 1, 2)
    for name, grey, square in (("drifter", 0.6, False), ("object", 0.8, False), ("other", 0.7, True)):
        image = painted(still(**{name: middle}), 49)[0][0, 0]
        for row, column in ((24, 24), (24, 26), (27, 27), (22, 26), (24, 28)):
            x, y = float(AXIS[column]), float(AXIS[row])
            far = max(abs(x), abs(y)) if square else math.hypot(x, y)
            assert float(image[row, column]) == pytest.approx(grey * sharp(far - 0.1), abs=1e-4)
    all_there = still(drifter=middle, object=middle, other=middle)
    inside = sharp(-0.1)
    image = painted(all_there, 49)[0]
    grey = 0.0
    for each in (0.6, 0.8, 0.7):
        grey = grey * (1.0 - inside) + each * inside
    assert float(image[0, 0, 24, 24]) == pytest.approx(grey, abs=1e-4)
    image, covered = painted(replace(all_there, hand=middle), 49)
    assert float(covered[0, 0, 24, 24]) == pytest.approx(inside, abs=1e-4)
    assert float(image[0, 0, 24, 24]) == pytest.approx(grey * (1.0 - inside) + 0.9 * inside, abs=1e-4)


def test_a_hand_is_a_palm_with_fingers_to_its_tips() -> None:
    tips = torch.tensor([[0.0, -0.25], [0.0, -0.25], [0.0, -0.25], [-0.25, 0.0]])[None]
    covered = painted(still(hand=torch.zeros(1, 1, 2), tips=tips), 49)[1][0, 0]
    # the palm is .1 about a line of .05 to the right, fingers .032 about theirs
    for row, column, distance in (
        (24, 29, 5 / 24 - 0.15),
        (28, 24, 4 / 24 - 0.1),
        (18, 24, -0.032),
        (18, 25, 1 / 24 - 0.032),
        (24, 18, -0.032),
    ):
        assert float(covered[row, column]) == pytest.approx(sharp(distance), abs=1e-4)


def test_pupils_stand_a_gap_from_the_middle_and_move_with_the_gaze() -> None:
    look = torch.tensor([[0.3, 0.6, 2 / 24, 0.03]])
    for gaze in ((0.0, 0.0), (1.0, 0.0), (0.0, -1.0)):
        told = still(face=torch.tensor([[0.0, 0.03]]), look=look, gaze=torch.tensor([[gaze]]))
        image = painted(told, 49)[0][0, 0]
        for column in (21, 22, 23, 25, 26, 27):
            grey = 0.6 * sharp(math.hypot(float(AXIS[column]), 0.03) - 0.3)
            for side in (-2 / 24, 2 / 24):
                away = math.hypot(float(AXIS[column]) - side - 0.05 * gaze[0], 0.05 * gaze[1])
                eye = 1.0 / (1.0 + math.exp(1.5 * 49 * (away - 0.03)))
                grey = grey * (1.0 - eye) + 0.05 * eye
            assert float(image[24, column]) == pytest.approx(grey, abs=1e-4)
