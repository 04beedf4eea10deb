"""A read-out that learns at every moment: what it comes to, what it promises, and what it cannot teach."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from build import tiny_schedule
from crediting import asked, newborn, shown_to, weight
from raising import IMAGE, assert_alone_as_among_others, differing, one_stage, plan, raised, state, train

from models.engine import snapshot
from models.engine.feed import Stream
from models.engine.organism import Organism
from models.specs.checks import check_document
from models.specs.findings import Finding
from models.specs.organism import OrganismSpec
from models.specs.shapes import contents_count

WAY, BACK = weight("voice", "echo"), weight("echo", "voice")
INVERSE = f"rule/{WAY}/inverse"
WHOLE = {"kind": "sgd", "lr": 1.0}


def singer(size: int = 30, *, back: bool = True, **rule: Any) -> dict[str, Any]:
    """An echo, a voice that reads it, and the way back."""
    again = [{"from": "voice", "to": "echo", "mode": "feedback", "delay": 1}] if back else []
    return {
        "senses": {"ear": {"shape": [1]}},
        "areas": {
            "echo": {"kind": "reservoir", "size": size, "radius": 1.5, "init": {"kind": "normal", "sd": 0.6}},
            "voice": {"kind": "linear", "size": 1, "act": "none"},
        },
        "pathways": [{"from": "ear", "to": "echo"}, {"from": "echo", "to": "voice"}, *again],
        "credit": [{"areas": ["voice"], "rule": {"kind": "force", **rule}, "optimizer": WHOLE}],
    }


def song(length: int, split: str = "train") -> dict[str, Any]:
    return {"source": {"kind": "trials", "task": "sines", "length": length, "period": 40}, "steps": length} | (
        {"split": split} if split != "train" else {}
    )


def lesson(organism: dict[str, Any], length: int = 40, batch: int = 1, **changes: Any) -> dict[str, Any]:
    """What a schedule says beside its stage."""
    return {
        "organism": organism,
        "worlds": {"school": song(length)},
        "costs": {"naming": {"kind": "mse", "at": "voice", "target": "label"}},
        "probes": {},
        "clock": {"batch": batch},
    } | changes


@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_over_all_updates_it_is_ridge_regression(alpha: float) -> None:
    organism = {
        "senses": IMAGE,
        "areas": {"head": {"kind": "linear", "size": 10, "act": "none"}},
        "pathways": [{"from": "retina", "to": "head"}],
        "credit": [{"areas": ["head"], "rule": {"kind": "force", "alpha": alpha, "every": 1}, "optimizer": WHOLE}],
    }
    costs = {"naming": {"kind": "mse", "at": "head", "target": "label"}}
    regime, cohort = newborn(organism, costs=costs, probes={})
    way = weight("head", "retina")
    first = cohort.params[way].detach().double().clone()
    train(cohort, regime, 10)  # 20 at a time, all 200 once
    shown = Stream(regime.world, regime.organism.senses, {}, 1)
    eyes = torch.zeros(1, dtype=torch.int64)
    every = shown.subset(eyes)
    batch = shown.show(eyes, every, shown.draw(eyes, every))
    assert batch.label is not None
    x = batch.senses["retina"][0].reshape(200, 64).double()
    aim = torch.nn.functional.one_hot(batch.label[0, :, 0], 10).double()
    gram = x.T @ x + alpha * torch.eye(64, dtype=torch.float64)
    for life in range(3):
        ridge = first[life] + torch.linalg.solve(gram, x.T @ (aim - x @ first[life]))
        torch.testing.assert_close(cohort.params[way][life].double(), ridge, rtol=1e-3, atol=1e-4)
        known = cohort.learned[f"rule/{way}/inverse"][life].double()
        torch.testing.assert_close(known, torch.linalg.inv(gram), rtol=1e-3, atol=1e-6)


def sung(params: dict[str, npt.NDArray[np.float64]], x_T: Any, aim_T: Any, every: int) -> npt.NDArray[np.float64]:
    """The weight at the end of one item, as Sussillo and Abbott wrote it down: one item, one step after the other."""
    rate, told = np.zeros(len(params["own"])), 0.0
    w, P = params["w"].copy(), np.eye(len(rate))
    for step, (x, aim) in enumerate(zip(x_T, aim_T, strict=True)):
        drive = params["bias"] + x * params["ear"] + told * params["back"] + rate @ params["own"]
        rate = 0.7 * rate + 0.3 * np.tanh(drive)
        told = float(rate @ w)
        if step % every == 0:
            k = P @ rate
            c = 1.0 / (1.0 + rate @ k)
            P -= c * np.outer(k, k)
            w -= c * (told - aim) * k
    return w


@pytest.mark.parametrize("every", [1, 2, 3])
def test_it_learns_at_every_step_from_what_the_step_before_has_made_of_the_echo(every: int) -> None:
    regime, cohort = newborn(seeds=(4, 9), **lesson(singer(every=every)))
    asks, _ = asked(regime, cohort, items=1)
    moment = shown_to(regime, cohort, items=1)
    assert moment.batch.label is not None
    for life in range(2):
        given = {
            "w": cohort.params[WAY],
            "ear": cohort.params[weight("echo", "ear")],
            "back": cohort.params[BACK],
            "own": cohort.params["area/echo/recurrent/weight"],
            "bias": cohort.params["area/echo/bias"],
        }
        numbers = {name: each[life].detach().double().squeeze().numpy() for name, each in given.items()}
        x, aim = moment.batch.senses["ear"][life, 0, :, 0].tolist(), moment.batch.label[life, 0].tolist()
        wanted = numbers["w"] - sung(numbers, x, aim, every)
        np.testing.assert_allclose(asks[WAY][life, :, 0].double().numpy(), wanted, rtol=2e-3, atol=2e-5)
    assert not asks["area/voice/bias"].any()
    assert not asks[BACK].any()


def test_items_side_by_side_share_what_is_learned() -> None:
    regime, cohort = newborn(seeds=(4,), **lesson(singer(back=False, every=1)))
    asks, _ = asked(regime, cohort, items=3)
    moment = shown_to(regime, cohort, items=3)
    assert moment.batch.label is not None
    x, aim = moment.rate["echo"][0].flatten(0, 1).double(), moment.batch.label[0].flatten().double()[:, None]
    first = cohort.params[WAY][0].detach().double()
    gram = x.T @ x + torch.eye(30, dtype=torch.float64)
    wanted = -torch.linalg.solve(gram, x.T @ (aim - x @ first))
    torch.testing.assert_close(asks[WAY][0].double(), wanted, rtol=1e-3, atol=1e-5)


def error(organism: dict[str, Any], updates: int) -> torch.Tensor:
    """Root mean square (N,) of what is sung beside the tune, by itself, after some updates."""
    regime = one_stage(**lesson(organism, 200))
    cohort = raised(regime, range(2), updates)
    moment = shown_to(regime, cohort, items=2)
    assert moment.batch.label is not None
    return (moment.rate["voice"][..., 0] - moment.batch.label).square().mean(dim=(1, 2)).sqrt()


def test_the_tune_goes_on_by_itself_and_by_other_lessons_it_does_not() -> None:
    assert bool((error(singer(150), 6) < 0.2).all())
    assert bool((error(singer(150), 0) > 0.5).all())
    slow = singer(150)
    slow["credit"] = []
    slow["optimizer"] = {"kind": "adam", "lr": 0.01}
    assert bool((error(slow, 6) > 0.5).all())


def test_a_life_is_the_same_alone_at_every_slot_and_interrupted() -> None:
    regime = one_stage(**lesson(singer(), batch=2))
    assert_alone_as_among_others(regime, lives=4)
    half, _ = snapshot.load(snapshot.dump(raised(regime, [0, 1], 2), {}))
    train(half, regime, 2)
    assert snapshot.state_hash(half) == snapshot.state_hash(raised(regime, [0, 1], 4))


def test_without_plasticity_neither_weight_nor_inverse_moves_and_with_it_both() -> None:
    for plasticity, moving in ((0.0, set()), (1.0, {f"params/{WAY}", f"learned/{INVERSE}"})):
        regime = one_stage(**lesson(singer()), stage={"plasticity": {"voice": plasticity}})
        first, last = state(raised(regime, [1], 0), 1), state(raised(regime, [1], 3), 1)
        moved = differing({name: each for name, each in last.items() if name in first}, first)
        assert {name for name in moved if not name.startswith("own/cost")} == moving


def test_half_the_plasticity_goes_half_the_way() -> None:
    half = one_stage(**lesson(singer()), stage={"plasticity": {"voice": 0.5}})
    whole = one_stage(**lesson(singer()))
    first, some, all_of_it = (state(raised(*each), 1) for each in ((whole, [1], 0), (half, [1], 1), (whole, [1], 1)))
    for name in (f"params/{WAY}", f"learned/{INVERSE}"):
        torch.testing.assert_close(some[name] - first[name], 0.5 * (all_of_it[name] - first[name]))


def test_what_no_longer_arrives_teaches_nothing() -> None:
    cut = {"transform": {"kind": "cut_pathway", "pathways": ["echo-voice"]}, "onset": "0sp", "duration": "9sp"}
    regime = one_stage(**lesson(singer()), deficits={"deaf": cut})
    first, last = state(raised(regime, [1], 0), 1), state(raised(regime, [1], 2), 1)
    assert differing({name: each for name, each in last.items() if name in first}, first) == []


def test_a_life_whose_numbers_are_spent_leaves_the_others_alone() -> None:
    regime = one_stage(**lesson(singer()))
    cohort = raised(regime, [0, 1], 0)
    cohort.learned[INVERSE].data[0] *= -1e6
    train(cohort, regime, 1)
    assert bool(cohort.params[WAY][0].isnan().all())
    assert differing(state(cohort, 1), state(raised(regime, [0, 1], 1), 1)) == []


def document(organism: dict[str, Any], **changes: Any) -> dict[str, Any]:
    stages = [{"name": "only", "world": "school", "costs": {"naming": 1.0}, "until": {"after": "4ba"}}]
    return tiny_schedule(**lesson(organism), stages=stages) | changes


def only(given: dict[str, Any]) -> Finding:
    (found,) = check_document(given).errors
    return found


def test_what_it_can_teach_is_taken() -> None:
    assert not check_document(document(singer())).findings


@pytest.mark.parametrize(
    ("area", "said"),
    [({"act": "tanh"}, "has act tanh"), ({"norm": "layer"}, "norm layer"), ({"lr_scale": 2.0}, "lr_scale 2")],
)
def test_a_read_out_is_a_weighted_sum(area: dict[str, Any], said: str) -> None:
    organism = singer()
    organism["areas"]["voice"] |= area
    found = only(document(organism))
    assert found.code == "E25"
    assert said in found.message
    assert found.suggestion is not None
    assert found.suggestion.edit is not None


@pytest.mark.parametrize("optimizer", [{"kind": "adam", "lr": 1.0}, {"kind": "sgd", "lr": 0.1}, WHOLE | {"clip": 1.0}])
def test_its_steps_are_taken_whole(optimizer: dict[str, Any]) -> None:
    organism = singer()
    organism["credit"][0]["optimizer"] = optimizer
    found = only(document(organism))
    assert (found.code, found.pointer) == ("E25", "/organism/credit/0/optimizer")
    del organism["credit"][0]["optimizer"]
    organism["optimizer"] = optimizer
    assert only(document(organism)).pointer == "/organism/credit/0"


def test_it_reads_one_pathway_that_goes_one_way() -> None:
    organism = singer()
    organism["pathways"].append({"from": "ear", "to": "voice"})
    assert "has echo-voice, ear-voice" in only(document(organism)).message
    organism = singer(back=False)
    organism["areas"]["echo"] = {"kind": "linear", "size": 4, "act": "none"}
    organism["pathways"][1] |= {"mode": "symmetric", "delay": 1}
    assert "one way" in only(document(organism)).message


def test_it_teaches_one_read_out() -> None:
    organism = singer()
    organism["areas"]["throat"] = {"kind": "linear", "size": 3, "act": "none"}
    organism["pathways"][1:2] = [{"from": "echo", "to": "throat"}, {"from": "throat", "to": "voice"}]
    organism["credit"][0]["areas"] = ["throat", "voice"]
    assert "one read-out" in only(document(organism)).message


def test_it_has_one_target() -> None:
    costs = {name: {"kind": "mse", "at": "voice", "target": "label"} for name in ("naming", "other")}
    given = document(singer(), costs=costs)
    given["stages"][0]["costs"] = {"naming": 1.0, "other": 1.0}
    found = check_document(given).errors
    assert {each.code for each in found} == {"E26"}
    assert "force has one target" in found[0].message


def test_the_inverse_counts_as_what_is_kept() -> None:
    organism = plan(**document(singer(50))).steps[0].regime.organism
    assert isinstance(organism, OrganismSpec)
    assert contents_count(organism) == 50 * 50
    assert Organism(organism).circuits.steers(INVERSE)
