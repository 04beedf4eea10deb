"""Slots whose gates are a choice: what they take in and keep, who is credited for that, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import differing, one_stage, raised, state
from torch import Tensor

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Chooses, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.credit import CAPABILITIES
from models.specs.document import read
from models.specs.reach import reaches
from models.specs.shapes import output_shape, parameter_count

BUFFER = {"kind": "gate_buffer", "slots": 2, "width": 5, "control": "BG"}
NAMING = {"kind": "cross_entropy", "at": "head", "target": "label"}
GATING = {"kind": "policy_gradient", "at": "PFC", "answer": "head", "discount": 0.9, "entropy": 0.1}
COSTS = {"naming": NAMING, "gating": GATING}
WORLDS = {
    name: {"source": {"kind": "recall", "pairs": 1, "keys": 2, "values": 3, "delay": 2}, "steps": 5, "split": split}
    for name, split in (("school", "train"), ("quiz", "test"))
}


def built(**spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python(BUFFER | spec, strict=False)
    shape, problem = output_shape(given, {"eye": (4,), "ear": (3,), "BG": (3,)})
    assert shape is not None, problem
    return build_area("PFC", given, {"eye": (4,), "ear": (3,), "BG": (3,)}, shape)


def given(lives: int = 2, items: int = 5, steps: int = 6) -> dict[str, Tensor]:
    """What may be taken in, and logits."""
    draw = Draw(torch.arange(lives), torch.arange(items).expand(lives, items)).at("test")
    return {name: draw.at(name).normal(steps, wide) for name, wide in (("eye", 4), ("ear", 3), ("BG", 3))}


def passing(member: Area, lives: int = 2, items: int = 5) -> Pass:
    seeds = torch.arange(lives)
    return Pass(member.init(Draw(seeds)), Exact(), {}, Draw(seeds, torch.arange(items).expand(lives, items)))


# ---- what is taken in, and kept


def test_the_chosen_slot_takes_all_that_comes_and_the_others_keep_what_they_hold() -> None:
    member, inputs = built(), given()
    by = passing(member)
    rate, _ = member.apply(inputs, member.start(inputs["eye"]), by)
    assert isinstance(member, Chooses)
    logits, choice = member.choice(inputs, by)
    assert torch.equal(logits, inputs["BG"])
    assert set(choice.flatten().tolist()) == {0, 1, 2}
    for life in range(2):
        weight = {name: by.weight[f"area/PFC/from/{name}/weight"][life] for name in ("eye", "ear")}
        for item in range(5):
            slots = torch.zeros(2, 5)
            for step in range(6):
                taken = int(choice[life, item, step])
                if taken < 2:
                    drive = sum(inputs[name][life, item, step] @ weight[name] for name in weight)
                    slots[taken] = torch.tanh(torch.as_tensor(drive))
                torch.testing.assert_close(rate[life, item, step], slots.flatten())


def test_step_by_step_it_chooses_and_keeps_what_it_does_all_at_once() -> None:
    member, inputs = built(), given()
    by = passing(member)
    whole, last = member.apply(inputs, member.start(inputs["eye"]), by)
    now, parts = member.start(inputs["eye"]), []
    for step in range(6):
        rate, now = member.apply({name: x[:, :, step : step + 1] for name, x in inputs.items()}, now, by)
        parts.append(rate)
    torch.testing.assert_close(torch.cat(parts, dim=2), whole)
    torch.testing.assert_close(now, last)


def test_errors_pass_to_what_was_taken_in_last_and_never_to_the_control() -> None:
    member, inputs = built(), {name: x.requires_grad_() for name, x in given().items()}
    by = passing(member)
    rate, _ = member.apply(inputs, member.start(inputs["eye"]), by)
    eye, control = torch.autograd.grad(rate[:, :, -1].sum(), [inputs["eye"], inputs["BG"]], allow_unused=True)
    assert control is None
    assert isinstance(member, Chooses)
    choice = member.choice(inputs, by)[1]
    reached = (eye != 0).any(dim=-1)
    for life in range(2):
        for item in range(5):
            told = choice[life, item].tolist()
            last = {max((step for step in range(6) if told[step] == slot), default=-1) for slot in (0, 1)} - {-1}
            assert set(reached[life, item].nonzero().flatten().tolist()) == last


# ---- in an organism


def organism(**buffer: Any) -> dict[str, Any]:
    ways = [("eye", "hidden"), ("hidden", "BG"), ("eye", "PFC"), ("BG", "PFC"), ("PFC", "head"), ("eye", "head")]
    return {
        "senses": {"eye": {"shape": [7]}},
        "areas": {
            "hidden": {"kind": "linear", "size": 6, "act": "tanh"},
            "BG": {"kind": "linear", "size": 3, "act": "none"},
            "PFC": BUFFER | buffer,
            "head": {"kind": "linear", "size": 4, "act": "none"},
        },
        "pathways": [{"from": one, "to": other} for one, other in ways],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def regime(costs: dict[str, Any] | None = None, found: dict[str, Any] | None = None, **changes: Any) -> Any:
    return one_stage(found or organism(), costs=costs or COSTS, **({"worlds": WORLDS, "probes": {}} | changes))


def moved(one: Any, updates: int = 2) -> set[str]:
    """Areas whose parameters are other ones after some updates."""
    before, after = (state(raised(one, [1], count), 1) for count in (0, updates))
    return {
        key.split("/")[2] for key in before if key.startswith("params") and not torch.equal(before[key], after[key])
    }


def test_the_choice_is_credited_by_its_own_cost_and_what_is_held_by_the_others() -> None:
    assert moved(regime({"naming": NAMING})) == {"PFC", "head"}
    assert moved(regime({"gating": GATING})) == {"hidden", "BG"}
    spec = regime().organism
    costs = {name: each.cost for name, each in regime().costs.items()}
    assert reaches(spec, costs["naming"]) == {"head", "PFC"}
    assert reaches(spec, costs["gating"]) == {"BG", "hidden"}


@pytest.mark.parametrize("rule", ["bptt", "backprop", None])
def test_a_life_is_the_same_alone_and_at_every_slot(rule: str | None) -> None:
    found = organism() | ({"credit": [{"areas": ["PFC"], "rule": rule}]} if rule else {})
    one = regime(found=found, clock={"batch": 7})
    alone = {seed: state(raised(one, [seed], 3), seed) for seed in range(6)}
    for seeds in ([4, 2], [2, 0, 1], [3, 1, 4, 0, 5, 2]):
        together = raised(one, seeds, 3)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


def test_a_probe_beside_it_changes_nothing() -> None:
    probes = {"acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "1ba"}}
    with_it, without = (raised(regime(probes=each), [3], 3) for each in (probes, {}))
    assert differing(state(with_it, 3), state(without, 3)) == []


def test_the_control_brings_no_weights() -> None:
    one = regime()
    born = state(raised(one, [1], 0), 1)
    assert parameter_count(one.organism) == sum(
        value.numel() for key, value in born.items() if key.startswith("params/")
    )
    own = {key for key in born if key.startswith("params/area/PFC/")}
    assert own == {"params/area/PFC/from/eye/weight", "params/area/PFC/bias"}


# ---- what is refused


def refused(found: dict[str, Any], **cost: Any) -> list[tuple[str, str]]:
    stage = {"name": "only", "world": "school", "costs": {"naming": 1.0, "gating": 1.0}, "until": {"after": "5ba"}}
    costs = {"naming": NAMING, "gating": GATING | cost}
    document = tiny_schedule(organism=found, worlds=WORLDS, probes={}, costs=costs, stages=[stage])
    return [(each.code, each.message) for each in check_document(document).errors]


def test_the_example_has_no_finding() -> None:
    path = Path(__file__).parents[3] / "examples" / "gates.yaml"
    assert check_document(read(path.read_bytes()).data).findings == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slots": 4}, "4 slots, or none: 5 choices; BG has 3 units"),
        ({"control": "hidden"}, "its slots take in what others bring, as its control hidden says; here eye, BG"),
    ],
)
def test_a_control_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    assert refused(organism()) == []
    assert ("E14", f"area PFC: {said}") in refused(organism(**changes))


def test_gates_that_open_by_degrees_choose_nothing() -> None:
    found = organism(control=None)
    said = "cost gating: it credits what PFC chooses, and gate_buffer PFC chooses nothing"
    assert ("E14", said) in refused(found)


@pytest.mark.parametrize("rule", CAPABILITIES)
def test_a_rule_teaches_the_choice_or_says_that_it_cannot(rule: str) -> None:
    found = organism()
    found["areas"]["hidden"]["act"] = "sigmoid" if rule == "burst" else "tanh"
    found["credit"] = [{"areas": ["hidden", "BG"], "rule": rule}]
    codes = [code for code, _ in refused(found)]
    if not codes:
        assert moved(regime(found=found), 4) >= ({"PFC", "head"} if rule == "frozen" else {"BG", "PFC", "head"})
    assert set(codes) <= {"E18", "E25", "E26", "E27", "E07"}
    if rule in ("backprop", "feedback_alignment", "sign_symmetry", "kolen_pollack", "direct_feedback"):
        assert codes == []
