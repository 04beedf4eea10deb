"""Ways of acting that go on: what is likely written out, gradients by difference, a policy without a hidden draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from living import obeys_the_law, planned
from pydantic import TypeAdapter
from raising import differing, raised, state

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.cohort import birth
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.organism import OrganismSpec
from models.specs.shapes import parameter_count
from models.specs.structures import OptionsSpec

ACTIONS, OPTIONS = 3, 2
INPUTS = {"where": (2, 2), "PFC": (OPTIONS + ACTIONS,), "doing": (ACTIONS,)}


def options(**spec: Any) -> Area:
    given = {"kind": "options", "size": ACTIONS, "choice": "PFC", "efference": "doing", "lasting": 0.5} | spec
    found = TypeAdapter(AreaSpec).validate_python(given)
    assert isinstance(found, OptionsSpec)
    return build_area("BG", found, INPUTS, (found.size,))


def seen(N: int = 2, B: int = 4, T: int = 5) -> dict[str, torch.Tensor]:
    """What is met; in the third of these steps nobody tells what was done."""
    draw = Draw(torch.arange(N)).at("test", "seen")
    inputs = {source: draw.at("test", source).normal(B, T, *shape) for source, shape in INPUTS.items()}
    inputs["doing"] = torch.nn.functional.one_hot(inputs["doing"].argmax(dim=3), ACTIONS).float()
    inputs["doing"][:, :, 2] = 0.0
    return inputs


def born(member: Area, *seeds: int) -> Params:
    return member.init(Draw(torch.tensor(seeds)))


def softmax(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    share: np.ndarray[Any, Any] = y / y.sum(axis=-1, keepdims=True)
    return share


def test_what_is_likely_and_what_is_in_force_written_out() -> None:
    member, inputs = options(), seen()
    params = born(member, 3, 4)
    found, (held,) = member.apply(inputs, member.start(inputs["where"]), Pass(params, Exact(), {}))
    for n in range(2):
        W, b = (params[f"area/BG/{name}"][n].double().numpy() for name in ("from/where/weight", "bias"))
        assert np.allclose(b.reshape(OPTIONS, ACTIONS + 1), [[0, 0, 0, -0.5]] * OPTIONS)
        h = np.zeros((4, OPTIONS))
        for t in range(5):
            x, c, done = (inputs[source][n, :, t].reshape(4, -1).double().numpy() for source in INPUTS)
            drive = (x @ W + b).reshape(4, OPTIONS, ACTIONS + 1)
            policy, mu = softmax(drive[..., :-1]), softmax(c)
            for item in range(4):
                kept = h[item] / (1 + np.exp(drive[item, :, -1]))
                there = kept + (1 - kept.sum()) * mu[item, :OPTIONS]
                likely = there @ policy[item] + (1 - kept.sum()) * mu[item, OPTIONS:]
                assert likely.sum() == pytest.approx(1.0)
                np.testing.assert_allclose(found[n, item, t].numpy(), np.log(likely), atol=1e-5)
                a = int(done[item].argmax())
                h[item] = there * policy[item, :, a] / likely[a] if done[item].any() else there
        np.testing.assert_allclose(held[n].numpy(), h, atol=1e-5)


def test_who_draws_options_and_keeps_them_does_the_same_as_often() -> None:
    """Of many who draw what to begin, what to do and when to stop: their next action, given what each did before."""
    member = options(lasting=1.0)
    params, many = born(member, 0), 200_000
    draw = np.random.default_rng(0)
    where = Draw(torch.arange(1)).at("where").normal(1, 3, 2, 2)
    choice = Draw(torch.arange(1)).at("choice").normal(1, 3, OPTIONS + ACTIONS)
    W, b = (params[f"area/BG/{name}"][0].double().numpy() for name in ("from/where/weight", "bias"))
    drive = (where[0, 0].reshape(3, -1).double().numpy() @ W + b).reshape(3, OPTIONS, ACTIONS + 1)
    policy = np.concatenate([softmax(drive[..., :-1]), np.broadcast_to(np.eye(ACTIONS), (3, ACTIONS, ACTIONS))], axis=1)
    stops = np.concatenate([1 / (1 + np.exp(-drive[..., -1])), np.ones((3, ACTIONS))], axis=1)
    mu = softmax(choice[0, 0].double().numpy())
    force, did = np.full(many, OPTIONS), np.zeros((many, 3), dtype=int)
    for t in range(3):
        over = draw.random(many) < stops[t][force]
        force = np.where(over, (draw.random(many)[:, None] > mu[t].cumsum()).sum(axis=1), force)
        did[:, t] = (draw.random(many)[:, None] > policy[t][force].cumsum(axis=1)).sum(axis=1)
    for first, second in ((0, 0), (1, 2), (2, 1)):
        doing = torch.zeros(1, 1, 3, ACTIONS)
        doing[0, 0, 0, first] = doing[0, 0, 1, second] = 1.0
        inputs = {"where": where, "PFC": choice, "doing": doing}
        rate, _ = member.apply(inputs, member.start(where), Pass(params, Exact(), {}))
        same = did[(did[:, 0] == first) & (did[:, 1] == second), 2]
        often = np.bincount(same, minlength=ACTIONS) / len(same)
        np.testing.assert_allclose(rate[0, 0, 2].exp().numpy(), often, atol=4 * 0.5 / len(same) ** 0.5)


def test_what_is_done_matters_only_later() -> None:
    member, inputs = options(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    told = member.apply(inputs, member.start(inputs["where"]), by)[0]
    other = {**inputs, "doing": inputs["doing"].clone()}
    other["doing"][:, :, 1] = inputs["doing"][:, :, 1].roll(1, dims=-1)
    changed = member.apply(other, member.start(inputs["where"]), by)[0]
    assert torch.equal(told[:, :, :2], changed[:, :, :2])
    assert not torch.allclose(told[:, :, 2], changed[:, :, 2])


def test_steps_one_by_one_are_all_steps_at_once() -> None:
    member, inputs = options(), seen()
    by = Pass(born(member, 0, 1), Exact(), {})
    whole, _ = member.apply(inputs, member.start(inputs["where"]), by)
    state, parts = member.start(inputs["where"]), []
    for t in range(5):
        rate, state = member.apply({name: x[:, :, t : t + 1] for name, x in inputs.items()}, state, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), whole)


def test_errors_go_back_to_policies_stops_and_the_choice() -> None:
    member = options()
    params = {name: value.double().requires_grad_() for name, value in born(member, 0, 1).items()}
    inputs = {name: x.double() for name, x in seen(B=2, T=4).items()}
    moved = {name: inputs[name].requires_grad_() for name in ("where", "PFC")}

    def rates(*values: torch.Tensor) -> torch.Tensor:
        weight, given = dict(zip(params, values, strict=False)), dict(zip(moved, values[len(params) :], strict=True))
        return member.apply({**inputs, **given}, member.start(given["where"]), Pass(weight, Exact(), {}))[0]

    assert torch.autograd.gradcheck(rates, (*params.values(), *moved.values()))


def rooms(**area: Any) -> dict[str, Any]:
    """Four rooms, a goal at one of four doors; PFC hears which, BG where it is."""
    read = {"kind": "linear", "act": "none"}
    ways = [("goal", "PFC"), ("where", "BG"), ("PFC", "BG"), ("doing", "BG"), ("where", "critic")]
    source = {"kind": "grid", "goal": [25, 51, 62, 88], "limit": 9}
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "options",
        "clock": {"batch": 9},
        "organism": {
            "senses": {
                "where": {"shape": [104], "channel": "place"},
                "goal": {"shape": [104]},
                "doing": {"shape": [4], "channel": "action"},
            },
            "areas": {
                "PFC": {**read, "size": 7},
                "BG": {"kind": "options", "size": 4, "choice": "PFC", "efference": "doing", **area},
                "critic": {**read, "size": 1},
            },
            "pathways": [{"from": source, "to": target} for source, target in ways],
            "optimizer": {"kind": "adam", "lr": 0.01},
        },
        "worlds": {"rooms": {"source": source, "steps": 5, "actor": "BG"}},
        "costs": {
            "worth": {"kind": "td_value", "at": "critic"},
            "doing": {"kind": "policy_gradient", "at": "BG", "critic": "critic", "entropy": 0.1},
        },
        "stages": [
            {"name": "rooms", "world": "rooms", "costs": {"worth": 0.5, "doing": 1.0}, "until": {"after": "6ba"}}
        ],
        "probes": {"ways": {"kind": "steps_ratio", "world": "rooms", "every": "3ba", "n": 5}},
    }


def test_a_life_of_options_obeys_the_law() -> None:
    cohort, _ = obeys_the_law(planned(rooms()))
    (held,) = [value for name, value in cohort.own.items() if "/carried/BG/" in name]
    assert held.shape == (3, 9, 3)
    assert ((held >= 0) & (held.sum(dim=2, keepdim=True) <= 1 + 1e-5)).all()
    assert held.any()


@pytest.mark.parametrize("lives", [2, 3, 8])
def test_a_life_is_the_same_alone_and_at_every_slot(lives: int) -> None:
    found = planned(rooms(lasting=0.3)).steps[0].regime
    together = raised(found, list(range(lives)))
    for seed in (0, lives - 1):
        assert differing(state(together, seed), state(raised(found, [seed]), seed)) == []


@pytest.mark.parametrize("frozen", ["BG", "PFC"])
def test_each_level_learns_without_the_other(frozen: str) -> None:
    document = rooms()
    document["stages"][0]["plasticity"] = {frozen: 0.0}
    regime = planned(document).steps[0].regime
    before, after = state(birth(regime, [1]), 1), state(raised(regime, [1], 4), 1)
    moved = {
        name.split("/")[2] for name in before if name.startswith("params/") and not before[name].equal(after[name])
    }
    assert moved == {"BG", "PFC", "critic"} - {frozen}


@pytest.mark.parametrize("rule", ["bptt", "weight_perturbation"])
def test_rules_that_can_teach_it_do(rule: str) -> None:
    document = rooms()
    document["organism"]["credit"] = [{"areas": ["PFC", "BG"], "rule": rule}]
    regime = planned(document).steps[0].regime
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 4))
    assert not [name for name in before if name.startswith("params/area/BG/") and before[name].equal(after[name])]


def test_parameters_are_counted() -> None:
    document = rooms()
    born_N = birth(planned(document).steps[0].regime, [0]).params
    wanted = parameter_count(OrganismSpec.model_validate(document["organism"]))
    assert wanted == sum(each.numel() for each in born_N.values())


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda d: d["areas"]["PFC"].update(size=4), "E14", "choice PFC has 4 units: one for each of 4 actions"),
        (lambda d: d["areas"]["BG"].update(efference="goal"), "E14", "options hear their choice PFC, their efference"),
        (lambda d: d["areas"]["BG"].update(choice="critic"), "E14", "options hear their choice critic"),
        (lambda d: d["pathways"].pop(1), "E14", "what they go by; here PFC, doing"),
        (
            lambda d: d["senses"]["doing"].update(shape=[104], channel="goal"),
            "E14",
            "efference doing tells 104 actions",
        ),
        (lambda d: d["pathways"].append({"from": "doing", "to": "PFC"}), "E30", "BG would be told by doing"),
        (lambda d: d.update(credit=[{"areas": ["BG"], "rule": "eprop"}]), "E25", "eprop teaches"),
        (lambda d: d.update(credit=[{"areas": ["BG"], "rule": "node_perturbation"}]), "E25", "one drive of a unit"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(change: Any, code: str, says: str) -> None:
    document = rooms()
    assert not check_document(document).errors
    change(document["organism"])
    found = check_document(document).errors
    assert any(each.code == code and says in each.message for each in found), [str(each.message) for each in found]
