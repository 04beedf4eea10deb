"""Gated slots: rates written out, what is held over a delay."""

from __future__ import annotations

import numpy as np
import torch
from carrying import BUFFER, born, rates

from models.credit.backprop import Exact
from models.protocols import Pass


def test_rates_are_those_of_gated_slots_written_out() -> None:
    member, inputs = BUFFER.build(closed=1.0), BUFFER.heard()
    params = born(member, 3, 4)
    found = rates(member, inputs, params)
    for n in range(2):
        W = torch.cat([params[f"area/PFC/from/{source}/weight"][n] for source in inputs]).double().numpy()
        R, b = (params[f"area/PFC/{name}"][n].double().numpy() for name in ("recurrent/weight", "bias"))
        assert b[0, :3].tolist() == [-1.0] * 3
        m = np.zeros((4, 3, 7))
        for t in range(6):
            x = np.concatenate([inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in inputs], axis=1)
            z = x @ W + b
            g = 1 / (1 + np.exp(-(z[:, :3] + m.reshape(4, -1) @ R)))[..., None]
            m = g * np.tanh(z[:, None, 3:]) + (1 - g) * m
            np.testing.assert_allclose(found[n, :, t].numpy(), m.reshape(4, -1), atol=1e-5)


def test_closed_gates_hold_and_open_ones_take_what_comes() -> None:
    inputs = BUFFER.heard(T=9)
    shut, wide = BUFFER.build(closed=20.0), BUFFER.build(closed=-20.0, act="none")
    held = shut.apply(inputs, (torch.ones(2, 4, 21),), Pass(born(shut, 0, 1), Exact(), {}))[0]
    torch.testing.assert_close(held, torch.ones_like(held), rtol=0, atol=1e-4)
    taken = rates(wide, inputs, born(wide, 0, 1))
    torch.testing.assert_close(taken[..., :7], taken[..., 14:], rtol=0, atol=1e-4)


def test_its_units_do_not_spike() -> None:
    credit = [{"areas": ["PFC"], "rule": "surrogate_gradient"}]
    assert "E25" in [code for code, _ in BUFFER.errors(BUFFER.organism() | {"credit": credit})]
