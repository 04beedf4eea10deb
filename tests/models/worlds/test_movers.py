"""Movers: who moves what, who looks where, and what another look shows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from showing import built, items
from torch import Tensor

from models.draw import Draw
from models.protocols import LATER
from models.worlds import movers
from models.worlds.puppets import Puppets, _look, _tips, painted

COUNT = 300
LIFE = torch.zeros(1, dtype=torch.int64)


@pytest.fixture(scope="module")
def clips() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Channels and factors of whole clips, (clips, 16, ...)."""
    channels, label, factors = items({"kind": "movers"}, COUNT, steps=16)
    assert label is None
    return {name: x[0] for name, x in channels.items()}, {name: x[0] for name, x in factors.items()}


Clips = tuple[dict[str, Tensor], dict[str, Tensor]]


def test_a_quarter_of_clips_has_a_mover_and_the_rest_is_shared(clips: Clips) -> None:
    kind = clips[1]["scene"][:, 0]
    shares = torch.bincount(kind, minlength=5) / COUNT
    assert shares[0].item() == pytest.approx(0.25, abs=0.06)
    assert shares[1:].min().item() > 0.12
    for share, only in ((1.0, 0), (0.0, None)):
        _, _, told = items({"kind": "movers", "frame": 24, "share": share}, 40)
        assert ((told["scene"] == 0).all() if only == 0 else (told["scene"] != 0).all()).item()


def test_only_hands_set_still_objects_moving(clips: Clips) -> None:
    told = clips[1]
    still = told["object"].diff(dim=1).norm(dim=2) < 1e-6
    moves = ~still.all(dim=1)
    kind = told["scene"][:, 0]
    assert moves[kind == 0].all()
    assert moves[kind == 2].all()
    assert not moves[(kind == 1) | (kind >= 3)].any()
    event = told["event"].bool()
    assert (event.sum(dim=1) == (kind == 0).long()).all()
    for clip in (kind == 0).nonzero()[:8, 0].tolist():
        first = int(event[clip].nonzero()[0, 0])
        assert 6 <= first <= 10
        assert still[clip, : first - 1].all()
        assert not still[clip, first - 1]
        hand, thing = told["hand_box"][clip, first, :2], told["object"][clip, first]
        assert (hand - thing).norm().item() < 0.4


def test_a_hand_that_passes_by_stays_away(clips: Clips) -> None:
    told = clips[1]
    passing = told["scene"][:, 0] == 1
    apart = (told["hand_box"][passing, :, :2] - told["object"][passing]).norm(dim=2)
    assert apart.min().item() > 0.3
    absent = told["scene"][:, 0] >= 2
    assert told["hand_box"][absent].abs().max().item() == 0.0
    assert told["hand_map"][absent].max().item() == 0.0


def test_pupils_turn_to_the_contact_before_it_comes(clips: Clips) -> None:
    told = clips[1]
    gaze, to = told["gaze"], told["contact"] - told["face"]
    torch.testing.assert_close(gaze.norm(dim=2), torch.ones(COUNT, 16))
    along = (gaze * to / to.norm(dim=2, keepdim=True).clamp(min=1e-6)).sum(dim=2)
    held = told["scene"][:, 0] == 0
    event = told["event"].argmax(dim=1)
    looks = torch.stack([along[clip, event[clip] - 1 :].min() for clip in held.nonzero()[:, 0].tolist()])
    assert looks.min().item() > 0.999
    late = [clip for clip in held.nonzero()[:, 0].tolist() if event[clip] >= 8]
    early = torch.stack([along[clip, event[clip] - 8] for clip in late])
    assert early.mean().item() < 0.6


def test_the_map_marks_where_the_hand_is(clips: Clips) -> None:
    told = clips[1]
    cells = told["hand_map"].reshape(COUNT, 16, 12, 12)
    axis = (torch.arange(12) + 0.5) / 6 - 1
    count = cells.sum(dim=(2, 3))
    centre = (
        torch.stack([(cells.sum(2) * axis).sum(2), (cells.sum(3) * axis).sum(2)], dim=2) / count.clamp(min=1)[..., None]
    )
    seen = (count >= 3) & (told["hand_box"][..., :2].abs().amax(dim=2) < 0.7)
    off = (centre - told["hand_box"][..., :2]).norm(dim=2)[seen]
    assert seen.sum().item() > 200
    assert off.quantile(0.95).item() < 0.15


def test_what_is_told_of_a_frame_is_of_that_frame() -> None:
    world, index = built({"kind": "movers", "frame": 24, "share": 0.5}, 6), torch.arange(30)[None]
    assert isinstance(world, movers.Movers)
    _, _, told = world.sample(LIFE, index)
    puppets = world._puppets(index, "")
    covered = painted(puppets, 24)[1][:, 1:]
    quarter = torch.nn.functional.avg_pool2d(covered, 2) >= 0.25
    assert torch.equal(told["hand_map"][0].bool(), quarter.flatten(2))
    for name, wanted in (("gaze", puppets.gaze), ("object", puppets.object), ("hand_box", puppets.box())):
        assert torch.equal(told[name][0], wanted[:, 1:])
    held = told["scene"][0, :, 0] == 0
    assert torch.equal(told["contact"][0, :, 0], torch.where(held[:, None], puppets.contact, 0.0))
    assert torch.equal(
        told["event"][0].bool(), (puppets.time - puppets.contact_time[:, None] == 1)[:, 1:] & held[:, None]
    )


def test_the_contact_view_is_of_the_moment_of_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Puppets] = []
    at_contact = movers.at_contact
    monkeypatch.setattr(movers, "at_contact", lambda puppets: seen.append(puppets) or at_contact(puppets))
    world = built({"kind": "movers", "frame": 24}, 2)
    assert isinstance(world, movers.Movers)
    world.view("contact", LIFE, torch.arange(9)[None])
    assert torch.equal(seen[0].time, seen[0].contact_time[:, None])


def test_flow_is_what_changed_since_the_frame_before(clips: Clips) -> None:
    retina, flow = clips[0]["retina"], clips[0]["flow"]
    change = retina.diff(dim=1)[:, :, 0]
    torch.testing.assert_close(flow[:, 1:, 0] - flow[:, 1:, 1], change)
    assert flow.min().item() == 0.0
    assert (flow[:, :, 0] * flow[:, :, 1]).max().item() == 0.0
    assert flow[:, 0].max().item() > 0.0


def test_another_view_has_the_same_scene_and_another_hand() -> None:
    options: dict[str, Any] = {"kind": "movers", "share": 1.0, "noise": 0.0}
    world, index = built(options, 4), torch.arange(30)[None]
    assert isinstance(world, movers.Movers)
    shown, _, told = world.sample(LIFE, index)
    view = world.view("view2", LIFE, index)
    assert {name: x.shape for name, x in view.items()} == {name: x.shape for name, x in shown.items()}
    apart = (view["retina"] - shown["retina"])[0, :, :, 0].abs()
    axis = torch.linspace(-1, 1, 48)
    box = told["hand_box"][0]
    near_x = (axis - box[..., :1]).abs() < 0.45
    near_y = (axis - box[..., 1:2]).abs() < 0.45
    beside = ~(near_x[..., None, :] & near_y[..., :, None])
    assert apart[beside].max().item() <= 5 / 255
    assert apart.amax(dim=(1, 2, 3)).median().item() > 0.1


def test_the_contact_view_has_the_face_in_the_middle_and_the_hand_where_it_looked() -> None:
    options: dict[str, Any] = {"kind": "movers", "share": 1.0, "noise": 0.0}
    world, index = built(options, 2), torch.tensor([[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7]])
    index[1] += LATER
    assert isinstance(world, movers.Movers)
    seen = world.view("contact", LIFE.expand(2), index)
    assert torch.equal(seen["retina"][0], seen["retina"][1])
    assert seen["flow"].max().item() == 0.0
    assert torch.equal(seen["retina"][:, :, 0], seen["retina"][:, :, 1])
    _, _, told = built(options, 16).sample(LIFE, index[:1])
    to = (told["contact"] - told["face"])[0, :, 0]
    bright = seen["retina"][0, :, 0, 0] > 0.68
    axis = torch.linspace(-1, 1, 48)
    hand = bright & ((axis.square() + axis[:, None].square()).sqrt() > 0.3)
    place = torch.stack([(hand.sum(1) * axis).sum(1), (hand.sum(2) * axis).sum(1)], dim=1) / hand.sum((1, 2))[:, None]
    cosine = torch.cosine_similarity(place, to, dim=1)
    assert cosine.median().item() > 0.9
    without = built({"kind": "movers", "share": 0.0, "noise": 0.0}, 1)
    assert isinstance(without, movers.Movers)
    bare = without.view("contact", LIFE, torch.arange(10)[None])["retina"][0, :, 0, 0]
    outside = (axis.square() + axis[:, None].square()).sqrt() > 0.3
    assert bare[:, outside].mean().item() == pytest.approx(0.45, abs=0.02)


def test_splits_hold_back_poses_and_faces() -> None:
    draw = Draw(LIFE, torch.arange(400)[None], 5)
    looks = {split: set(map(tuple, _look(draw, split).tolist())) for split in ("train", "valid", "test")}
    assert [len(each) for each in looks.values()] == [18, 3, 3]
    assert not looks["train"] & looks["test"]
    turns = {}
    for split in ("train", "test"):
        tips = _tips(draw, split).sum(dim=1)
        turns[split] = torch.atan2(tips[:, 1], tips[:, 0]) / (2 * torch.pi)
    # Fingers spread about the turn; a little of the circle to either side is left to that.
    assert ((turns["train"] + 0.06) % 1.0).max().item() < 0.87
    assert ((turns["test"] + 0.06) % 1.0 - 0.06).min().item() > 0.815 or turns["test"].max().item() < 0.06


def test_stills_are_of_any_moment() -> None:
    _, _, told = items({"kind": "movers", "frame": 24, "share": 1.0}, 400)
    assert told["event"].float().mean().item() == pytest.approx(1 / 16, abs=0.03)


def test_around_a_face_in_the_middle_hands_come_from_everywhere_and_go_past_it() -> None:
    _, _, told = items({"kind": "movers", "frame": 24, "share": 1.0, "face": "middle"}, COUNT, steps=16)
    face, contact, gaze, event = (told[name][0] for name in ("face", "contact", "gaze", "event"))
    assert face.abs().max().item() < 0.15
    there = contact - face
    assert there.norm(dim=2).sub(0.6).abs().max().item() < 0.12
    aimed = torch.nn.functional.normalize(there, dim=2)[:, -1]
    assert aimed.mean(dim=0).norm().item() < 0.15, "every direction alike"
    torch.testing.assert_close(gaze[:, -1], aimed, rtol=1e-4, atol=1e-5)
    assert (event.sum(dim=1) == 1).all()
    hand = told["hand_box"][0, ..., :2]
    assert (hand - face).norm(dim=2).min().item() > 0.3
    assert hand.abs().max().item() < 1.6


def test_a_face_above_is_what_it_was_before_there_was_a_choice() -> None:
    told = [items({"kind": "movers", "frame": 24} | more, 5)[0]["retina"] for more in ({}, {"face": "above"})]
    assert torch.equal(*told)
