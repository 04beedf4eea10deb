"""Routes: what is sent written out, contents that never choose their way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from carrying import ROUTER, born, rates

from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Pass


def test_what_goes_out_is_what_the_routes_send_written_out() -> None:
    member, inputs = ROUTER.build(closed=0.7), ROUTER.heard()
    params = born(member, 3, 4)
    found = rates(member, inputs, params)
    for n in range(2):
        W, b = (params[f"area/BG/{name}"][n].double().numpy() for name in ("from/where/weight", "bias"))
        assert np.allclose(b.reshape(3, 3), [[0, 0, 0], [0, 0.7, -0.7], [0, -0.7, 0.7]])
        m = np.zeros((4, 2, 6))
        for t in range(5):
            sent, asked = (inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in inputs)
            q = np.exp((asked @ W + b).reshape(4, 3, 3))
            gone = (q / q.sum(axis=2, keepdims=True)) @ np.concatenate([sent[:, None], m], axis=1)
            m = gone[:, 1:]
            np.testing.assert_allclose(found[n, :, t].numpy(), gone[:, 0], atol=1e-5)


def test_a_thing_goes_into_a_buffer_on_to_another_and_out_again() -> None:
    """Routes by hand, one for each step, each by a unit of the control."""
    member = ROUTER.build(size=6, closed=20.0)
    params = born(member, 0)
    ways = torch.zeros(5, 3, 3)
    ways[0, 1, 0] = 400.0  # what comes in, into the first buffer
    ways[1, 2, 1] = 400.0  # the first buffer into the second
    ways[2, 0, 2] = 400.0  # out of the second
    ways[3, 0, 0] = 400.0  # straight through
    params["area/BG/from/where/weight"] = ways.reshape(1, 5, 9)
    what = Draw(torch.arange(1)).at("test", "what").normal(1, 4, 2, 3)
    where = torch.eye(5)[None, None, :4]
    out, (held,) = member.apply({"what": what, "where": where}, member.start(what), Pass(params, Exact(), {}))
    first, last = (what[0, 0, step].flatten() for step in (0, 3))
    torch.testing.assert_close(out[0, 0, 2], first)
    torch.testing.assert_close(out[0, 0, 3], last)
    torch.testing.assert_close(held[0, 0], torch.stack([first, first]))


def test_what_is_sent_has_no_say_in_where_it_goes() -> None:
    member, inputs = ROUTER.build(), ROUTER.heard()
    params = born(member, 0, 1)
    once, twice = (rates(member, {**inputs, "what": times * inputs["what"]}, params) for times in (1.0, 2.0))
    assert torch.equal(2.0 * once, twice)


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ({"size": 12}, "router sends what filler brings: 11 units, its size is 12"),
        ({"control": "head"}, "router takes two pathways, one of them from its control head; here role, filler"),
    ],
)
def test_what_does_not_fit_is_refused(area: dict[str, Any], said: str) -> None:
    (found,) = (each for each in ROUTER.errors(ROUTER.organism(**area)) if "BG" in each[1])
    assert found[0] == "E14"
    assert said in found[1]
