"""Probes against hand values and what is known of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from models.draw import Draw
from models.probes import alignment, build_probe, effective_rank, linear_readout
from models.protocols import Batch, Moment, ProbeView
from models.specs.costs.supervised import CrossEntropySpec
from models.specs.probes import ProbeSpec


def built(**spec: Any) -> Any:
    cost = CrossEntropySpec(kind="cross_entropy", at="head")
    probe = TypeAdapter(ProbeSpec).validate_python({"world": "quiz", "every": "1ba"} | spec)
    return build_probe(probe, cost if "cost" in spec else None)


@dataclass
class Given:
    """A measurement of activity given by hand."""

    rate: torch.Tensor
    label: torch.Tensor | None = None

    def moment(self) -> Moment:
        index = torch.arange(self.rate.shape[1]).expand(self.rate.shape[:2])
        draw = Draw(torch.arange(self.rate.shape[0]), index)
        return Moment(
            Batch({}, self.label, {}, index), {"V1": self.rate}, {}, {}, draw, {}, lambda at, inputs: inputs[at]
        )


def seen(rate: torch.Tensor, label: torch.Tensor | None = None, **extra: Any) -> ProbeView:
    return ProbeView(("V1",), {}, Given(rate, label), extra)  # type: ignore[arg-type]


def test_accuracy_counts_items_whose_largest_output_is_the_label() -> None:
    rate = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5], [0.0, 1.0]]).reshape(1, 4, 1, 2)
    label = torch.tensor([1, 1, 0, 1]).reshape(1, 4, 1)
    assert built(kind="accuracy", at="V1")(seen(rate, label)).item() == 0.75


def test_accuracy_without_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="shows labels"):
        built(kind="accuracy", at="V1")(seen(torch.zeros(1, 4, 1, 2)))


def test_loss_is_the_value_of_the_cost(toy_measure: Any, view: Any) -> None:
    toy = toy_measure([1, 2])
    assert torch.equal(built(kind="loss", cost="naming")(view(toy)), toy.cost("naming"))


def test_weight_norm_joins_the_weights_of_an_area_and_leaves_biases_out() -> None:
    weight = {
        "area/V1/from/retina/weight": torch.full((2, 1, 1), 3.0),
        "area/V1/layer2/weight": torch.tensor([[[4.0]], [[0.0]]]),
        "area/V1/bias": torch.full((2, 1, 1), 100.0),
        "area/V10/from/V1/weight": torch.full((2, 1, 1), 7.0),
    }
    norms = built(kind="weight_norm")(ProbeView(("V1", "V10"), weight, Given(torch.zeros(2, 1, 1, 1))))  # type: ignore[arg-type]
    assert norms.tolist() == [[5.0, 7.0], [3.0, 7.0]]


def test_the_gradient_is_exactly_aligned_with_itself(toy_measure: Any, view: Any) -> None:
    angles = built(kind="alignment", cost="naming")(view(toy_measure([1, 2, 3])))
    assert torch.equal(angles, torch.zeros(3, 2))


def test_angles_are_those_of_the_plane() -> None:
    x = torch.tensor([[1.0, 0.0]] * 5, dtype=torch.float64)
    turned = torch.tensor([0.001, 45.0, 90.0, 135.0, 180.0], dtype=torch.float64)
    y = 7.0 * torch.stack([torch.deg2rad(turned).cos(), torch.deg2rad(turned).sin()], dim=1)
    torch.testing.assert_close(alignment._angle(x, y), turned.float())
    assert alignment._angle(x, torch.zeros_like(x)).tolist() == [90.0] * 5


def test_a_twisted_rule_is_some_way_off(toy_measure: Any, view: Any) -> None:
    toy = toy_measure([1, 2])
    toy.twist = 0.3
    angles = built(kind="alignment", cost="naming")(view(toy))
    assert bool(((angles > 1) & (angles < 90)).all())


def test_effective_rank_is_the_number_of_equal_directions() -> None:
    basis = torch.linalg.qr(torch.randn(64, 64, generator=torch.Generator().manual_seed(0)).double())[0]
    scores = torch.linalg.qr(torch.randn(200, 3, generator=torch.Generator().manual_seed(1)).double())[0]
    scores = torch.linalg.qr(scores - scores.mean(0))[0]
    rate = (scores @ basis[:3]).float().reshape(1, 200, 1, 64) + 0.25
    assert built(kind="effective_rank")(seen(rate)).item() == pytest.approx(3.0, abs=2e-2)


def test_effective_rank_of_two_unequal_directions_is_their_entropy() -> None:
    rate = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).reshape(1, 4, 1, 2)
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert built(kind="effective_rank")(seen(rate)).item() == pytest.approx(expected)


def test_effective_rank_does_not_depend_on_which_side_is_longer_and_is_0_for_dead_units() -> None:
    rate = torch.randn(1, 7, 20, generator=torch.Generator().manual_seed(2))
    centred = (rate - rate.mean(1, keepdim=True))[0].double()
    size = torch.linalg.svdvals(centred)
    share = size / size.sum()
    assert effective_rank._rank(rate).item() == pytest.approx(
        torch.exp(-torch.xlogy(share, share).sum()).item(), rel=1e-5
    )
    assert effective_rank._rank(torch.full((1, 7, 20), 0.3)).item() == 0.0


def test_a_linear_readout_finds_classes_that_are_linear_and_not_those_that_are_not() -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 600, 1, 6, generator=generator)
    linear = (x[..., 0] + x[..., 1] > 0).long()
    crossed = (x[..., 0] * x[..., 1] > 0).long()
    label = torch.stack([linear[0], crossed[1]])
    fit = Given(x[:, :400], label[:, :400])
    scores = built(kind="linear_readout", train="school")(seen(x[:, 400:], label[:, 400:], train=fit))
    assert scores[0, 0].item() > 0.95
    assert scores[1, 0].item() < 0.65


def test_a_readout_is_fitted_to_all_items_once_its_ridge_is_chosen() -> None:
    label = torch.tensor([0, 1] * 40 + [2] * 20).reshape(1, 100, 1)
    x = torch.nn.functional.one_hot(label, 3).float()
    # the last class is shown in the last fifth alone
    fit, asked = Given(x, label), (x[:, 80:], label[:, 80:])
    assert built(kind="linear_readout", train="school")(seen(*asked, train=fit)).item() == 1.0


def test_a_readout_does_not_mind_scale_offset_or_silent_units() -> None:
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(1, 300, 1, 4, generator=generator)
    label = (x[..., 0] > 0).long()
    bent = torch.cat([x * torch.tensor([1e-3, 10.0, 1.0, 5.0]) + 3.0, torch.zeros(1, 300, 1, 2)], dim=-1)

    def score(rate: torch.Tensor) -> float:
        fit = Given(rate[:, :200], label[:, :200])
        return float(built(kind="linear_readout", train="school")(seen(rate[:, 200:], label[:, 200:], train=fit)))

    assert score(bent) == pytest.approx(score(x), abs=0.02)


def test_the_ridge_is_the_closed_form() -> None:
    generator = torch.Generator().manual_seed(5)
    x, label = torch.randn(1, 50, 1, 3, generator=generator).double(), torch.randint(3, (1, 50, 1), generator=generator)
    z = (x[0, :, 0] - x[0, :, 0].mean(0)) / x[0, :, 0].std(0, correction=0)
    y = torch.nn.functional.one_hot(label[0, :, 0], 3).double()
    weight = torch.linalg.solve(z.T @ z / 50 + 0.1 * torch.eye(3), z.T @ (y - y.mean(0)) / 50)
    named = (z @ weight + y.mean(0)).argmax(1)
    expected = (named == label[0, :, 0]).double().mean()
    assert linear_readout._accuracy((x, label), (x, label), torch.tensor([0.1]), 3)[0] == expected


def test_fisher_of_a_linear_head_is_input_norm_times_error_norm(toy_measure: Any, view: Any) -> None:
    toy = toy_measure([1, 2], items=50)
    traces = built(kind="fisher_trace", cost="naming")(view(toy))
    moment = toy.moment()
    p = moment.rate["head"].softmax(-1)[:, :, 0]
    unit = toy.draw.at("probe", "fisher_trace").uniform(1, 1)[:, :, 0]
    drawn = torch.searchsorted(p.cumsum(-1), unit).clamp(max=3)
    error = torch.nn.functional.one_hot(drawn[:, :, 0], 4) - p
    expected = ((moment.rate["V1"][:, :, 0].square().sum(-1) + 1.0) * error.square().sum(-1)).mean(dim=1)
    torch.testing.assert_close(traces[:, 1], expected)


def test_fisher_over_many_draws_is_the_expectation_over_answers(toy_measure: Any, view: Any) -> None:
    toy = toy_measure([3], items=1)
    p = toy.moment().rate["head"].softmax(-1)[0, 0, 0]
    hidden = toy.moment().rate["V1"][0, 0, 0].square().sum() + 1.0
    exact = sum(p[k] * hidden * (torch.eye(4)[k] - p).square().sum() for k in range(4))
    many = {name: x.expand(1, 4000, 1, -1) for name, x in toy.batch.senses.items()}
    index = torch.arange(4000)[None]
    toy.batch, toy.draw = Batch(many, None, {}, index), replace(toy.draw, index_NB=index)
    trace = built(kind="fisher_trace", cost="naming", at="head")(view(toy)).item()
    assert trace == pytest.approx(float(exact), rel=0.05)
