"""Probes of units, truths and weights against values computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from scipy.stats import spearmanr
from seeing import Given, random, rows, value
from sklearn.metrics import r2_score

from models.probes import build_probe, cka, decode
from models.protocols import ProbeView
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.probes import ProbeSpec


def test_activity_is_the_mean_or_the_root_mean_square() -> None:
    given = Given({"V1": rows([3.0, -4.0], [0.0, 5.0])})
    assert value(given, kind="activity").item() == 1.0
    assert value(given, kind="activity", read="rms").item() == pytest.approx(math.sqrt(50 / 4))


def test_dead_units_say_the_same_of_every_item() -> None:
    given = Given({"V1": rows([0.0, 1.0, 0.3, 2.0], [0.0, 1.0, 0.4, 2.0], [0.0, 1.0, 0.3, 7.0])})
    assert value(given, kind="dead_units").item() == 0.5
    assert value(given, kind="dead_units", spread=0.2).item() == 0.75


def test_sparseness_runs_from_all_alike_to_a_single_unit() -> None:
    single, alike = rows([0.0, 0.0, 5.0, 0.0]), rows([2.0, -2.0, 2.0, 2.0])
    for measure in ("treves_rolls", "hoyer"):
        assert value(Given({"V1": single}), kind="sparseness", measure=measure).item() == pytest.approx(1.0)
        assert value(Given({"V1": alike}), kind="sparseness", measure=measure).item() == pytest.approx(0.0, abs=1e-6)
    half = rows([1.0, 1.0, 0.0, 0.0])
    # (mean)^2 / mean of squares = (1/2)^2 / (1/2) = 1/2; (2 - 2 / sqrt 2) / (2 - 1).
    assert value(Given({"V1": half}), kind="sparseness").item() == pytest.approx((1 - 0.5) / (1 - 0.25))
    hoyer = value(Given({"V1": half}), kind="sparseness", measure="hoyer").item()
    assert hoyer == pytest.approx(2 - math.sqrt(2))


def test_spatial_information_is_in_bits_per_spike() -> None:
    place = torch.arange(8).repeat(5).reshape(1, -1, 1)
    cells = torch.nn.functional.one_hot(place, 8).float()
    fires = torch.where(place < 2, 1.0, 0.0)[..., None]
    everywhere = torch.ones_like(fires)
    truth = {"place": place}

    def bits(rate: torch.Tensor, **options: int) -> float:
        return value(Given({"V1": rate}, factors=truth), kind="spatial_information", **options).item()

    assert bits(cells) == pytest.approx(3.0)
    assert bits(fires) == pytest.approx(2.0)
    assert bits(everywhere) == pytest.approx(0.0)
    assert bits(torch.cat([fires, everywhere, -fires], dim=-1)) == pytest.approx(1.0)
    # 3/4 of the spikes at one of two equally visited places
    half = torch.where(place < 4, 3.0, 1.0)[..., None]
    assert bits(half) == pytest.approx(0.75 * math.log2(1.5) + 0.25 * math.log2(0.5))
    assert bits(cells, visits=6) == 0.0
    assert bits(torch.zeros_like(fires)) == 0.0


def test_silent_items_say_nothing_about_sparseness() -> None:
    silent = torch.zeros(1, 1, 1, 4)
    given = Given({"V1": torch.cat([rows([0.0, 0.0, 5.0, 0.0]), silent], dim=1)})
    assert value(given, kind="sparseness").item() == pytest.approx(1.0)
    assert value(Given({"V1": silent}), kind="sparseness").item() == 0.0
    assert value(Given({"V1": rows([3.0], [1.0])}), kind="sparseness").item() == 0.0


def test_delta_is_2_for_noise_and_that_of_its_periods_for_a_sine() -> None:
    noise = random(1, 200, 50, 3)
    assert value(Given({"V1": noise}), kind="delta_value").item() == pytest.approx(2.0, rel=0.02)
    T, k = 100, 3
    time = torch.arange(T + 1) / T
    sine = torch.sin(2 * math.pi * k * time).reshape(1, 1, -1, 1)
    delta = value(Given({"V1": 7 * sine[:, :, :T] + 4}), kind="delta_value").item()
    assert T / (2 * math.pi) * math.sqrt(delta) == pytest.approx(k, rel=0.02)
    assert delta == pytest.approx(4 * math.sin(math.pi * k / T) ** 2, rel=0.02)
    still = torch.cat([sine, torch.full_like(sine, 0.7)], dim=3)
    assert value(Given({"V1": still}), kind="delta_value").item() == pytest.approx(
        value(Given({"V1": sine}), kind="delta_value").item()
    )
    assert value(Given({"V1": torch.ones(1, 2, 5, 2)}), kind="delta_value").item() == 0.0


def test_mse_of_classes_is_that_of_one_hot_outputs() -> None:
    given = Given({"V1": rows([1.0, 0.0], [0.5, 0.5])}, torch.tensor([[[0], [1]]]))
    assert value(given, kind="mse", at="V1").item() == pytest.approx((0.25 + 0.25) / 4)
    numbers = Given({"V1": rows([1.0, 2.0])}, factors={"place": torch.tensor([[[[0.0, 5.0]]]])})
    assert value(numbers, kind="mse", at="V1", truth="place").item() == 5.0
    single = Given({"V1": rows([1.0], [3.0])}, factors={"turn": torch.tensor([[[0.0], [1.0]]])})
    assert value(single, kind="mse", at="V1", truth="turn").item() == 2.5


def test_a_factor_that_is_not_told_is_refused() -> None:
    with pytest.raises(ValueError, match="tells no label"):
        value(Given({"V1": rows([1.0])}), kind="mse", at="V1")


def test_angles_are_those_between_directions() -> None:
    told = rows([1.0, 0.0], [0.0, 2.0], [3.0, 3.0], [0.0, 0.0])
    true = rows([1.0, 0.0], [-1.0, 0.0], [-0.1, -0.1], [1.0, 0.0])
    found = value(Given({"V1": told}, factors={"gaze": true}), kind="angle_error", at="V1", truth="gaze")
    assert found.item() == pytest.approx((0 + 90 + 180 + 90) / 4)
    chance = Given({"V1": random(1, 5000, 1, 2)}, factors={"gaze": random(1, 5000, 1, 2, seed=1)})
    assert value(chance, kind="angle_error", at="V1", truth="gaze").item() == pytest.approx(90.0, abs=2.5)


def test_average_precision_is_that_of_the_ranking() -> None:
    # Ranks 1 and 3 of four hold what is to be found: (1/1 + 2/3) / 2.
    given = Given({"V1": rows([0.9], [0.8], [0.7], [0.1])}, torch.tensor([[[1], [0], [1], [0]]]))
    assert value(given, kind="average_precision", at="V1").item() == pytest.approx(5 / 6)
    tied = Given({"V1": rows([0.5], [0.5], [0.5], [0.5])}, torch.tensor([[[1], [0], [1], [0]]]))
    assert value(tied, kind="average_precision", at="V1").item() == pytest.approx(0.5)
    nothing = Given({"V1": rows([0.5], [0.2])}, torch.tensor([[[0], [0]]]))
    assert value(nothing, kind="average_precision", at="V1").item() == 0.0
    classes = Given({"V1": rows([0.9, 0.0, 3.0], [0.1, 0.5, 4.0])}, torch.tensor([[[0], [1]]]))
    assert value(classes, kind="average_precision", at="V1").item() == 1.0
    places = {"map": torch.tensor([[[[1.0, 0.0]]], [[[0.0, 1.0]]]])}
    maps = Given({"V1": torch.tensor([[[[0.9, 0.1]]], [[[0.9, 0.1]]]])}, factors=places)
    assert value(maps, kind="average_precision", at="V1", truth="map").tolist() == [1.0, 0.5]


def test_decoding_is_the_share_of_variance_that_a_line_explains() -> None:
    x, noise = random(2, 900, 1, 5), random(2, 900, 1, 2, seed=1)
    place = torch.stack([x[..., 0] + 2 * x[..., 1], x[..., 2]], dim=-1)
    place[1] += noise[1] * torch.tensor([math.sqrt(5.0), 1.0])
    parts = [Given({"V1": x[:, cut]}, factors={"place": place[:, cut]}) for cut in (slice(600), slice(600, 900))]
    found = value(parts[1], extra={"train": parts[0]}, kind="decode", train="school", truth="place")
    assert found[0].item() == pytest.approx(1.0, abs=1e-3)
    assert found[1].item() == pytest.approx(0.5, abs=0.08)
    # a number that never varies is none to be told
    still = [
        replace(part, factors={"place": torch.nn.functional.pad(part.factors["place"], (0, 1), value=1.0)})
        for part in parts
    ]
    beside = value(still[1], extra={"train": still[0]}, kind="decode", train="school", truth="place")
    torch.testing.assert_close(beside, found)
    unrelated = [
        Given({"V1": random(1, 300, 1, 5, seed=k)}, factors={"place": random(1, 300, 1, seed=9 + k)}) for k in (2, 3)
    ]
    found = value(unrelated[1], extra={"train": unrelated[0]}, kind="decode", train="school", truth="place")
    assert -0.1 < found.item() < 0.05


def test_what_is_explained_is_what_scikit_learn_calls_r2() -> None:
    true, told = random(1, 40, 3).double(), random(1, 40, 3, seed=1).double()
    assert decode._explained(told, true).item() == pytest.approx(r2_score(true[0].numpy(), told[0].numpy()))


def test_a_forecast_is_held_against_the_last_frame_or_its_line() -> None:
    x = torch.arange(6.0).square().reshape(1, 1, 6, 1)
    copy, line = x.clone(), 2 * x - torch.cat([x[:, :, :1], x[:, :, :-1]], dim=2)
    given = {"retina": x, "copy": copy, "line": line, "V1": torch.cat([x[:, :, 1:], x[:, :, :1]], dim=2)}

    def of(at: str, against: str) -> float:
        return value(Given(given), kind="next_frame", at=at, sense="retina", against=against).item()

    assert of("copy", "copy") == 1.0
    assert of("line", "line") == 1.0
    assert of("V1", "copy") == 0.0
    # Steps grow by 2: the line errs by 2 each time, the copy by 3, 5, 7, 9 from t = 1 on.
    assert of("copy", "line") == pytest.approx((9 + 25 + 49 + 81) / (4 * 4))
    still = {"retina": torch.ones(1, 1, 4, 1), "V1": torch.zeros(1, 1, 4, 1)}
    assert value(Given(still), kind="next_frame", at="V1", sense="retina").item() == 0.0


def gratings(units: Any, orientations: int = 16, phases: int = 8) -> Given:
    """Responses of units to orientation and phase at two frequencies: a function of (a, f, phase) for each unit."""
    angle, frequency, phase = torch.meshgrid(
        torch.arange(orientations) * math.pi / orientations,
        torch.tensor([1.0, 2.0]),
        torch.arange(phases) * 2 * math.pi / phases,
        indexing="ij",
    )
    rate = torch.stack([unit(angle, frequency, phase) for unit in units], dim=-1).reshape(1, -1, 1, len(units))
    told = {"orientation": angle.reshape(1, -1, 1), "frequency": frequency.reshape(1, -1, 1)}
    return Given({"V1": rate}, factors=told)


def test_orientation_selectivity_of_known_tunings() -> None:
    def simple(a: torch.Tensor, f: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        """Amplitude 1 + cos 2(a - .7) at the better frequency: the index is 1/2."""
        return (1 + torch.cos(2 * (a - 0.7))) * torch.sin(p) * (f == 2.0)

    def blob(a: torch.Tensor, f: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        return torch.sin(p) * f + 0 * a

    def one(a: torch.Tensor, f: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        return (a == 0).float() * torch.sin(p) + 0 * f

    def silent(a: torch.Tensor, f: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        return 0.3 + 0 * (a + f + p)

    for unit, expected in ((simple, 0.5), (blob, 0.0), (one, 1.0), (silent, 0.0)):
        assert value(gratings([unit]), kind="orientation").item() == pytest.approx(expected, abs=1e-5)

    def faint(a: torch.Tensor, f: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        """Amplitude 1 + .5 cos 2a: the index is 1/4, below the .3 of those who choose."""
        return (1 + 0.5 * torch.cos(2 * a)) * torch.sin(p) + 0 * f

    assert value(gratings([faint, one]), kind="orientation", read="share").item() == pytest.approx(0.5)
    all_of_them = gratings([simple, blob, one, silent])
    assert value(all_of_them, kind="orientation").item() == pytest.approx(1.5 / 3, abs=1e-5)
    assert value(all_of_them, kind="orientation", read="share").item() == pytest.approx(2 / 3)


def test_rsa_is_the_rank_correlation_of_the_dissimilarities() -> None:
    rate = {"V1": random(1, 12, 2, 5), "retina": random(1, 12, 2, 7, seed=1)}
    apart = {
        name: (1 - np.corrcoef(each[0].flatten(1).double().numpy()))[np.triu_indices(12, 1)]
        for name, each in rate.items()
    }
    expected = spearmanr(apart["V1"], apart["retina"]).statistic
    assert value(Given(rate), kind="rsa", to="retina").item() == pytest.approx(expected, abs=1e-6)
    assert value(Given(rate), kind="rsa", to="V1").item() == pytest.approx(1.0)
    silent = {"V1": torch.zeros(1, 12, 1, 5), "retina": rate["retina"]}
    assert value(Given(silent), kind="rsa", to="retina").item() == 0.0


def test_cka_is_blind_to_turns_and_scale_and_unbiased_by_width() -> None:
    x = random(1, 60, 1, 8)
    turn = torch.linalg.qr(random(8, 8, seed=1))[0]
    rate = {"retina": x, "V1": 3.0 * x @ turn + 5.0}
    assert value(Given(rate), kind="cka", to="retina").item() == pytest.approx(1.0, abs=1e-5)
    far, other = (random(50, 60, 1, 400, seed=seed) for seed in (2, 3))
    found = value(Given({"V1": far, "retina": other}), kind="cka", to="retina")
    assert abs(found.mean().item()) < 3 * found.std().item() / math.sqrt(50)
    assert (
        value(Given({"V1": torch.ones(1, 6, 1, 2), "retina": random(1, 6, 1, 2)}), kind="cka", to="retina").item()
        == 0.0
    )


def test_the_estimate_of_independence_is_the_average_over_items_that_differ() -> None:
    K, L = (cka._kernel(random(1, 6, 3, seed=seed).double()) for seed in (0, 1))
    sums = [0.0, 0.0, 0.0]
    for i, j, q, r in permutations(range(6), 4):
        sums[0] += float(K[0, i, j] * L[0, i, j])
        sums[1] += float(K[0, i, j] * L[0, q, r])
        sums[2] += float(K[0, i, j] * L[0, i, q])
    count = 6 * 5 * 4 * 3
    assert cka._independence(K, L).item() == pytest.approx((sums[0] + sums[1] - 2 * sums[2]) / count)


def test_dominance_runs_from_left_alone_to_right_alone() -> None:
    left = torch.tensor([[[3.0, 0.0, 0.0, 1.0], [4.0, 0.0, 0.0, 0.0]]])
    right = torch.tensor([[[0.0, 2.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.0]]])
    weight = {"area/V1/from/left/weight": left, "area/V1/from/right/weight": right}
    spec = {"kind": "ocular_dominance", "at": "V1", "left": "left", "right": "right"}
    assert value(Given({"V1": rows([0.0])}), weight, **spec).item() == pytest.approx((-1 + 1 + 0 + 0.5) / 4)
    shaped = {name: each.mT.reshape(1, 4, 2, 1, 1) for name, each in weight.items()}
    assert value(Given({"V1": rows([0.0])}), shaped, **spec).item() == pytest.approx(0.125)


def test_shares_of_pathways_add_up_and_count_what_works_against_them() -> None:
    inputs = {"V1": {"a": rows([1.0], [2.0]), "b": rows([1.0], [2.0])}}
    weight = {"area/V1/from/a/weight": torch.tensor([[[4.0]]]), "area/V1/from/b/weight": torch.tensor([[[-1.0]]])}
    given = Given({"V1": rows([0.0], [0.0])}, inputs=inputs)
    shares = [value(given, weight, kind="pathway_share", at="V1", source=source).item() for source in ("a", "b")]
    assert shares == pytest.approx([4 / 3, -1 / 3])
    silent = {name: torch.zeros_like(each) for name, each in weight.items()}
    assert value(given, silent, kind="pathway_share", at="V1", source="a").item() == 0.0


def test_modes_are_those_of_the_map_and_come_by_strength() -> None:
    generator = torch.Generator().manual_seed(3)
    u, v = (torch.linalg.qr(torch.randn(4, 4, generator=generator))[0] for _ in range(2))
    s = torch.tensor([6.0, 3.0, 1.0, 0.5])
    x = random(1, 50, 1, 4)
    half = u @ torch.diag(s * torch.tensor([1.0, 0.5, 0.0, 0.0])) @ v.T
    given = Given({"x": x, "V1": x @ half}, x @ (u @ torch.diag(s) @ v.T))
    found = [value(given, kind="mode_strength", at="V1", sense="x", mode=mode).item() for mode in range(4)]
    assert found == pytest.approx([6.0, 1.5, 0.0, 0.0], abs=1e-4)
    shares = [value(given, kind="mode_strength", at="V1", sense="x", mode=mode, share=True).item() for mode in range(4)]
    assert shares == pytest.approx([1.0, 0.5, 0.0, 0.0], abs=1e-4)


def test_a_mode_that_the_map_does_not_have_has_no_share() -> None:
    x = random(1, 50, 1, 4)
    given = Given({"x": x, "V1": x.clone()}, x @ torch.diag(torch.tensor([3.0, 2.0, 0.0, 0.0])))
    shares = [value(given, kind="mode_strength", at="V1", sense="x", mode=mode, share=True).item() for mode in range(4)]
    assert shares == pytest.approx([1 / 3, 1 / 2, 0.0, 0.0], abs=1e-6)


def test_costs_agree_with_themselves_and_cannot_conflict_where_only_one_reaches(toy_measure: Any, view: Any) -> None:
    def conflict(one: str, other: str) -> torch.Tensor:
        data = {"kind": "cost_conflict", "cost": one, "other": other, "world": "quiz", "every": "1ba"}
        cost = CrossEntropySpec(kind="cross_entropy", at="head")
        return build_probe(TypeAdapter(ProbeSpec).validate_python(data), cost)(view(toy_measure([1, 2])))

    torch.testing.assert_close(conflict("naming", "naming"), torch.ones(2, 2))
    apart = conflict("naming", "quiet")
    assert torch.equal(apart[:, 1], torch.zeros(2))
    assert bool((apart[:, 0].abs() < 1).all())
    toy = toy_measure([1, 2])
    one, other = (toy.gradients(name, by_rule=False) for name in ("naming", "quiet"))
    own = [name for name in one if name.startswith("area/V1/")]
    a, b = (torch.cat([each[name].flatten(1) for name in own], dim=1) for each in (one, other))
    torch.testing.assert_close(apart[:, 0], torch.nn.functional.cosine_similarity(a, b))


def test_divergence_is_that_of_the_law_from_the_outputs() -> None:
    law = torch.tensor([[[[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]]])
    depth = torch.tensor([[[0, 1]]])
    even = Given({"V1": torch.zeros(1, 1, 2, 3)}, factors={"law": law, "depth": depth})
    whole = value(even, kind="divergence", at="V1").item()
    assert whole == pytest.approx((math.log(3) - math.log(2) + math.log(3)) / 2)
    assert value(even, kind="divergence", at="V1", depth=1).item() == pytest.approx(math.log(3))
    assert value(even, kind="divergence", at="V1", depth=0).item() == pytest.approx(math.log(3) - math.log(2))
    assert value(even, kind="divergence", at="V1", depth=5).item() == 0.0
    right = Given({"V1": torch.log(law.clamp(min=1e-30)) + 7.0}, factors={"law": law, "depth": depth})
    assert value(right, kind="divergence", at="V1").item() == pytest.approx(0.0, abs=1e-6)


def test_a_receptive_field_has_the_radius_of_its_weights() -> None:
    axis = (2.0 * torch.arange(8) + 1.0) / 8 - 1.0
    x = random(2, 300, 1, 1, 8, 8)
    point, even, dead = torch.zeros(64), torch.ones(64), torch.zeros(64)
    point[13] = 3.0
    rate = torch.stack([x.flatten(3) @ each for each in (point, even, dead)], dim=-1)

    def radius(units: slice) -> torch.Tensor:
        return value(Given({"retina": x, "V1": rate[..., units]}), kind="rf", sense="retina")

    whole = float((2.0 * axis.square().mean()).sqrt())
    assert radius(slice(0, 1)).flatten().tolist() == pytest.approx([0.0, 0.0], abs=1e-2)
    assert radius(slice(1, 2)).flatten().tolist() == pytest.approx([whole, whole], abs=1e-3)
    assert radius(slice(0, 3)).flatten().tolist() == pytest.approx([whole / 2, whole / 2], abs=1e-2)
    assert radius(slice(2, 3)).flatten().tolist() == [0.0, 0.0]


def test_an_update_is_measured_against_what_it_changes() -> None:
    weight = {"area/V1/from/retina/weight": torch.full((1, 3, 4), 2.0), "area/V1/bias": torch.ones(1, 1, 4)}
    spec = {"kind": "update_ratio", "at": "V1", "world": "quiz", "every": "1ba"}
    probe = build_probe(TypeAdapter(ProbeSpec).validate_python(spec), None)
    nothing: Any = Given({"V1": torch.zeros(1, 1, 1, 1)})
    moved = ProbeView(("V1",), weight, nothing, {}, {"V1": torch.tensor([0.26])})
    assert probe(moved).item() == pytest.approx(0.26 / 52**0.5)
    assert bool(probe(ProbeView(("V1",), weight, nothing)).isnan().all())
