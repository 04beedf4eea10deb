"""Soft competition: clusters found, winners towards, others away, and the hard form in the limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from crediting import CONV, asked, hand, lone, newborn, taught, weight
from raising import chain, differing, one_stage, raised, state

ADDRESS = weight("a1", "retina")


def rule(**options: Any) -> dict[str, Any]:
    return {"kind": "softhebb", **options}


@pytest.mark.parametrize("rate_rule", ["norm", "plain"])
def test_it_is_its_closed_form(rate_rule: str) -> None:
    regime, cohort = newborn(taught(rule(rate_rule=rate_rule), chain(21), ["a1"]))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    for n in range(3):
        W = by_hand.W[0][n].double().numpy()
        growth = np.zeros_like(W)
        for item in by_hand.h[0][n].double().numpy():
            x = item / np.sqrt((item**2).sum())
            u = x @ W
            q = np.exp(8 * u) / np.exp(8 * u).sum()
            for k in range(21):
                growth[:, k] += (q[k] if k == u.argmax() else -q[k]) * (x - u[k] * W[:, k]) / 64
        eta = np.abs(np.sqrt((W**2).sum(0)) - 1) ** 0.5 if rate_rule == "norm" else 1.0
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth * eta).float(), rtol=1e-3, atol=1e-6)


def test_with_the_sharpest_competition_the_winner_goes_the_hard_way_but_for_its_length() -> None:
    regime, cohort = newborn(taught(rule(rate_rule="plain", temperature=1000.0), chain(13), ["a1"]))
    values = cohort.params[ADDRESS].detach()
    values /= torch.linalg.vector_norm(values, dim=1, keepdim=True)
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    x = by_hand.h[0] / torch.linalg.vector_norm(by_hand.h[0], dim=2, keepdim=True)
    W = by_hand.W[0]
    winner = torch.cdist(x, W.mT).argmin(2)
    tangent = torch.zeros_like(W)
    for n in range(3):
        for k in range(13):
            hard = (x[n] - W[n, :, k])[winner[n] == k].sum(0) / 64
            tangent[n, :, k] = hard - (hard @ W[n, :, k]) * W[n, :, k]
    assert torch.linalg.vector_norm(asks[ADDRESS] + tangent) < 0.03 * torch.linalg.vector_norm(tangent)


def test_every_cluster_has_units_of_its_own() -> None:
    regime = lone(rule(temperature=2.0), 6, {"kind": "ring", "modes": 3}, 0.5)
    found = raised(regime, range(5), 1000).params[ADDRESS].detach()
    turn = 2 * torch.pi * torch.arange(3) / 3
    cosine = torch.cosine_similarity(found[..., None], torch.stack([turn.cos(), turn.sin()])[:, None], dim=1)
    assert (cosine > 0.98).any(dim=1).all()


def test_weights_come_to_length_one() -> None:
    regime = lone(rule(temperature=1.0), 20, {"kind": "digits"}, 0.5, init={"kind": "normal", "sd": 0.2})
    weights = [raised(regime, [0, 1], updates).params[ADDRESS].detach() for updates in (1, 900)]
    first, last = (torch.linalg.vector_norm(each, dim=1) for each in weights)
    assert ((first - 1).abs() > 0.2).all()
    assert ((last - 1).abs() < 0.1).all()


def test_kernels_learn_patch_by_patch() -> None:
    regime, cohort = newborn(taught(rule(rate_rule="plain"), CONV, ["a1", "a2"]))
    asks, _ = asked(regime, cohort, 8)
    by_hand = hand(regime, cohort, 8)
    kernel = cohort.params[ADDRESS].detach()[0]
    picture = by_hand.h[0][0].reshape(8, 8, 8)
    padded = torch.nn.functional.pad(picture, (1, 1, 1, 1))
    growth = torch.zeros(3, 9)
    for item in padded:
        for row in range(8):
            for column in range(8):
                patch = item[row : row + 3, column : column + 3].flatten()
                x = patch / patch.norm() if patch.norm() > 0 else patch
                u = kernel.flatten(1) @ x
                q = (8 * u).softmax(0)
                s = torch.where(torch.arange(3) == u.argmax(), q, -q)
                growth += s[:, None] * (x - u[:, None] * kernel.flatten(1)) / 512
    torch.testing.assert_close(asks[ADDRESS][0], -growth.reshape(kernel.shape), rtol=1e-3, atol=1e-6)


def test_kernels_are_the_same_alone_and_at_every_slot() -> None:
    regime = one_stage(taught(rule(), CONV, ["a1", "a2"]), clock={"batch": 33})
    alone = {seed: state(raised(regime, [seed]), seed) for seed in range(3)}
    together = raised(regime, [2, 0, 1])
    for seed in range(3):
        assert differing(state(together, seed), alone[seed]) == []
