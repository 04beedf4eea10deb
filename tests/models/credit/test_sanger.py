"""Sanger's rule: principal components, in order."""

from __future__ import annotations

import numpy as np
import torch
from build import tiny_schedule
from crediting import asked, directions, hand, lone, newborn, taught, weight
from raising import chain, raised

from models.specs.checks import check_document

RULE = {"kind": "sanger"}
ADDRESS = weight("a1", "retina")


def test_it_is_its_closed_form() -> None:
    regime, cohort = newborn(taught(RULE, chain(5), ["a1"]))
    asks, _ = asked(regime, cohort)
    by_hand = hand(regime, cohort)
    for n in range(3):
        x, W = by_hand.h[0][n].numpy(), by_hand.W[0][n].numpy()
        growth = np.zeros_like(W)
        for item in x:
            y = item @ W
            for u in range(5):
                growth[:, u] += y[u] * (item - sum(y[v] * W[:, v] for v in range(u + 1))) / len(x)
        torch.testing.assert_close(asks[ADDRESS][n], torch.from_numpy(-growth), rtol=1e-4, atol=1e-6)


def test_the_first_unit_is_oja_and_the_others_are_not() -> None:
    sanger, oja = (
        asked(*newborn(taught({"kind": kind}, chain(3, act="none"), ["a1"])))[0] for kind in ("sanger", "oja")
    )
    torch.testing.assert_close(sanger[ADDRESS][..., 0], oja[ADDRESS][..., 0])
    assert not torch.allclose(sanger[ADDRESS][..., 1:], oja[ADDRESS][..., 1:], rtol=0.1)


def test_units_become_the_principal_components_in_order() -> None:
    world = {"kind": "mixed_sources", "sources": 8}
    found = raised(lone(RULE, 5, world, 0.05), [0, 1], 2500).params[ADDRESS].detach().double()
    assert ((found * directions(world)[:, :5]).sum(1).abs() > 0.99).all()
    torch.testing.assert_close(found.mT @ found, torch.eye(5).double().expand(2, 5, 5), rtol=0.0, atol=0.05)


def test_it_needs_units_that_answer_in_proportion() -> None:
    organism = chain(5) | {"credit": [{"areas": ["a1"], "rule": RULE}]}
    (found,) = check_document(tiny_schedule(organism=organism)).errors
    assert found.code == "E25"
    assert "sanger needs none; a1 is tanh" in found.message
