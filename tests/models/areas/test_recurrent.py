"""Areas that carry something from one time step to the next."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from models.areas import build_area
from models.areas.activation import FORMS
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Pass
from models.specs.areas import AreaSpec

B, T = 4, 7
SHAPES = {"eye": (5,), "ear": (2, 3)}


def area(size: int = 6, **spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python({"kind": "recurrent", "size": size} | spec, strict=False)
    return build_area("M1", given, SHAPES, (size,))


def seen(N: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(N, B, T, *shape, generator=generator) for name, shape in SHAPES.items()}


def run(member: Area, inputs: dict[str, torch.Tensor], params: dict[str, torch.Tensor]) -> torch.Tensor:
    return member.apply(inputs, member.start(inputs["eye"]), Pass(params, Exact(), {}))[0]


def born(member: Area, seeds: tuple[int, ...] = (3, 4, 5)) -> dict[str, torch.Tensor]:
    params = member.init(Draw(torch.tensor(seeds)))
    generator = torch.Generator().manual_seed(1)
    return {name: value + 0.1 * torch.randn(value.shape, generator=generator) for name, value in params.items()}


@pytest.mark.parametrize(
    ("cell", "peer"),
    [("rnn", torch.nn.RNN), ("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM)],
    ids=["rnn", "gru", "lstm"],
)
def test_a_cell_is_that_of_torch(cell: str, peer: Any) -> None:
    member, inputs = area(cell=cell), seen()
    params = born(member)
    joined = torch.cat([inputs[name].flatten(3) for name in SHAPES], dim=-1)
    for life in range(3):
        module = peer(11, 6, batch_first=True)
        weight = torch.cat([params[f"area/M1/from/{name}/weight"][life] for name in SHAPES])
        parts = {
            "weight_ih_l0": weight.mT,
            "weight_hh_l0": params["area/M1/recurrent/weight"][life].mT,
            "bias_ih_l0": params["area/M1/bias"][life, 0],
            "bias_hh_l0": torch.zeros(len(weight.mT)),
        }
        module.load_state_dict(parts)
        torch.testing.assert_close(run(member, inputs, params)[life], module(joined[life])[0], rtol=1e-5, atol=1e-6)


def test_a_leaky_unit_keeps_a_share_of_its_rate() -> None:
    member, inputs = area(leak=0.7, act="relu"), seen()
    params = born(member)
    rates, before = run(member, inputs, params), torch.zeros(3, B, 6)
    for step in range(T):
        z = params["area/M1/bias"] + before @ params["area/M1/recurrent/weight"]
        for name in SHAPES:
            z = z + inputs[name][:, :, step].flatten(2) @ params[f"area/M1/from/{name}/weight"]
        before = 0.7 * before + 0.3 * torch.relu(z)
        torch.testing.assert_close(rates[:, :, step], before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["linear", "recurrent"])
def test_a_spiking_unit_integrates_fires_and_pays_for_its_spike(kind: str) -> None:
    given = {"kind": kind, "act": "lif", "size": 1, "init": "zeros"}
    member = build_area("M1", TypeAdapter(AreaSpec).validate_python(given, strict=False), {"eye": (1,)}, (1,))
    params = member.init(Draw(torch.tensor([0])))
    params["area/M1/from/eye/weight"] += 0.6
    rates = run(member, {"eye": torch.ones(1, 1, 5, 1)}, params)
    # v: 0.6; 0.48 + 0.6 = 1.08 fires; 0.864 + 0.6 - 1 = 0.464; 0.371 + 0.6 = 0.971; 0.777 + 0.6 = 1.377 fires
    assert rates.flatten().tolist() == [0.0, 1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("spec", [{"cell": "gru"}, {"cell": "lstm"}, {"leak": 0.5}, {"act": "lif"}, {"act": "binary"}])
def test_steps_one_by_one_are_the_whole(spec: dict[str, Any]) -> None:
    member, inputs = area(**spec), seen()
    params, by = born(member), Pass(born(member), Exact(), {})
    state, steps = member.start(inputs["eye"]), []
    for step in range(T):
        given = {name: each[:, :, step : step + 1] for name, each in inputs.items()}
        rate, state = member.apply(given, state, by)
        steps.append(rate)
    torch.testing.assert_close(torch.cat(steps, dim=2), run(member, inputs, params), rtol=1e-6, atol=1e-7)


def test_deep_layers_spike_each_with_a_potential_of_its_own() -> None:
    given = {"kind": "linear", "size": 6, "depth": 2, "act": "lif"}
    member = build_area("M1", TypeAdapter(AreaSpec).validate_python(given, strict=False), SHAPES, (6,))
    inputs = {name: 3 * each for name, each in seen().items()}
    params, state, steps = born(member), member.start(inputs["eye"]), []
    assert len(state) == 4
    for step in range(T):
        rate, state = member.apply(
            {name: each[:, :, step : step + 1] for name, each in inputs.items()}, state, Pass(params, Exact(), {})
        )
        steps.append(rate)
    assert torch.equal(torch.cat(steps, dim=2), run(member, inputs, params))
    assert 0.0 < float(torch.cat(steps).mean()) < 1.0


def test_a_lif_conv_area_has_the_rates_of_its_maps() -> None:
    spec = TypeAdapter(AreaSpec).validate_python(
        {"kind": "conv", "channels": 3, "kernel": 2, "depth": 2, "pool": 2, "act": "lif"}, strict=False
    )
    member = build_area("V1", spec, {"eye": (1, 6, 6)}, (3, 4, 4))
    inputs = {"eye": 4 * torch.rand(2, 3, T, 1, 6, 6, generator=torch.Generator().manual_seed(0))}
    rates = run(member, inputs, member.init(Draw(torch.tensor([1, 2]))))
    assert rates.shape == (2, 3, T, 3, 4, 4)
    assert set(rates.unique().tolist()) == {0.0, 1.0}


def test_a_surrogate_lets_errors_pass_a_spike() -> None:
    potential = torch.tensor([-0.3, 0.0, 0.2], requires_grad=True)
    fired = Exact().spike(potential)
    assert fired.tolist() == [0.0, 0.0, 1.0]
    (g,) = torch.autograd.grad(fired.sum(), potential)
    torch.testing.assert_close(g, torch.tensor([1 / 16, 1.0, 1 / 9]))


@pytest.mark.parametrize(
    "spec", [{"cell": "gru", "leak": 0.1}, {"cell": "lstm", "act": "lif"}, {"cell": "gru", "norm": "layer"}]
)
def test_gated_cells_refuse_what_belongs_to_plain_ones(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="belong to the cell rnn"):
        area(**spec)


def test_every_activation_has_a_form_or_spikes() -> None:
    for act in ("lif", "binary"):
        assert act not in FORMS
