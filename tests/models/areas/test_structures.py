"""Areas made for one thing each: values by hand, slopes, lives that do not depend on others, what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import IMAGE, assert_alone_as_among_others, one_stage, raised, state
from torch import Tensor

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.protocols import Area, Params, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.credit import CAPABILITIES
from models.specs.organism import OrganismSpec
from models.specs.shapes import area_shapes, output_shape, parameter_count

LINE = {"kind": "linear", "act": "none"}
STRUCTURES: dict[str, dict[str, Any]] = {
    "binding": {"kind": "binding", "size": 33},
    "holding": {"kind": "binding", "size": 65, "keep": 0.9, "operation": "correlate"},
    "shifter": {"kind": "shifter", "control": "b", "reach": 1, "gain": 2.0},
    "attention": {"kind": "attention", "size": 7, "parts": "a", "width": 5},
}
BELOW: dict[str, dict[str, Any]] = {
    "binding": {"a": LINE | {"size": 33}, "b": LINE | {"size": 33}},
    "holding": {"a": LINE | {"size": 65}, "b": LINE | {"size": 65}},
    "shifter": {"a": {"kind": "conv", "channels": 3}, "b": LINE | {"size": 9}},
    "attention": {"a": {"kind": "conv", "channels": 3}, "b": LINE | {"size": 4}},
}


def organism(name: str, **changes: Any) -> dict[str, Any]:
    """A structure between two areas and a head."""
    areas = {**BELOW[name], "mid": STRUCTURES[name] | changes, "head": LINE | {"size": 10}}
    ways = [("retina", "a"), ("retina", "b"), ("a", "mid"), ("b", "mid"), ("mid", "head")]
    return {
        "senses": IMAGE,
        "areas": areas,
        "pathways": [{"from": below, "to": above} for below, above in ways],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def built(inputs: dict[str, tuple[int, ...]], **spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python(spec, strict=False)
    shape, problem = output_shape(given, inputs)
    assert shape is not None, problem
    return build_area("mid", given, inputs, shape)


def answer(member: Area, inputs: dict[str, Tensor], params: Params | None = None) -> Tensor:
    first = member.start(next(iter(inputs.values())))
    return member.apply(inputs, first, Pass(params or {}, Exact(), {}))[0]


def normal(*shape: int, lives: int = 2, name: str = "") -> Tensor:
    return Draw(torch.arange(lives)).at("test", name).normal(*shape)


# ---- values


def test_binding_is_circular_convolution_and_its_inverse_correlation() -> None:
    a, b = normal(3, 1, 5, name="a").double(), normal(3, 1, 5, name="b").double()
    sources = {"a": (5,), "b": (5,)}
    convolved = answer(built(sources, kind="binding", size=5), {"a": a, "b": b})
    correlated = answer(built(sources, kind="binding", size=5, operation="correlate"), {"a": a, "b": b})
    for k in range(5):
        forward = sum(a[..., j] * b[..., (k - j) % 5] for j in range(5))
        back = sum(a[..., j] * b[..., (k + j) % 5] for j in range(5))
        torch.testing.assert_close(convolved[..., k], forward)
        torch.testing.assert_close(correlated[..., k], back)


def test_what_is_kept_lies_over_what_comes() -> None:
    a, b = normal(3, 4, 6, name="a"), normal(3, 4, 6, name="b")
    sources = {"a": (6,), "b": (6,)}
    single = answer(built(sources, kind="binding", size=6), {"a": a, "b": b})
    held = answer(built(sources, kind="binding", size=6, keep=0.5), {"a": a, "b": b})
    torch.testing.assert_close(
        held[:, :, 3], single[:, :, 3] + 0.5 * single[:, :, 2] + 0.25 * single[:, :, 1] + 0.125 * single[:, :, 0]
    )


def test_a_shifter_moves_what_is_seen_exactly() -> None:
    line, maps = normal(3, 2, 9, name="line"), normal(3, 2, 2, 7, 8, name="maps")
    for k in range(-2, 3):
        control = torch.nn.functional.one_hot(torch.tensor(k + 2), 5).float().expand(2, 3, 2, 5)
        member = built({"x": (9,), "c": (5,)}, kind="shifter", control="c", reach=2)
        assert torch.equal(answer(member, {"x": line, "c": control}), line[..., 2 + k : 7 + k])
    for number, (down, right) in enumerate(itertools.product(range(3), repeat=2)):
        control = torch.nn.functional.one_hot(torch.tensor(number), 9).float().expand(2, 3, 2, 9)
        member = built({"c": (9,), "x": (2, 7, 8)}, kind="shifter", control="c", reach=1)
        assert torch.equal(answer(member, {"x": maps, "c": control}), maps[..., down : down + 5, right : right + 6])


def test_a_shifter_with_a_gain_weighs_by_a_softmax() -> None:
    line, control = normal(3, 2, 5, name="line"), normal(3, 2, 3, name="control")
    member = built({"x": (5,), "c": (3,)}, kind="shifter", control="c", reach=1, gain=2.0)
    share = torch.softmax(2.0 * control, dim=-1)
    expected = sum(share[..., k : k + 1] * line[..., k : k + 3] for k in range(3))
    torch.testing.assert_close(answer(member, {"x": line, "c": control}), expected)


def test_attention_is_that_of_the_library() -> None:
    parts, asks = normal(3, 2, 4, 2, 3, name="parts"), normal(3, 2, 6, name="asks")
    member = built({"parts": (4, 2, 3), "asks": (6,)}, kind="attention", size=7, parts="parts", width=5)
    params = member.init(Draw(torch.arange(2)))
    found = answer(member, {"parts": parts, "asks": asks}, params)
    both, query = params["area/mid/from/parts/weight"], params["area/mid/from/asks/weight"]
    assert (both.shape, query.shape) == ((2, 4, 12), (2, 6, 5))
    for n in range(2):
        places = parts[n].flatten(3).mT
        key, value = (places @ both[n]).split((5, 7), dim=-1)
        asked = (asks[n] @ query[n])[:, :, None]
        expected = torch.nn.functional.scaled_dot_product_attention(asked, key, value)[:, :, 0]
        torch.testing.assert_close(found[n], expected)


@pytest.mark.parametrize("name", STRUCTURES)
def test_slopes_are_those_of_small_differences(name: str) -> None:
    shapes = area_shapes(OrganismSpec.model_validate(organism(name)))
    sources = {source: shapes[source] for source in ("a", "b")}
    member = built(sources, **STRUCTURES[name])
    params = {key: value.double() for key, value in member.init(Draw(torch.arange(1))).items()}
    given = [normal(1, 2, *shape, lives=1, name=source).double().requires_grad_() for source, shape in sources.items()]

    def run(*x: Tensor) -> Tensor:
        return answer(member, dict(zip(sources, x, strict=True)), params).sum(dim=2)

    assert torch.autograd.gradcheck(run, given, fast_mode=True)


# ---- in an organism


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_life_is_the_same_alone_and_at_every_slot(name: str) -> None:
    regime = one_stage(organism(name), clock={"batch": 7, "sweeps": 3})
    assert_alone_as_among_others(regime, 2)


@pytest.mark.parametrize("name", STRUCTURES)
def test_errors_pass_to_both_inputs_and_parameters_are_counted(name: str) -> None:
    regime = one_stage(organism(name))
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 2))
    moved = {key.split("/")[2] for key in before if "params" in key and not torch.equal(before[key], after[key])}
    assert moved == {"a", "b", "head"} | ({"mid"} if name == "attention" else set())
    whole = sum(value.numel() for key, value in before.items() if key.startswith("params/"))
    assert parameter_count(regime.organism) == whole


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_lesion_takes_it_from_those_that_hear_it(name: str) -> None:
    harm = {"gone": {"transform": {"kind": "lesion", "areas": ["mid"]}, "onset": "0sp", "duration": "50ba"}}
    regime = one_stage(organism(name), deficits=harm, probes={})
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 2))
    assert torch.equal(before["params/area/head/from/mid/weight"], after["params/area/head/from/mid/weight"])
    assert not torch.equal(before["params/area/head/bias"], after["params/area/head/bias"])


# ---- what is refused


def refused(found: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in check_document(tiny_schedule(organism=found, **changes)).errors]


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_fits_is_taken(name: str) -> None:
    named = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    assert refused(organism(name), costs=named) == []


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("binding", {"size": 32}, "binding takes two pathways of 32 units each; here a [33], b [33]"),
        ("shifter", {"control": "head"}, "one of them from its control head"),
        ("shifter", {"reach": 2}, "reach 2 means 25 shifts, b has 9 units"),
        ("attention", {"parts": "b"}, "b gives [4], attention wants [maps, height, width]"),
        ("attention", {"parts": "retina"}, "attention takes its parts from retina"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, changes: dict[str, Any], said: str) -> None:
    (found,) = (each for each in refused(organism(name, **changes)) if "mid" in each[1])
    assert found[0] == "E14"
    assert said in found[1]


def raised_by(name: str, rule: str) -> tuple[list[str], set[str]]:
    """What is refused of a structure and its head under a rule; else the areas that moved."""
    given = {**organism(name), "credit": [{"areas": ["mid", "head"], "rule": rule}]}
    clock = {"batch": 6, "sweeps": 2}
    named = {"naming": {"kind": "cross_entropy", "at": "head", "target": "label"}}
    codes = [code for code, _ in refused(given, clock=clock, costs=named)]
    if codes:
        return codes, set()
    regime = one_stage(given, clock=clock)
    before, after = (state(raised(regime, [1], updates), 1) for updates in (0, 2))
    return [], {key.split("/")[2] for key in before if "params" in key and not torch.equal(before[key], after[key])}


@pytest.mark.parametrize("rule", CAPABILITIES)
def test_a_rule_teaches_attention_or_says_that_it_cannot(rule: str) -> None:
    codes, moved = raised_by("attention", rule)
    assert set(codes) <= {"E18", "E25", "E26", "E27"} if codes else moved >= {"head"} or rule == "frozen"
    if rule in ("backprop", "bptt", "local_error", "weight_perturbation"):
        assert "mid" in moved


@pytest.mark.parametrize("rule", ["feedback_alignment", "node_perturbation", "predictive_coding", "hebb"])
@pytest.mark.parametrize("name", STRUCTURES)
def test_rules_of_layers_do_not_teach_it(name: str, rule: str) -> None:
    assert "E25" in raised_by(name, rule)[0]


def test_activations_it_does_not_have_are_refused() -> None:
    assert [code for code, _ in refused(organism("binding", act="relu"))] == ["E29"]
