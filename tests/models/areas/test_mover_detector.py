"""The sense of causing: marks where something sets a still thing moving, says nothing else, and never learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import assert_alone_as_among_others, one_stage, raised, state

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

SIDE, STEPS = 24, 8
ORGANISM: dict[str, Any] = {
    "senses": {"retina": {"shape": [1, 24, 24]}, "flow": {"shape": [2, 24, 24]}},
    "areas": {
        "MT": {"kind": "mover_detector", "precision": 0.5, "recall": 0.7},
        "HAND": {"kind": "conv", "channels": 1, "kernel": 5, "stride": 2, "act": "sigmoid"},
        "beside": {"kind": "linear", "size": 3},
    },
    "pathways": [
        {"from": "flow", "to": "MT"},
        {"from": "retina", "to": "HAND"},
        {"from": "MT", "to": "beside"},
        {"from": "HAND", "to": "beside"},
    ],
}
WATCHING: dict[str, Any] = {
    "organism": ORGANISM,
    "worlds": {"school": {"source": {"kind": "movers", "frame": 24, "share": 0.8}, "steps": 16}},
    "costs": {
        "hands": {"kind": "bce", "at": "HAND", "target": {"kind": "area", "area": "MT"}, "min_confidence": 0.9},
        "quiet": {"kind": "activity", "at": "beside", "target_rate": 0.1},
    },
    "probes": {},
}


def detector(**spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "mover_detector", "grid": 6} | spec)
    return build_area("MT", given, {"flow": (2, SIDE, SIDE)}, (1, 6, 6))


def scene(*, goes_on: bool, near: bool = True) -> torch.Tensor:
    """A patch comes from the left along rows 10 to 13; at step 5 another one, to its right, starts to move."""
    flow = torch.zeros(1, 1, STEPS, 2, SIDE, SIDE)
    for step in range(STEPS):
        left = min(1 + step, 6)
        flow[0, 0, step, step % 2, 10:14, left : left + 3] = 0.5
        if step >= 5 and goes_on:
            flow[0, 0, step, 0, (10 if near else 17) : (14 if near else 21), 12:16] = 0.5
    return flow


def marked(flow: torch.Tensor, member: Area | None = None, draw: Draw | None = None) -> torch.Tensor:
    member = member or detector()
    return member.apply({"flow": flow}, member.start(flow), Pass({}, Exact(), {}, draw))[0][:, :, :, 0]


def test_what_sets_a_still_thing_moving_is_marked_at_that_moment_in_the_fields_it_touches() -> None:
    found = marked(scene(goes_on=True))[0, 0]
    said = (found != 0.5).any(dim=2).any(dim=1)
    assert said.tolist() == [step == 5 for step in range(STEPS)]
    # At step 4 columns 5 to 7 of rows 10 to 13 moved, with their rims, without corners, 4 to 8 of 9 to 14. What starts
    # begins, with its rim, in column 11: column 8 touches it, and with it what is 2 pixels on, columns 6 and 7. A field
    # is 4 pixels wide: of 16 pixels 6 are marked in rows 9 to 11 of columns 6 and 7, fewer than 4 of column 8.
    expected = torch.zeros(6, 6)
    expected[2:4, 1] = 1.0
    assert torch.equal(found[5], expected)


@pytest.mark.parametrize(("goes_on", "near"), [(False, True), (True, False)])
def test_nothing_is_said_where_nothing_starts_or_nothing_touches(goes_on: bool, near: bool) -> None:
    assert (marked(scene(goes_on=goes_on, near=near)) == 0.5).all()


def test_steps_one_by_one_are_the_steps_at_once() -> None:
    member, flow = detector(), scene(goes_on=True)
    state, told = member.start(flow), []
    for step in range(STEPS):
        rate, state = member.apply({"flow": flow[:, :, step : step + 1]}, state, Pass({}, Exact(), {}))
        told.append(rate)
    assert torch.equal(torch.cat(told, dim=2)[:, :, :, 0], marked(flow))


def test_precision_and_recall_are_shares_of_items() -> None:
    flow = scene(goes_on=True).expand(2, 1000, -1, -1, -1, -1)
    draw = Draw(torch.tensor([3, 4]), torch.arange(1000).expand(2, -1))
    whole = marked(flow, detector(), draw)
    worse = marked(flow, detector(precision=0.7, recall=0.4), draw)
    said = (worse != 0.5).flatten(2).any(dim=2)
    right = (worse == whole).flatten(2).all(dim=2) & said
    assert said.float().mean(dim=1).sub(0.4).abs().max() < 0.06
    # A thirty-sixth of the misplaced marks falls where it belongs.
    assert (right.sum(dim=1) / said.sum(dim=1) - (0.7 + 0.3 / 36)).abs().max() < 0.07
    assert (worse.sum(dim=(3, 4))[said] == whole.sum(dim=(3, 4))[said]).all(), "as many marks, elsewhere"


def test_it_keeps_no_parameters_and_no_error_goes_back_through_it() -> None:
    below = {"kind": "conv", "channels": 2, "kernel": 3, "act": "none"}
    organism = {**ORGANISM, "areas": {**ORGANISM["areas"], "LGN": below}}
    organism["pathways"] = [{"from": "flow", "to": "LGN"}, {"from": "LGN", "to": "MT"}, *ORGANISM["pathways"][1:]]
    regime = one_stage(**{**WATCHING, "organism": organism})
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 3))
    moved = {name.split("/")[2] for name in before if "params" in name and not torch.equal(before[name], after[name])}
    assert moved == {"HAND", "beside"}


def test_a_life_is_the_same_alone_and_at_every_slot() -> None:
    regime = one_stage(**WATCHING, clock={"batch": 5})
    assert_alone_as_among_others(regime, 3)


def test_a_lesion_takes_it_from_those_that_hear_it() -> None:
    harm = {"gone": {"transform": {"kind": "lesion", "areas": ["MT"]}, "onset": "0sp", "duration": "100sp"}}
    regime = one_stage(**WATCHING, deficits=harm)
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 3))
    heard = "params/area/beside/from/MT/weight"
    assert torch.equal(before[heard], after[heard])


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"MT": {"kind": "mover_detector", "grid": 5}}, "E14", "grid of 5 does not divide"),
        ({"MT": {"kind": "mover_detector", "innate": False}}, "E18", ""),
        ({"LGN": {"kind": "linear", "size": 9}}, "E14", "mover_detector wants [maps, height, width]"),
    ],
)
def test_what_it_cannot_be_is_refused(change: dict[str, Any], code: str, said: str) -> None:
    organism = {**ORGANISM, "areas": {**ORGANISM["areas"], **change}}
    if "LGN" in change:
        organism["pathways"] = [{"from": "flow", "to": "LGN"}, {"from": "LGN", "to": "MT"}, *ORGANISM["pathways"][1:]]
    stage = {"name": "only", "world": "school", "costs": {"hands": 1.0, "quiet": 1.0}, "until": {"after": "3ba"}}
    found = check_document(tiny_schedule(**{**WATCHING, "organism": organism}, stages=[stage])).errors
    assert code in [each.code for each in found]
    assert any(said in each.message for each in found)


def test_no_rule_teaches_it() -> None:
    organism = {**ORGANISM, "credit": [{"areas": ["MT", "beside"], "rule": "backprop"}]}
    stage = {"name": "only", "world": "school", "costs": {"hands": 1.0}, "until": {"after": "3ba"}}
    found = check_document(tiny_schedule(**{**WATCHING, "organism": organism}, stages=[stage])).errors
    assert [each.code for each in found] == ["E28"]
