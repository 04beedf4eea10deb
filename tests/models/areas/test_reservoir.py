"""Reservoirs: fixed weights of a given radius, an echo that fades, a memory no larger than their size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import IMAGE, assert_alone_as_among_others, one_stage, raised, state

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document

RECURRENT = "area/M1/recurrent/weight"
ORGANISM: dict[str, Any] = {
    "senses": IMAGE,
    "areas": {"M1": {"kind": "reservoir", "size": 33}, "head": {"kind": "linear", "size": 10, "act": "none"}},
    "pathways": [{"from": "retina", "to": "M1"}, {"from": "M1", "to": "head"}],
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
}


def reservoir(size: int, **spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "reservoir", "size": size} | spec)
    return build_area("M1", given, {"eye": (1,)}, (size,))


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def echoed(member: Area, params: Params, u_NBT1: torch.Tensor, start: float = 0.0) -> torch.Tensor:
    first = tuple(each + start for each in member.start(u_NBT1))
    return member.apply({"eye": u_NBT1}, first, Pass(params, Exact(), {}))[0]


@pytest.mark.parametrize(("radius", "density"), [(0.9, 0.1), (1.3, 0.5)])
def test_recurrent_weights_have_their_radius_and_density(radius: float, density: float) -> None:
    params = born(reservoir(120, radius=radius, density=density), 0, 1, 2)
    for weight in params[RECURRENT].double().numpy():
        assert abs(np.abs(np.linalg.eigvals(weight)).max() - radius) < 1e-5
        assert abs((weight != 0).mean() - density) < 0.02
    assert not torch.equal(params[RECURRENT][0], params[RECURRENT][1])


def test_without_a_cycle_weights_are_as_drawn() -> None:
    weight = born(reservoir(2, density=0.05), *range(40))[RECURRENT]
    silent = (weight == 0).all(dim=2).all(dim=1)
    assert silent.any()
    assert torch.isfinite(weight).all()


def test_rates_are_those_of_leaky_units_written_out() -> None:
    member = reservoir(7, leak=0.4, density=0.5)
    params = born(member, 3, 4)
    u = torch.randn(2, 3, 5, 1, generator=torch.Generator().manual_seed(0))
    found = echoed(member, params, u)
    for n in range(2):
        W, R = (params[name][n].double().numpy() for name in ("area/M1/from/eye/weight", RECURRENT))
        r = np.zeros((3, 7))
        for t in range(5):
            r = 0.4 * r + 0.6 * np.tanh(u[n, :, t].double().numpy() @ W + r @ R)
            np.testing.assert_allclose(found[n, :, t].numpy(), r, atol=1e-5)


@pytest.mark.parametrize(("radius", "fades"), [(0.8, True), (2.0, False)])
def test_where_it_began_is_forgotten_below_radius_one(radius: float, fades: bool) -> None:
    member = reservoir(60, radius=radius, leak=0.0)
    params = born(member, 0, 1, 2)
    u = 0.1 * torch.randn(3, 1, 200, 1, generator=torch.Generator().manual_seed(0))
    apart = (echoed(member, params, u) - echoed(member, params, u, 0.5))[:, 0, -1].norm(dim=1)
    assert ((apart < 1e-4) == fades).all()


def memory(radius: float) -> list[float]:
    """Sum over delays of the share of past inputs that linear read-outs get back, life by life."""
    member = reservoir(15, act="none", leak=0.0, density=1.0, radius=radius)
    u = 2 * torch.rand(3, 1, 6000, 1, generator=torch.Generator().manual_seed(0)) - 1
    rates = echoed(member, born(member, 0, 1, 2), u)[:, 0].double().numpy()
    found = []
    for n in range(3):
        x, past = rates[n, 100:], u[n, 0, :, 0].double().numpy()
        delayed = np.stack([past[100 - k : len(past) - k] for k in range(1, 60)], axis=1)
        half = len(x) // 2
        weights = np.linalg.lstsq(x[:half], delayed[:half], rcond=1e-10)[0]
        told = x[half:] @ weights
        found.append(sum(max(0.0, np.corrcoef(told[:, k], delayed[half:, k])[0, 1]) ** 2 for k in range(59)))
    return found


def test_the_memory_is_no_larger_than_the_size_and_grows_with_the_radius() -> None:
    wide, narrow = memory(0.9), memory(0.1)
    assert max(wide) <= 15.5
    assert min(wide) > 8
    assert min(wide) > max(narrow) + 2


def test_it_never_moves_while_its_reader_learns_and_errors_pass_below() -> None:
    organism = {**ORGANISM, "areas": {"V1": {"kind": "linear", "size": 13}, **ORGANISM["areas"]}}
    organism["pathways"] = [{"from": "retina", "to": "V1"}, {"from": "V1", "to": "M1"}, {"from": "M1", "to": "head"}]
    regime = one_stage(organism, clock={"batch": 20, "sweeps": 4})
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 4))
    moved = {name for name in before if name.startswith("params/") and not torch.equal(before[name], after[name])}
    assert {name.split("/")[2] for name in moved} == {"V1", "head"}


def test_a_life_is_the_same_alone_and_at_every_slot() -> None:
    regime = one_stage(ORGANISM, clock={"batch": 33, "sweeps": 3})
    assert_alone_as_among_others(regime)


@pytest.mark.parametrize("where", ["credit", "innate"])
def test_it_cannot_be_made_to_learn(where: str) -> None:
    organism: dict[str, Any] = {**ORGANISM}
    if where == "credit":
        organism["credit"] = [{"areas": ["M1", "head"], "rule": "bptt"}]
    else:
        organism["areas"] = {**ORGANISM["areas"], "M1": {"kind": "reservoir", "size": 33, "innate": False}}
    found = check_document(tiny_schedule(organism=organism, clock={"batch": 20, "sweeps": 3})).errors
    assert [each.code for each in found] == [{"credit": "E28", "innate": "E18"}[where]]
