"""Rules in time: the gradient through windows, smooth spikes, eligibility traces."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from crediting import angle, asked, newborn, weight
from raising import IMAGE, assert_alone_as_among_others, one_stage

RECURRENT, HEAD = "area/M1/recurrent/weight", weight("head", "M1")
INTO = weight("M1", "retina")


def organism(rule: dict[str, Any] | None, areas: tuple[str, ...] = ("M1", "head"), **unit: Any) -> dict[str, Any]:
    """A recurrent area below a read-out, the image held for some sweeps."""
    credit = [] if rule is None else [{"areas": list(areas), "rule": rule}]
    return {
        "senses": IMAGE,
        "areas": {
            "M1": {"kind": "recurrent", "size": 13} | unit,
            "head": {"kind": "linear", "size": 10, "act": "none"},
        },
        "pathways": [{"from": "retina", "to": "M1"}, {"from": "M1", "to": "head"}],
        "credit": credit,
    }


def found(rule: dict[str, Any] | None, silent: bool = False, **unit: Any) -> tuple[Any, Any]:
    """What a rule asks, and the gradient; `silent`: units hear nothing of each other."""
    regime, cohort = newborn(organism(rule, **unit), clock={"batch": 20, "sweeps": 6})
    if silent:
        cohort.params[RECURRENT] = torch.zeros_like(cohort.params[RECURRENT])
    return asked(regime, cohort)


def close(left: torch.Tensor, right: torch.Tensor) -> None:
    torch.testing.assert_close(left, right, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("window", [None, 6, 40])
def test_a_window_that_holds_the_item_is_the_gradient(window: int | None) -> None:
    asks, true = found({"kind": "bptt"} | ({} if window is None else {"window": window}), leak=0.5)
    for name, each in true.items():
        close(asks[name], each)


def test_a_window_of_one_step_passes_no_credit_in_time() -> None:
    asks, true = found({"kind": "bptt", "window": 1}, leak=0.5)
    local, _ = found({"kind": "eprop"}, leak=0.0)
    assert (angle(asks[INTO], true[INTO]) > 3).all()
    alone, _ = found({"kind": "bptt", "window": 1}, leak=0.0, silent=True)
    whole, _ = found({"kind": "eprop"}, leak=0.0, silent=True)
    close(alone[INTO], whole[INTO])
    assert local[INTO].isfinite().all()


def test_wider_windows_are_nearer_to_the_gradient() -> None:
    angles = []
    for window in (1, 2, 3, 6):
        asks, true = found({"kind": "bptt", "window": window}, leak=0.5)
        angles.append(float(angle(asks[INTO], true[INTO]).mean()))
    assert angles == sorted(angles, reverse=True)
    assert angles[-1] < 0.1


@pytest.mark.parametrize("unit", [{"leak": 0.6}, {"leak": 0.6, "act": "relu"}, {"act": "lif"}, {"leak": 0.0}])
def test_eprop_is_bptt_where_units_hear_themselves_only(unit: dict[str, Any]) -> None:
    asks, true = found({"kind": "eprop"}, silent=True, **unit)
    for name in (INTO, RECURRENT, "area/M1/bias", HEAD):
        close(asks[name], true[name])


def test_eprop_is_bptt_where_the_recurrent_weights_are_diagonal() -> None:
    regime, cohort = newborn(organism({"kind": "eprop"}, leak=0.6), clock={"batch": 20, "sweeps": 6})
    diagonal = torch.diag_embed(cohort.params[RECURRENT].diagonal(dim1=1, dim2=2))
    cohort.params[RECURRENT] = diagonal + 0.3 * torch.eye(13)
    asks, true = asked(regime, cohort)
    close(asks[INTO], true[INTO])
    close(asks[RECURRENT].diagonal(dim1=1, dim2=2), true[RECURRENT].diagonal(dim1=1, dim2=2))


def test_eprop_nears_bptt_and_is_not_it() -> None:
    asks, true = found({"kind": "eprop"}, leak=0.6)
    degrees = angle(asks[INTO], true[INTO])
    assert (degrees > 1).all()
    assert (degrees < 40).all()


def test_the_read_out_of_eprop_and_rflo_gets_the_gradient() -> None:
    for rule in ({"kind": "eprop"}, {"kind": "eprop", "feedback": "random"}, {"kind": "rflo"}):
        asks, true = found(rule, leak=0.6)
        close(asks[HEAD], true[HEAD])


def test_rflo_is_eprop_with_random_feedback_and_a_trace_that_knows_the_leak_only() -> None:
    regime, cohort = newborn(organism({"kind": "rflo"}, leak=0.6), clock={"batch": 20, "sweeps": 6})
    other, like = newborn(organism({"kind": "eprop", "feedback": "random"}, leak=0.6), clock={"batch": 20, "sweeps": 6})
    for each in (cohort, like):
        each.params[RECURRENT] = each.params[RECURRENT] * (1 - torch.eye(13))
    left, _ = asked(regime, cohort)
    right, _ = asked(other, like)
    for name, each in left.items():
        close(each, right[name])


def test_random_feedback_may_be_anything() -> None:
    asks, true = found({"kind": "eprop", "feedback": "random"}, leak=0.6, silent=True)
    assert (angle(asks[INTO], true[INTO]) > 20).all()


def test_a_surrogate_of_another_slope_is_another_way() -> None:
    steep, true = found({"kind": "surrogate_gradient", "slope": 100.0}, act="lif")
    usual, _ = found({"kind": "surrogate_gradient"}, act="lif")
    for name, each in true.items():
        close(usual[name], each)
    assert (angle(steep[INTO], usual[INTO]) > 3).all()
    assert all(bool(each.any()) for each in steep.values())


@pytest.mark.parametrize(
    ("rule", "unit"),
    [
        ({"kind": "bptt", "window": 3}, {"cell": "gru"}),
        ({"kind": "surrogate_gradient", "slope": 5.0}, {"act": "lif"}),
        ({"kind": "eprop"}, {"leak": 0.6}),
        ({"kind": "eprop", "feedback": "random"}, {"act": "lif"}),
        ({"kind": "rflo"}, {"leak": 0.6}),
    ],
)
def test_a_life_in_time_is_the_same_alone_and_at_every_slot(rule: dict[str, Any], unit: dict[str, Any]) -> None:
    regime = one_stage(organism(rule, **unit), clock={"batch": 33, "sweeps": 5})
    assert_alone_as_among_others(regime, lives=6)
