"""A glimpse: what is in the window, where it lies, who is credited for that, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from build import tiny_schedule
from pydantic import TypeAdapter
from raising import IMAGE, differing, one_stage, raised, state
from torch import Tensor

from models.areas import build_area
from models.credit.backprop import Exact
from models.draw import Draw
from models.engine.examiner import portion_of
from models.engine.feed import Stream
from models.engine.measure import Items
from models.engine.organism import Organism
from models.protocols import Area, Chooses, Pass
from models.specs.areas import AreaSpec
from models.specs.checks import check_document
from models.specs.credit import CAPABILITIES
from models.specs.document import read
from models.specs.organism import OrganismSpec
from models.specs.reach import reaches
from models.specs.shapes import area_shapes, output_shape, parameter_count

LOOK = {"kind": "attention", "parts": "V1", "control": "FEF", "glimpse": 4, "stride": 2}
NAMING = {"kind": "cross_entropy", "at": "head", "target": "label"}
LOOKING = {"kind": "policy_gradient", "at": "look", "answer": "head", "entropy": 0.1}
COSTS = {"naming": NAMING, "looking": LOOKING}


def organism(**look: Any) -> dict[str, Any]:
    """Three places along each side of 8 x 8 maps, chosen by an area that sees the whole."""
    areas = {
        "V1": {"kind": "conv", "channels": 2},
        "SC": {"kind": "linear", "size": 7, "act": "tanh"},
        "FEF": {"kind": "linear", "size": 9, "act": "none"},
        "look": LOOK | look,
        "head": {"kind": "linear", "size": 10, "act": "none"},
    }
    ways = [("retina", "V1"), ("retina", "SC"), ("SC", "FEF"), ("V1", "look"), ("FEF", "look"), ("look", "head")]
    return {
        "senses": IMAGE,
        "areas": areas,
        "pathways": [{"from": below, "to": above} for below, above in ways],
        "optimizer": {"kind": "sgd", "lr": 0.05},
    }


def drawn(lives: int, items: int) -> Draw:
    return Draw(torch.arange(lives), torch.arange(items).expand(lives, items))


def built(shape: tuple[int, ...] = (2, 8, 6), places: int = 6, **spec: Any) -> Area:
    given = TypeAdapter(AreaSpec).validate_python(LOOK | spec, strict=False)
    shapes = {"V1": shape, "FEF": (places,)}
    window, problem = output_shape(given, shapes)
    assert window is not None, problem
    return build_area("look", given, shapes, window)


def given(lives: int = 2, items: int = 5, steps: int = 3, places: int = 6) -> dict[str, Tensor]:
    """Parts that say where they are, and logits."""
    draw = drawn(lives, items).at("test")
    return {"V1": draw.at("parts").normal(steps, 2, 8, 6), "FEF": draw.at("logits").normal(steps, places)}


def passing(lives: int = 2, items: int = 5) -> Pass:
    return Pass({}, Exact(), {}, drawn(lives, items))


# ---- what is seen, and where


def test_the_window_is_cut_out_as_it_is_where_it_was_drawn() -> None:
    look, inputs, by = built(), given(), passing()
    assert look.shape == (2, 4, 4)
    assert isinstance(look, Chooses)
    rate, _ = look.apply(inputs, look.start(inputs["V1"]), by)
    logits, place = look.choice(inputs, by)
    assert torch.equal(logits, inputs["FEF"])
    assert len(set(place.flatten().tolist())) > 3
    for life in range(2):
        for item in range(5):
            for step in range(3):
                row, column = divmod(int(place[life, item, step]), 2)
                there = inputs["V1"][life, item, step, :, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
                assert torch.equal(rate[life, item, step], there)


def test_step_by_step_it_looks_where_it_looks_all_at_once() -> None:
    look, inputs, by = built(), given(), passing()
    whole, _ = look.apply(inputs, look.start(inputs["V1"]), by)
    now, parts = look.start(inputs["V1"]), []
    for step in range(3):
        rate, now = look.apply({name: x[:, :, step : step + 1] for name, x in inputs.items()}, now, by)
        parts.append(rate)
    assert torch.equal(torch.cat(parts, dim=2), whole)


def test_places_are_as_frequent_as_the_softmax_says_and_independent_in_time() -> None:
    look = built()
    assert isinstance(look, Chooses)
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125, 1e-9, 1e-9]).log()
    inputs = given(1, 4000, 2) | {"FEF": logits.expand(1, 4000, 2, 6)}
    _, place = look.choice(inputs, passing(1, 4000))
    share = torch.bincount(place.flatten(), minlength=6) / 8000
    assert share.tolist() == pytest.approx([0.5, 0.25, 0.125, 0.125, 0, 0], abs=0.02)
    both = ((place[..., 0] == 0) & (place[..., 1] == 0)).float().mean()
    assert float(both) == pytest.approx(0.25, abs=0.03)


def test_errors_pass_to_the_parts_in_the_window_and_never_to_the_control() -> None:
    look, inputs, by = built(), {name: x.requires_grad_() for name, x in given().items()}, passing()
    assert isinstance(look, Chooses)
    rate, _ = look.apply(inputs, look.start(inputs["V1"]), by)
    down, control = torch.autograd.grad(rate.sum(), [inputs["V1"], inputs["FEF"]], allow_unused=True)
    assert control is None
    _, place = look.choice(inputs, by)
    for item in range(5):
        row, column = divmod(int(place[0, item, 0]), 2)
        seen = torch.zeros(2, 8, 6)
        seen[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4] = 1.0
        assert torch.equal(down[0, item, 0], seen)


# ---- in an organism


def regime(costs: dict[str, Any] | None = None, found: dict[str, Any] | None = None, **changes: Any) -> Any:
    return one_stage(found or organism(), costs=costs or COSTS, **changes)


def moved(one: Any, updates: int = 2) -> set[str]:
    """Areas whose parameters are other ones after some updates."""
    before, after = (state(raised(one, [1], count), 1) for count in (0, updates))
    return {
        key.split("/")[2] for key in before if key.startswith("params") and not torch.equal(before[key], after[key])
    }


def test_the_choice_is_credited_by_its_own_cost_alone() -> None:
    assert moved(regime({"naming": NAMING})) == {"V1", "head"}
    assert moved(regime({"looking": LOOKING})) == {"SC", "FEF"}
    assert moved(regime()) == {"V1", "SC", "FEF", "head"}
    spec = regime().organism
    costs = {name: each.cost for name, each in regime().costs.items()}
    assert reaches(spec, costs["naming"]) == {"head", "look", "V1"}
    assert reaches(spec, costs["looking"]) == {"FEF", "SC"}


def test_a_pathway_without_gradient_keeps_the_credit_out() -> None:
    shut = organism()
    shut["pathways"][2]["gradient"] = "block"
    assert moved(regime(found=shut)) == {"V1", "FEF", "head"}


@pytest.mark.parametrize("sweeps", [1, 3])
def test_a_life_is_the_same_alone_and_at_every_slot(sweeps: int) -> None:
    one = regime(clock={"batch": 7, "sweeps": sweeps})
    alone = {seed: state(raised(one, [seed], 2), seed) for seed in range(8)}
    for seeds in ([4, 2], [2, 0, 1], [3, 1, 4, 0, 5, 2, 6, 7]):
        together = raised(one, seeds, 2)
        for seed in seeds:
            assert differing(state(together, seed), alone[seed]) == [], (seeds, seed)


def test_where_a_cost_weighs_for_some_lives_only_the_others_are_as_without_it() -> None:
    told = {"from": 0.0, "to": 1.0, "kind": "gate", "probe": "acc", "low": 0.12, "high": 0.13, "shape": "step"}
    probes = {"acc": {"kind": "accuracy", "at": "head", "world": "quiz", "every": "1ba"}}
    found = one_stage(organism(), costs=COSTS, probes=probes, stage={"costs": {"naming": 1.0, "looking": told}})
    together, first = raised(found, range(4), 3), raised(found, range(4), 0)
    weights = [each.params["area/FEF/from/SC/weight"].detach() for each in (first, together)]
    learned = (weights[0] != weights[1]).flatten(1).any(dim=1).tolist()
    assert set(learned) == {True, False}
    for seed in range(4):
        assert differing(state(together, seed), state(raised(found, [seed], 3), seed)) == [], seed


def test_a_loop_looks_again_from_what_it_saw() -> None:
    found = organism()
    found["areas"]["PFC"] = {"kind": "recurrent", "size": 5}
    found["pathways"] += [{"from": "look", "to": "PFC"}, {"from": "PFC", "to": "FEF", "delay": 1}]
    found["pathways"] = [way for way in found["pathways"] if (way["from"], way["to"]) != ("look", "head")]
    found["pathways"].append({"from": "PFC", "to": "head"})
    assert moved(regime(found=found, clock={"batch": 6, "sweeps": 3})) == {"V1", "SC", "FEF", "PFC", "head"}


def looked_at(cohort: Any, one: Any, sweeps: int = 1) -> tuple[Any, Tensor, Tensor]:
    """What a probe sees, by which logits, and where."""
    world = next(iter(one.looked_at.values())) if one.looked_at else one.world
    items = Items(
        Stream(world, one.organism.senses, {}, sweeps), 300, portion_of(cohort, [0, 1]), Organism(one.organism)
    )
    moment = items.moment()
    return moment, *moment.choice("look")


@pytest.mark.parametrize("sweeps", [1, 2])
def test_probes_draw_their_own_places_and_know_them_chunk_by_chunk_and_sweep_by_sweep(sweeps: int) -> None:
    one = regime(clock={"batch": 6, "sweeps": sweeps}, worlds={"school": {"source": "digits"}}, probes={})
    moment, logits, place = looked_at(raised(one, [0, 1], 2), one, sweeps)
    assert place.shape == (2, 300, 1)
    assert logits.shape == (2, 300, 1, 9)
    rows, columns = place // 3, place % 3
    for item in (0, 255, 256, 299):
        row, column = int(rows[1, item, 0]), int(columns[1, item, 0])
        there = moment.rate["V1"][1, item, 0, :, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4]
        assert torch.equal(moment.rate["look"][1, item, 0], there)
    again = looked_at(raised(one, [0, 1], 2), one, sweeps)[2]
    assert torch.equal(place, again)


def test_a_probe_beside_it_changes_nothing() -> None:
    both = {"acc": {"kind": "accuracy", "at": "head"}, "lost": {"kind": "loss", "cost": "looking"}}
    probes = {name: each | {"world": "quiz", "every": "1ba"} for name, each in both.items()}
    with_them, without = (raised(regime(probes=each), [3], 3) for each in (probes, {}))
    assert differing(state(with_them, 3), state(without, 3)) == []


def test_what_a_deficit_leaves_of_the_control_is_what_is_credited() -> None:
    harm = {"cut": {"transform": {"kind": "cut_pathway", "pathways": ["FEF-look"]}, "onset": "0sp", "duration": "50ba"}}
    assert moved(regime(deficits=harm, probes={})) == {"V1", "head"}
    half = {"cut": harm["cut"] | {"strength": 0.5}}
    assert moved(regime(deficits=half, probes={})) == {"V1", "SC", "FEF", "head"}


def test_nothing_of_it_is_a_parameter() -> None:
    one = regime()
    whole = sum(value.numel() for key, value in state(raised(one, [1], 0), 1).items() if key.startswith("params/"))
    assert parameter_count(one.organism) == whole
    assert area_shapes(OrganismSpec.model_validate(organism()))["look"] == (2, 4, 4)


# ---- what is refused


def refused(found: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in check_document(tiny_schedule(organism=found, **changes)).errors]


def taught(**changes: Any) -> dict[str, Any]:
    """Of a schedule whose first stage credits the choice."""
    stage = {"name": "only", "world": "school", "costs": {"naming": 1.0, "looking": 1.0}, "until": {"after": "5ba"}}
    return {"costs": {"naming": NAMING, "looking": LOOKING | changes.pop("cost", {})}, "stages": [stage]} | changes


def test_what_fits_is_taken() -> None:
    assert refused(organism(), **taught()) == []
    assert refused(organism(stride=4, glimpse=4), **taught()) == [
        ("E14", "area look: a glimpse of 4 at every 4 of [8, 8] has 2 x 2 places, FEF has 9 units")
    ]


def test_the_example_of_an_action_inside_has_no_finding() -> None:
    path = Path(__file__).parents[3] / "examples" / "glimpse.yaml"
    assert check_document(read(path.read_bytes()).data).findings == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"glimpse": 9}, "a glimpse of 9 x 9 is larger than [8, 8], what V1 gives"),
        ({"glimpse": 4, "stride": 3}, "windows of 4 at every 3 of [8, 8] leave a rim that is never seen"),
        ({"glimpse": 2}, "a glimpse of 2 at every 2 of [8, 8] has 4 x 4 places, FEF has 9 units"),
        ({"control": "SC"}, "a glimpse takes two pathways, from its parts V1 and its control SC; here V1, FEF"),
        ({"parts": "FEF", "control": "V1"}, "FEF gives [9], attention wants [maps, height, width]"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    assert ("E14", f"area look: {said}") in refused(organism(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": 5}, "exactly one of size, glimpse"),
        ({"control": None}, "glimpse and control, or neither: control says where to look"),
    ],
)
def test_one_way_of_looking_is_chosen(changes: dict[str, Any], said: str) -> None:
    ((code, message),) = refused(organism(**changes))
    assert code == "E23"
    assert said in message


@pytest.mark.parametrize(
    ("cost", "code", "said"),
    [
        ({"at": "FEF"}, "E14", "it credits what FEF chooses, and linear FEF chooses nothing"),
        ({"answer": "SC"}, "E14", "nothing of what look passes on reaches SC"),
        ({"answer": "V2"}, "E03", "unknown area 'V2'"),
        ({"critic": "SC"}, "E23", "at most one of answer, critic"),
        ({"scope": "local"}, "E07", "reaches no plastic area: look is without weights to be taught"),
    ],
)
def test_a_credit_that_cannot_be_given_is_refused(cost: dict[str, Any], code: str, said: str) -> None:
    found = refused(organism(), **taught(cost=cost))
    assert any(each == code and said in message for each, message in found), found


def test_an_answer_has_a_unit_for_every_class() -> None:
    found = organism()
    found["areas"]["more"] = {"kind": "linear", "size": 4}
    found["pathways"].append({"from": "look", "to": "more"})
    said = "cost looking: more gives [4], the label has 10 classes (world school)"
    assert ("E14", said) in refused(found, **taught(cost={"answer": "more"}))


def test_right_answers_are_known_of_items_with_labels_and_held_against_others() -> None:
    unnamed = {"school": {"source": "digits", "labels": "none"}, "quiz": {"source": "digits", "split": "valid"}}
    found = refused(organism(), **taught(worlds=unnamed))
    assert any(code == "E06" and "cost looking needs labels, world school" in message for code, message in found)
    some = {"kind": "budget", "count": 20, "unlabelled": "keep"}
    partly = unnamed | {"school": {"source": "digits", "labels": some}}
    assert [code for code, _ in refused(organism(), **taught(worlds=partly))] == ["E06"]
    assert refused(organism(), **taught(clock={"batch": 1})) == [
        ("E30", "clock: cost looking takes statistics over the batch; 1 is out of bounds")
    ]


def test_rewards_of_a_world_are_not_for_choices_inside() -> None:
    found = organism()
    found["areas"]["head"]["size"] = 4
    worlds = {"school": {"source": "grid", "steps": 4, "actor": "head"}, "quiz": {"source": "grid", "steps": 4}}
    assert any(code == "E06" and "needs labels" in message for code, message in refused(found, **taught(worlds=worlds)))


def test_who_acts_does_not_rest_on_what_is_drawn_by_the_steps_of_an_item() -> None:
    senses = {"senses": {"retina": {"shape": [1, 8, 8]}, "where": {"shape": [104], "channel": "place"}}}
    found = organism() | senses
    found["areas"]["head"]["size"] = 4
    worlds = {"school": {"source": "grid", "steps": 4, "actor": "head"}, "quiz": {"source": "grid", "steps": 4}}
    said = "world school: head acts frame by frame, and look chooses anew by the steps of an item"
    assert ("E30", said) in refused(found, **taught(worlds=worlds))


@pytest.mark.parametrize("rule", CAPABILITIES)
def test_a_rule_teaches_where_to_look_or_says_that_it_cannot(rule: str) -> None:
    found = organism()
    found["areas"]["SC"]["act"] = "sigmoid" if rule == "burst" else "tanh"
    found["credit"] = [{"areas": ["SC", "FEF"], "rule": rule}]
    codes = [code for code, _ in refused(found, **taught())]
    if not codes:
        assert moved(regime(found=found), 4) >= ({"V1", "head"} if rule == "frozen" else {"FEF", "V1", "head"})
    assert set(codes) <= {"E18", "E25", "E26", "E27", "E07"}
    if rule in ("backprop", "feedback_alignment", "sign_symmetry", "kolen_pollack", "direct_feedback"):
        assert codes == []
    if "scalar_cost" in CAPABILITIES[rule].needs:
        assert "E26" in codes


@pytest.mark.parametrize("rule", ["feedback_alignment", "local_error", "node_perturbation", "hebb"])
def test_no_rule_of_weights_teaches_the_window(rule: str) -> None:
    found = organism() | {"credit": [{"areas": ["look", "head"], "rule": rule}]}
    assert "E25" in [code for code, _ in refused(found, **taught())]
