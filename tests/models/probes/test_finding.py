"""Probes of what is found, held, preferred and in order, against values computed by hand."""

from __future__ import annotations

import pytest
import torch
from seeing import Given, random, rows, value


def test_a_few_shots_are_read_by_the_nearest_mean() -> None:
    label = torch.arange(60).reshape(1, -1, 1) % 6
    told = torch.nn.functional.one_hot(label, 6).float()
    noisy = told + 0.1 * random(*told.shape)
    assert value(Given({"V1": noisy}, label), kind="fewshot").item() == 1.0
    assert value(Given({"V1": noisy}, factors={"kind": label}), kind="fewshot", truth="kind", shots=9).item() == 1.0
    assert value(Given({"V1": torch.zeros_like(told)}, label), kind="fewshot").item() == pytest.approx(0.2)
    assert value(Given({"V1": noisy}, label), kind="fewshot", shots=10).isnan().all()


def test_every_choice_of_shots_is_as_likely() -> None:
    given = Given({"V1": rows([0.0], [4.0], [5.0], [9.0])}, torch.tensor([0, 0, 1, 1]).reshape(1, -1, 1))
    # Known 0 and 5: 4 is taken for 5; known 4 and 9: 5 is taken for 4; else both are right: (1/2 + 1 + 1 + 1/2) / 4.
    assert value(given, kind="fewshot", ways=2).item() == pytest.approx(0.75, abs=0.05)
    label = torch.tensor([0, 0, 0, 1, 1, 1]).reshape(1, -1, 1)
    wide = Given({"V1": rows([0.0], [4.0], [1.0], [30.0], [31.0], [35.0])}, label)
    assert value(wide, kind="fewshot", ways=2, shots=2).item() == 1.0


def test_an_item_is_found_if_few_are_as_near() -> None:
    asked = rows([1.0, 0.0], [0.0, 1.0], [1.0, 1.0])
    seen = Given({"V1": asked, "sight": rows([1.0, 0.0], [0.0, 2.0], [1.0, -1.0])})
    # The last item's own is at a right angle to it, the two others are nearer.
    for k, share in ((1, 2 / 3), (2, 2 / 3), (3, 1.0)):
        assert value(seen, kind="retrieval", at="V1", to="sight", k=k).item() == pytest.approx(share)
    named = Given(seen.rate, factors={"kind": torch.tensor([0, 1, 0]).reshape(1, -1, 1)})
    # By kind the first sight is as good as the last, but the second is no further away.
    for k, share in ((1, 2 / 3), (2, 1.0)):
        found = value(named, kind="retrieval", at="V1", to="sight", k=k, truth="kind")
        assert found.item() == pytest.approx(share)
    alike = Given({"V1": asked, "sight": torch.ones(1, 3, 1, 2)})
    assert value(alike, kind="retrieval", at="V1", to="sight", k=2).item() == 0.0
    assert value(alike, kind="retrieval", at="V1", to="sight", k=3).item() == 1.0


def test_preference_is_a_difference_over_a_sum() -> None:
    label = torch.tensor([0, 0, 1, 2]).reshape(1, -1, 1)
    given = Given({"V1": rows([2.0, -4.0], [3.0, 3.0], [-1.0, 1.0], [9.0, 9.0])}, label)
    assert value(given, kind="preference").item() == pytest.approx((3 - 1) / (3 + 1))
    assert value(given, kind="preference", a=1, b=2).item() == pytest.approx((1 - 9) / (1 + 9))
    assert value(given, kind="preference", a=0, b=3).isnan().all()
    assert value(Given({"V1": torch.zeros(1, 4, 1, 2)}, label), kind="preference").item() == 0.0


def looking(order: torch.Tensor) -> torch.Tensor:
    """Rates of 12 units on white noise of 6 x 8 pixels, each looking at a soft disc around a place of a 3 x 4 grid."""
    rows_, columns = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
    middle = torch.cartesian_prod(torch.tensor([0.5, 2.5, 4.5]), torch.tensor([0.5, 2.5, 4.5, 6.5]))[order]
    apart = (rows_[..., None] - middle[:, 0]).square() + (columns[..., None] - middle[:, 1]).square()
    return random(1, 500, 1, 6, 8).flatten(3) @ torch.exp(-apart / 0.5).flatten(0, 1)


def test_a_map_in_order_has_neighbours_look_at_neighbouring_places() -> None:
    retina = random(1, 500, 1, 6, 8).unsqueeze(3)
    options = {"kind": "retinotopy", "at": "V1", "sense": "retina", "grid": [3, 4]}
    # Fields are as far apart as units, but for the edge of the frame that cuts them.
    straight = value(Given({"V1": looking(torch.arange(12)), "retina": retina}), **options).item()
    assert straight > 0.95
    turned = torch.arange(12).reshape(3, 4).flip(0, 1).flatten()
    assert value(Given({"V1": looking(turned), "retina": retina}), **options).item() == pytest.approx(
        straight, abs=0.02
    )
    mixed = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    assert abs(value(Given({"V1": looking(mixed), "retina": retina}), **options).item()) < 0.4
    assert value(Given({"V1": torch.zeros(1, 500, 1, 12), "retina": retina}), **options).item() == 0.0


def held(units: int, told: torch.Tensor) -> torch.Tensor:
    """Units that hold what was told up to so many steps before, the present among it: (N, B, T, units)."""
    late = [torch.cat([torch.zeros_like(told[:, :, :k]), told[:, :, : told.shape[2] - k]], dim=2) for k in range(units)]
    return torch.stack(late, dim=3)


def capacity(rate_of: object, delays: int = 12, items: int = 60, steps: int = 80) -> float:
    told = [random(1, items, steps, seed=seed) for seed in (1, 2)]
    fit, test = (Given({"V1": rate_of(each)}, factors={"u": each}) for each in told)  # type: ignore[operator]
    options = {"kind": "memory_capacity", "truth": "u", "train": "school", "delays": delays}
    return value(test, extra={"train": fit}, **options).item()


def test_a_row_of_delays_holds_as_many_numbers_as_it_has_units_less_the_present() -> None:
    assert capacity(lambda told: held(6, told)) == pytest.approx(5.0, abs=0.02)
    assert capacity(lambda told: held(6, told), delays=3) == pytest.approx(3.0, abs=0.01)
    assert capacity(lambda told: held(1, told)) == pytest.approx(0.0, abs=0.02)
    assert capacity(lambda told: random(*told.shape, 4, seed=9)) == pytest.approx(0.0, abs=0.02)
    assert capacity(lambda told: torch.zeros(*told.shape, 4)) == 0.0


@pytest.mark.parametrize("size", [3, 8])
def test_units_that_hear_each_other_hold_no_more_numbers_than_they_are(size: int) -> None:
    weight = torch.linalg.qr(random(size, size, seed=3))[0] * 0.95

    def echo(told: torch.Tensor) -> torch.Tensor:
        rate, heard = torch.zeros(*told.shape[:2], size), []
        for step in told.unbind(2):
            rate = rate @ weight + step[..., None] * random(size, seed=4)
            heard.append(rate)
        return torch.stack(heard, dim=2)

    assert 0.6 * size < capacity(echo, delays=30) <= size


def lattice(place: torch.Tensor, angles: tuple[float, ...], period: float = 0.6) -> torch.Tensor:
    """Rates of one unit: the sum of waves along some directions (degrees) across places (1, B, 2)."""
    turned = torch.deg2rad(torch.tensor(angles))
    along = place[..., :1] * turned.cos() + place[..., 1:] * turned.sin()
    return torch.cos(2 * torch.pi * along / period).sum(dim=-1)[..., None, None]


def test_gridness_is_high_on_triangles_and_low_on_squares_and_stripes() -> None:
    place = 2.0 * torch.rand(1, 20000, 2, generator=torch.Generator().manual_seed(0)) - 1.0
    told = {"position": place.unsqueeze(2)}

    def score(rate: torch.Tensor) -> float:
        return value(Given({"V1": rate}, factors=told), kind="gridness").item()

    assert score(lattice(place, (0, 60, 120))) > 1.0
    assert score(lattice(place, (20, 80, 140))) > 1.0
    assert score(lattice(place, (0, 90))) < 0.0
    assert score(lattice(place, (30,))) < 0.1
    assert abs(score(random(1, 20000, 1, 4))) < 0.4
    assert score(torch.ones(1, 20000, 1, 1)) == 0.0
    both = torch.cat([lattice(place, (0, 60, 120)), lattice(place, (0, 90)), torch.ones(1, 20000, 1, 1)], dim=3)
    apart = [score(each) for each in both[..., :2].split(1, dim=3)]
    assert score(both) == pytest.approx(sum(apart) / 2, abs=1e-6)


def test_places_outside_the_frame_are_left_out() -> None:
    place = 2.0 * torch.rand(1, 9000, 2, generator=torch.Generator().manual_seed(0)) - 1.0
    rate = lattice(place, (0, 60, 120))
    inside = Given({"V1": rate}, factors={"position": place.unsqueeze(2)})
    far = torch.cat([place, place + 2.5], dim=1)
    outside = Given({"V1": torch.cat([rate, 9.0 + rate], dim=1)}, factors={"position": far.unsqueeze(2)})
    assert value(outside, kind="gridness").item() == value(inside, kind="gridness").item()
    nowhere = Given({"V1": rate}, factors={"position": place.unsqueeze(2) + 2.5})
    assert value(nowhere, kind="gridness").item() == 0.0


def test_traces_are_what_a_recording_of_some_synapses_shows() -> None:
    weight = {"area/V1/from/eye/weight": random(1, 4, 3)}
    x, rate = random(1, 10, 2, 4, seed=1), random(1, 10, 2, 3, seed=2)
    given = Given({"V1": rate, "eye": x}, inputs={"V1": {"eye": 2.0 * x}})
    found = value(given, weight, kind="traces", at="V1", source="eye", synapses=5)[0]
    assert found.shape == (15,)
    # Weights, means of what arrives and means of the area's rates are all different: each says which one it is.
    own = weight["area/V1/from/eye/weight"][0]
    before, behind = 2.0 * x.mean(dim=(0, 1, 2)), rate.mean(dim=(0, 1, 2))
    ends = set()
    for w, pre, post in zip(*found.split(5), strict=True):
        (i,), (j,) = ((each - told).abs().argmin()[None] for each, told in ((before, pre), (behind, post)))
        assert (before[i].item(), behind[j].item()) == (pytest.approx(pre.item()), pytest.approx(post.item()))
        assert own[i, j] == w
        ends.add((int(i), int(j)))
    assert len(ends) > 1
    again = value(given, weight, kind="traces", at="V1", source="eye", synapses=8)[0]
    assert torch.equal(again[:5], found[:5])
