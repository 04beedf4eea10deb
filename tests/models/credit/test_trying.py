"""Rules that push and hear of the cost alone: weight perturbation and forward gradients."""

from __future__ import annotations

import torch
from crediting import angle, asked, hand, newborn, taught
from raising import chain

from models.draw import Draw
from models.engine.cohort import Cohort


def pushes(draw: Draw, cohort: Cohort) -> dict[str, torch.Tensor]:
    """The first push of every parameter."""
    assert draw.index_NB is not None
    once = draw.indexed(draw.index_NB[:, :1])
    return {
        name: once.at("rule", f"{name}/push/0").normal(*value.shape[1:])[:, 0] for name, value in cohort.params.items()
    }


def along(true: dict[str, torch.Tensor], xi: dict[str, torch.Tensor]) -> torch.Tensor:
    """Slope (N,) of the cost along a push."""
    return torch.stack([(true[name] * push).flatten(1).sum(dim=1) for name, push in xi.items()]).sum(dim=0)


def scaled(slope_N: torch.Tensor, push: torch.Tensor) -> torch.Tensor:
    return slope_N.reshape(-1, *[1] * (push.dim() - 1)) * push


def test_a_forward_gradient_along_weights_is_the_slope_times_the_direction() -> None:
    regime, cohort = newborn(taught({"kind": "forward_gradient", "at": "weight"}))
    asks, true = asked(regime, cohort)
    xi = pushes(hand(regime, cohort).draw, cohort)
    for name, push in xi.items():
        torch.testing.assert_close(asks[name], scaled(along(true, xi), push), rtol=1e-4, atol=1e-5)


def test_weight_perturbation_is_the_same_but_for_the_curvature() -> None:
    regime, cohort = newborn(taught({"kind": "weight_perturbation"}))
    asks, true = asked(regime, cohort)
    xi = pushes(hand(regime, cohort).draw, cohort)
    slope_N = along(true, xi)
    for name, push in xi.items():
        torch.testing.assert_close(asks[name], scaled(slope_N, push), rtol=0.1, atol=0.02)


def test_a_forward_gradient_along_drives_is_node_perturbation_with_vanishing_pushes() -> None:
    forward, _ = asked(*newborn(taught({"kind": "forward_gradient"})))
    tried, _ = asked(*newborn(taught({"kind": "node_perturbation", "sigma": 3e-3})))
    for name, each in forward.items():
        assert (angle(each, tried[name]) < 1.0).all(), name


def test_the_mean_over_weight_pushes_nears_the_gradient() -> None:
    def widest(draws: int) -> float:
        regime, cohort = newborn(
            taught({"kind": "weight_perturbation", "draws": draws}, chain(2), ["head"]), seeds=(0,)
        )
        asks, true = asked(regime, cohort)
        return float(angle(asks["area/head/from/a1/weight"], true["area/head/from/a1/weight"]).max())

    # with d directions drawn of p = 30, the cosine is about sqrt(d / (d + p))
    assert widest(64) < 45 < widest(2)
