"""Node perturbation: credit by trying."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import CONV, SMALL, agree, angle, asked, hand, newborn, taught
from raising import IMAGE, chain


def rule(**options: Any) -> dict[str, Any]:
    return {"kind": "node_perturbation", **options}


def looped() -> dict[str, Any]:
    """A recurrent area below a head."""
    areas = {"M1": {"kind": "recurrent", "size": 8}, "head": {"kind": "linear", "size": 10, "act": "none"}}
    return {"senses": IMAGE, "areas": areas, "pathways": [{"from": "retina", "to": "M1"}, {"from": "M1", "to": "head"}]}


@pytest.mark.parametrize("antithetic", [True, False])
def test_it_is_its_closed_form(antithetic: bool) -> None:
    regime, cohort = newborn(taught(rule(antithetic=antithetic)))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    draw = by_hand.draw.at
    xi = [
        draw("rule", f"area/{name}/push/0/0").normal(1, h.shape[2])[:, :, 0]
        for name, h in zip(SMALL, by_hand.h[1:], strict=True)
    ]

    def cost(sigma: float) -> torch.Tensor:
        h = by_hand.h[0].double()
        for k, push in enumerate(xi):
            z = h @ by_hand.W[k].double() + by_hand.b[k].double() + sigma * push.double()
            h = torch.tanh(z) if k < len(xi) - 1 else z
        return -(by_hand.y * h.log_softmax(-1)).sum(-1)

    gain = (cost(0.01) - cost(-0.01)) / 0.02 if antithetic else (cost(0.01) - cost(0.0)) / 0.01
    wanted = by_hand.weights([(gain[..., None] * push).float() for push in xi])
    agree(asks, wanted, tolerance=2e-2)


@pytest.mark.parametrize(
    ("organism", "clock"),
    [(chain(12, 10), {}), (CONV, {}), (looped(), {"sweeps": 3})],
    ids=["linear", "conv", "recurrent"],
)
def test_the_mean_of_many_draws_nears_the_gradient(organism: dict[str, Any], clock: dict[str, int]) -> None:
    def widest(draws: int) -> float:
        regime, cohort = newborn(taught(rule(draws=draws), organism), seeds=(0,), clock={"batch": 20} | clock)
        asks, true = asked(regime, cohort, 16)
        return max(float(angle(asks[name], true[name]).max()) for name in true if name.endswith("weight"))

    assert widest(64) < widest(4) - 10
