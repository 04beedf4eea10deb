"""MNIST-1D: the recipe's statistics and its two floors."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from models.specs.worlds.real import Mnist1dSpec
from models.worlds import build_world, mnist1d

LIFE = torch.zeros(1, dtype=torch.int64)


def split(name: str) -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    world = build_world(Mnist1dSpec(kind="mnist1d"), name)
    assert world.size is not None
    senses, label, factors = world.sample(LIFE, torch.arange(world.size)[None])
    assert label is not None
    return senses["signal"][0, :, 0], label[0, :, 0], {key: factor[0, :, 0] for key, factor in factors.items()}


def test_train_is_standardised_and_classes_are_even() -> None:
    signal, label, _ = split("train")
    assert abs(signal.mean().item()) < 1e-5
    assert abs(signal.std().item() - 1.0) < 1e-5
    assert torch.bincount(label).tolist() == [400] * 10
    assert label[:20].tolist() != sorted(label[:20].tolist())


def test_roughness_is_that_of_the_published_set() -> None:
    signal, _, _ = split("test")
    assert signal.diff(dim=1).square().mean().item() == pytest.approx(0.358, abs=0.02)
    assert signal.pow(4).mean().item() == pytest.approx(4.36, abs=0.25)


def test_factors_have_the_recipe_s_ranges() -> None:
    _, _, factors = split("train")
    assert (factors["shift"].min().item(), factors["shift"].max().item()) == (0.0, 47.0)
    assert 0.8 <= factors["scale"].min().item() < 0.81
    assert 1.19 < factors["scale"].max().item() <= 1.2


def test_interpolation_runs_to_zeros_behind_the_curve() -> None:
    places = torch.tensor([[0.0, 0.5, 1.0, 1.25, 2.0, 40.0]], dtype=torch.float64)
    read = mnist1d._at(torch.tensor([[2.0, 4.0]], dtype=torch.float64), places)
    assert read.tolist() == [[2.0, 3.0, 4.0, 3.0, 0.0, 0.0]]


def test_the_filter_keeps_constants_and_spreads_by_its_width() -> None:
    constant = torch.full((1, 72), 3.0, dtype=torch.float64)
    torch.testing.assert_close(mnist1d._filtered(constant), constant)
    spike = torch.zeros(1, 72, dtype=torch.float64)
    spike[0, 36] = 1.0
    spread = mnist1d._filtered(spike)[0]
    place = torch.arange(72) - 36
    assert (spread * place**2).sum().item() == pytest.approx(4.0, rel=0.01)


def test_a_linear_reader_reaches_a_third_of_the_test_items() -> None:
    (signal, label, _), (test_signal, test_label, _) = split("train"), split("test")
    reader = LogisticRegression(max_iter=2000).fit(signal.numpy(), label.numpy())
    assert reader.score(test_signal.numpy(), test_label.numpy()) == pytest.approx(0.32, abs=0.03)


def test_two_hidden_layers_reach_two_thirds() -> None:
    (signal, label, _), (test_signal, test_label, _) = split("train"), split("test")
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        widths = [40, 100, 100, 10]
        layers = [module for pair in pairwise(widths) for module in (torch.nn.Linear(*pair), torch.nn.ReLU())]
        net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(1200):
        chosen = torch.randint(4000, (100,), generator=generator)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(signal[chosen]), label[chosen]).backward()
        optimizer.step()
    assert 0.60 <= (net(test_signal).argmax(1) == test_label).float().mean().item() <= 0.72


def test_slopes_have_nothing_to_do_with_scales() -> None:
    signal, _, factors = split("train")
    place = torch.linspace(-1.0, 1.0, 40)
    slope = (signal - signal.mean(dim=1, keepdim=True)) @ place / place.square().sum()
    assert abs(torch.corrcoef(torch.stack([slope, factors["scale"]]))[0, 1].item()) < 0.1


def test_random_curves_are_noise_under_a_filter_of_a_point_and_a_half(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    monkeypatch.setattr(mnist1d, "_filtered", lambda noise, width: seen.append(width) or noise)
    mnist1d._curves(Mnist1dSpec(kind="mnist1d", templates="random"))
    assert seen == [1.5]


def test_random_curves_make_other_tasks_of_the_same_kind() -> None:
    first, second = (mnist1d._curves(Mnist1dSpec(kind="mnist1d", templates="random", seed=seed)) for seed in (0, 1))
    published = mnist1d._curves(Mnist1dSpec(kind="mnist1d"))
    for curves in (first, second):
        assert curves.shape == published.shape
        torch.testing.assert_close(curves.std(dim=1, correction=0), torch.full((10,), 1 / 6, dtype=torch.float64))
        assert curves[:, 0].abs().max().item() == 0.0
        roughness = curves.diff(dim=1).square().mean() / published.diff(dim=1).square().mean()
        assert 0.5 < roughness.item() < 2.0
    assert not torch.allclose(first, second)
    assert "templates" not in Mnist1dSpec(kind="mnist1d").model_dump()
