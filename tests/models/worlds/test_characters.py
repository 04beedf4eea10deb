"""Letters: what their strokes are made of, how a hand goes astray, what its pen leaves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.specs.worlds.views import CharactersSpec
from models.worlds import characters
from models.worlds.characters import Characters

LIFE = torch.zeros(1, dtype=torch.int64)


def world(**options: float) -> Characters:
    return Characters(CharactersSpec(kind="characters", **options), "train")  # type: ignore[arg-type]


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Points that the pen goes through, (1, items, strokes, points, 2), and which strokes are drawn, of every call."""
    went: list[Tensor] = []

    def followed(x: Tensor, y: Tensor, used: Tensor) -> Tensor:
        went.extend([torch.stack([x, y], dim=-1), used])
        return torch.zeros(*x.shape[:2], 28, 28)

    monkeypatch.setattr(characters, "_inked", followed)
    return went


def test_an_alphabet_has_five_forms_that_its_letters_move_by_a_quarter_at_most() -> None:
    lead = world(alphabets=40, letters=50)._strokes.reshape(40, 200, 4, 2)
    for strokes in lead:
        forms = strokes - strokes[:, :1]
        same = (forms[:, None] - forms[None]).abs().amax(dim=(2, 3)) < 1e-5
        assert len(same.unique(dim=0)) == 5
        for each in same.unique(dim=0):
            moved = strokes[each][:, 0]
            assert float((moved.amax(dim=0) - moved.amin(dim=0)).max()) <= 0.5
    # leading points reach as far as .7, and .25 from there
    assert 0.9 < float(lead.abs().max()) <= 0.95
    # the sum of two uniform numbers: variances .7^2 / 3 and .25^2 / 3
    assert float(lead.var()) == pytest.approx((0.7**2 + 0.25**2) / 3, rel=0.05)


def test_a_form_is_moved_as_far_as_any_other() -> None:
    first = world(alphabets=1, letters=100)._strokes[:, 0]
    forms = (
        (first - first[:, :1]).round(decimals=4).unique(dim=0, return_inverse=True)[1].unique(return_inverse=True)[1]
    )
    reach = torch.stack(
        [first[forms == each, 0].amax(dim=0) - first[forms == each, 0].amin(dim=0) for each in range(5)]
    )
    assert float(reach.min()) > 0.3


def test_letters_have_one_to_four_strokes_alike() -> None:
    used = world(alphabets=20, letters=100)._used.sum(dim=1)
    assert torch.bincount(used, minlength=5).tolist() == pytest.approx([0, 500, 500, 500, 500], abs=75)


def test_letters_follow_one_another_alphabet_by_alphabet() -> None:
    lead = world(alphabets=3, letters=60)._strokes
    forms = (lead - lead[:, :, :1]).reshape(3, 240, -1)
    shared = [len(torch.cat([forms[0].round(decimals=4), each.round(decimals=4)]).unique(dim=0)) for each in forms]
    assert shared == [5, 10, 10]


def test_curves_are_bezier_s_of_their_leading_points(pen: list[Tensor]) -> None:
    letters = world(jitter=0.0, turn=0.0)
    _, label, _ = letters._written(torch.arange(20)[None])
    assert label is not None
    assert torch.equal(pen[1][0], letters._used[label[0, :, 0]])
    a, b, c, d = letters._strokes[label[0, :, 0]].unbind(2)
    for point in range(14):
        t = point / 13
        curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
        torch.testing.assert_close(pen[0][0, :, :, point], curve, atol=1e-5, rtol=1e-4)


def test_leading_points_go_astray_by_the_jitter_each(pen: list[Tensor]) -> None:
    letters = world(jitter=0.2, turn=0.0)
    _, label, _ = letters._written(torch.arange(1000)[None])
    assert label is not None
    ends = pen[0][0, :, :, [0, 13]] - letters._strokes[label[0, :, 0]][:, :, [0, 3]]
    assert float(ends.std()) == pytest.approx(0.2, rel=0.03)
    assert float((torch.corrcoef(ends.flatten(1).mT) - torch.eye(16)).abs().max()) < 0.15


def test_a_letter_is_turned_by_its_slant_counterclockwise(pen: list[Tensor]) -> None:
    letters = world(jitter=0.0, turn=0.5)
    _, label, factors = letters._written(torch.arange(20)[None])
    assert label is not None
    slant = factors["slant"][0, :, :, None]
    x, y = letters._strokes[label[0, :, 0]][:, :, [0, 3]].unbind(-1)
    # y goes down: counterclockwise is from x to -y
    turned = torch.stack([slant.cos() * x + slant.sin() * y, slant.cos() * y - slant.sin() * x], dim=-1)
    torch.testing.assert_close(pen[0][0, :, :, [0, 13]], turned, atol=1e-5, rtol=1e-4)


def test_a_pen_leaves_as_much_as_it_is_near() -> None:
    x, y = torch.tensor([[0.0, 0.4], [0.9, 0.9]]), torch.tensor([[0.0, -0.2], [0.9, 0.9]])
    left = characters._inked(x[None, None], y[None, None], torch.tensor([[[True, False]]]))[0, 0]
    for row in range(28):
        for column in range(28):
            at = column / 13.5 - 1.0, row / 13.5 - 1.0
            near = min(at[0] ** 2 + at[1] ** 2, (at[0] - 0.4) ** 2 + (at[1] + 0.2) ** 2)
            expected = min(1.0, max(0.0, 2.0 * (1.0 - near / 0.13**2)))
            assert float(left[row, column]) == pytest.approx(expected, abs=1e-4)
