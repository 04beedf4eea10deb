"""Areas that keep what they meet, met and asked without an organism around them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Batch, Moment, Params, Pass

ROOMS: dict[str, Any] = {
    "organism": {
        "senses": {"where": {"shape": [104], "channel": "place"}},
        "areas": {
            "CA3": {"kind": "episodic_control", "size": 4, "width": 104, "slots": 90},
            "critic": {"kind": "linear", "size": 1, "act": "none"},
        },
        "pathways": [{"from": "where", "to": "CA3"}, {"from": "where", "to": "critic"}],
    },
    "worlds": {"school": {"source": {"kind": "grid", "goal": 90}, "steps": 24, "actor": "CA3"}},
    "costs": {"worth": {"kind": "td_value", "at": "critic"}},
    "probes": {},
}
"""A life in rooms that does what was best before."""


def walking(name: str, area: dict[str, Any]) -> dict[str, Any]:
    """What to change of a schedule for lives on a chain that keep what they meet, and learn what that is worth."""
    return {
        "organism": {
            "senses": {"where": {"shape": [33], "channel": "place"}},
            "areas": {name: area, "critic": {"kind": "linear", "size": 1, "act": "none"}},
            "pathways": [{"from": "where", "to": name}, {"from": name, "to": "critic"}],
        },
        "worlds": {"school": {"source": {"kind": "chain", "states": 33}, "steps": 24}},
        "costs": {"worth": {"kind": "td_value", "at": "critic"}},
        "probes": {},
    }


Given = Tensor | dict[str, Tensor]


def _named(given: Given) -> dict[str, Tensor]:
    return given if isinstance(given, dict) else {"eye": given}


def met(member: Any, given: Given, pace: float = 1.0, kept: Params | None = None, **told: Tensor) -> Params:
    """What an area named CA3 keeps after an update in which it met these inputs (N, B, T, ...) and was told so much."""
    inputs = _named(given)
    N, B = next(iter(inputs.values())).shape[:2]
    draw = Draw(torch.arange(N), torch.arange(B).expand(N, -1))
    own = member.contents(draw) if kept is None else kept
    rate, _ = member.apply(inputs, member.start(next(iter(inputs.values()))), Pass({}, Exact(), own))
    batch = Batch({}, None, told, torch.zeros(N, 1, dtype=torch.int64))
    moment = Moment(
        batch, {"CA3": rate}, {}, own, draw, {"CA3": inputs}, lambda *_: rate, pace={"CA3": torch.full((N,), pace)}
    )
    after: Params = own | member.remember(moment)
    return after


def recalled(member: Any, kept: Params, given: Given) -> Tensor:
    """What the area answers (N, B, T, U)."""
    inputs = _named(given)
    found: Tensor = member.apply(inputs, member.start(next(iter(inputs.values()))), Pass({}, Exact(), kept))[0]
    return found
