"""Organisms that act with a memory: what they carry from frame to frame is state of the life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from living import live, obeys_the_law, planned

from models.draw import Draw
from models.engine.acting import Policy, episodes
from models.engine.cohort import birth
from models.engine.context import Context
from models.engine.feed import Stream
from models.engine.organism import OPEN, Organism, Wiring
from models.engine.run import Carried
from models.engine.step import Training
from models.protocols import Batch, Moment, Params
from models.specs.checks import check_document
from models.specs.regime import RegimeSpec

KEEPING: dict[str, dict[str, Any]] = {
    "rnn": {"kind": "recurrent", "size": 6, "leak": 0.5},
    "gru": {"kind": "recurrent", "cell": "gru", "size": 6},
    "lstm": {"kind": "recurrent", "cell": "lstm", "size": 6},
    "lif": {"kind": "recurrent", "size": 6, "act": "lif"},
    "reservoir": {"kind": "reservoir", "size": 6},
    "gate_buffer": {"kind": "gate_buffer", "slots": 2, "width": 3, "closed": 0.5},
    "stack_memory": {"kind": "stack_memory", "size": 6, "depth": 4},
}


def arms(memory: Mapping[str, Any], **world: Any) -> dict[str, Any]:
    """Arms that are dealt anew in each episode of seven pulls, pulled in fragments of four."""
    ways = [("last", "PFC"), ("paid", "PFC"), ("PFC", "striatum"), ("PFC", "critic")]
    read: dict[str, Any] = {"kind": "linear", "act": "none"}
    doing = {"kind": "policy_gradient", "at": "striatum", "critic": "critic", "discount": 0.9, "entropy": 0.02}
    return {
        "ontogeny": "1",
        "kind": "schedule",
        "name": "carrying",
        "clock": {"batch": 9},
        "organism": {
            "senses": {"last": {"shape": [2], "channel": "arm"}, "paid": {"shape": [1]}},
            "areas": {"PFC": dict(memory), "striatum": {**read, "size": 2}, "critic": {**read, "size": 1}},
            "pathways": [{"from": source, "to": target} for source, target in ways],
            "optimizer": {"kind": "adam", "lr": 0.01},
        },
        "worlds": {
            "arms": {
                "source": {"kind": "bandit", "pays": [0.1, 0.6], "dealt": "random", "limit": 7},
                "steps": 5,
                "actor": "striatum",
                **world,
            }
        },
        "costs": {"worth": {"kind": "td_value", "at": "critic"}, "doing": doing},
        "stages": [{"name": "arms", "world": "arms", "costs": {"worth": 0.5, "doing": 1.0}, "until": {"after": "8ba"}}],
        "probes": {"gain": {"kind": "return", "world": "arms", "every": "3ba", "n": 5}},
    }


def row(memory: Mapping[str, Any]) -> dict[str, Any]:
    """A row that is left at either end, sooner or later."""
    document = arms(memory)
    document["organism"]["senses"] = {"where": {"shape": [5], "channel": "place"}}
    document["organism"]["pathways"][:2] = [{"from": "where", "to": "PFC"}]
    document["worlds"]["arms"]["source"] = {"kind": "chain", "states": 5}
    return document


def told(memory: Mapping[str, Any]) -> dict[str, Any]:
    """Somebody beside who acts remembers what was done, and foretells what is paid."""
    document = arms({"kind": "linear", "size": 5})
    document["organism"]["senses"]["doing"] = {"shape": [2], "channel": "action"}
    document["organism"]["areas"] |= {"DMN": dict(memory), "model": {"kind": "linear", "size": 1, "act": "none"}}
    ways = [("doing", "DMN"), ("paid", "DMN"), ("DMN", "model")]
    document["organism"]["pathways"] += [{"from": source, "to": target} for source, target in ways]
    document["costs"]["foretelling"] = {
        "kind": "predict_next",
        "at": "model",
        "target": {"kind": "next", "sense": "paid"},
    }
    document["stages"][0]["costs"]["foretelling"] = 1.0
    return document


def overheard(body: Organism) -> list[Moment]:
    """All that goes on in an organism from now on."""
    seen: list[Moment] = []
    run = body.run

    def watch(weight: Params, own: Params, batch: Batch, draw: Draw, wiring: Wiring = OPEN) -> Moment:
        seen.append(run(weight, own, batch, draw, wiring))
        return seen[-1]

    body.run = watch  # type: ignore[method-assign]
    return seen


def watched(document: dict[str, Any]) -> tuple[Training, list[Moment]]:
    """Two lives, and all that goes on in their organism from now on."""
    regime = planned(document).steps[0].regime
    training = Training(birth(regime, [3, 4]), regime)
    seen = overheard(training.organism)
    return training, seen


def acted(seen: list[Moment], area: str, *, last: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Rates of the frames in which something was done: as they were then, and as they are learned from.

    A frame that is gone through twice is told what was done the second time.
    """
    *frames, whole = seen
    rates = [each.rate[area] for each in frames]
    each = len(rates) // (whole.rate[area].shape[2] - 1)
    then = torch.cat(rates[each - 1 :: each] if last else rates[::each], dim=2)
    return then, whole.rate[area][:, :, :-1].detach()


@pytest.mark.parametrize("kind", KEEPING)
def test_what_is_learned_from_is_what_was_done(kind: str) -> None:
    """But for rounding: the product of all frames at once may be summed in another order than that of one."""
    training, seen = watched(row(KEEPING[kind]))
    begun = 0
    for _ in range(5):
        seen.clear()
        training.update()
        for area in ("PFC", "striatum"):
            torch.testing.assert_close(*acted(seen, area, last=False), rtol=1e-5, atol=1e-6)
        carried = [value for name, value in training.cohort.own.items() if "/carried/PFC/" in name]
        assert any(each.any() for each in carried)
        began_NBT = seen[-1].batch.began_NBT
        assert began_NBT is not None
        begun += int(began_NBT.any(dim=1).sum())
    assert begun > 10, "episodes began at several frames"


@pytest.mark.parametrize("kind", ["gru", "gate_buffer"])
def test_who_remembers_what_was_done_is_told_it_frame_by_frame(kind: str) -> None:
    training, seen = watched(told(KEEPING[kind]))
    for _ in range(3):
        seen.clear()
        training.update()
        torch.testing.assert_close(*acted(seen, "DMN", last=True), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(*acted(seen, "striatum", last=False), rtol=1e-5, atol=1e-6)
        told_last = seen[-1].batch.senses["doing"][:, :, -1]
        assert not told_last.any()


@pytest.mark.parametrize("kind", ["rnn", "gate_buffer"])
def test_a_life_with_a_memory_obeys_the_law(kind: str) -> None:
    cohort, _ = obeys_the_law(planned(arms(KEEPING[kind])))
    (kept,) = [value for name, value in cohort.own.items() if "/carried/PFC/" in name]
    assert kept.shape[:2] == (3, 9)
    assert kept.any()


def test_a_life_that_remembers_what_it_did_obeys_the_law() -> None:
    obeys_the_law(planned(told(KEEPING["lstm"])))


def test_the_dead_keep_what_they_carried() -> None:
    training, _ = watched(arms(KEEPING["lstm"]))
    training.update()
    names = [name for name in training.cohort.own if "/carried/" in name]
    before = {name: training.cohort.own[name].clone() for name in names}
    training.cohort.alive_N[1] = False
    training.update()
    assert len(names) == 2
    for name in names:
        assert torch.equal(training.cohort.own[name][1], before[name][1])
        assert not torch.equal(training.cohort.own[name][0], before[name][0])


def organism(kind: str) -> tuple[Organism, RegimeSpec]:
    regime = planned(arms(KEEPING[kind])).steps[0].regime
    return Organism(regime.organism), regime


def frames(T: int) -> tuple[Batch, Draw]:
    draw = Draw(torch.arange(2), torch.arange(4).expand(2, -1))
    senses = {"last": draw.at("last").normal(T, 2), "paid": draw.at("paid").normal(T, 1)}
    return Batch(senses, None, {}, torch.arange(4).expand(2, -1)), draw


def cut(batch: Batch, *part: int, began: torch.Tensor | None = None) -> Batch:
    senses = {name: each[:, :, slice(*part)] for name, each in batch.senses.items()}
    return Batch(senses, None, {}, batch.index_NB, began_NBT=began)


@pytest.mark.parametrize("kind", KEEPING)
def test_every_area_that_lasts_begins_with_nothing_and_goes_on_where_it_stopped(kind: str) -> None:
    """Resets take states to 0, which has to be how they begin."""
    body, _ = organism(kind)
    assert body.lasting == {"PFC"}
    assert not any(each.any() for each in body.at_rest(torch.zeros(2, 4))["PFC"])
    batch, draw = frames(6)
    weight = body.init(Draw(torch.arange(2)))
    whole = body.run(weight, {}, batch, draw).rate["PFC"]
    first = body.run(weight, {}, cut(batch, 0, 4), draw)
    second = body.run(weight, {}, cut(batch, 4, 6), draw, Wiring(carried=Carried(first.left)))
    torch.testing.assert_close(torch.cat([first.rate["PFC"], second.rate["PFC"]], dim=2), whole)


def test_where_an_episode_begins_neither_states_nor_errors_go_on() -> None:
    body, _ = organism("gru")
    batch, draw = frames(6)
    weight = {name: each.requires_grad_() for name, each in body.init(Draw(torch.arange(2))).items()}
    began = torch.zeros(2, 4, 6, dtype=torch.bool)
    began[:, 1, 3] = True
    together = body.run(weight, {}, cut(batch, 0, 6, began=began), draw).rate["PFC"]
    whole = body.run(weight, {}, batch, draw).rate["PFC"]
    apart = body.run(weight, {}, cut(batch, 3, 6), draw).rate["PFC"]
    torch.testing.assert_close(together[:, 1, 3:], apart[:, 1])
    torch.testing.assert_close(together[:, [0, 2, 3]], whole[:, [0, 2, 3]])
    name = "area/PFC/recurrent/weight"
    pairs = ((together[:, 1, 3:], apart[:, 1]), (together[:, 0], whole[:, 0]))
    for left, right in pairs:
        (found,), (wanted,) = (
            torch.autograd.grad(each.sum(), [weight[name]], retain_graph=True) for each in (left, right)
        )
        torch.testing.assert_close(found, wanted)


def test_a_reset_takes_what_comes_from_the_fragment_before() -> None:
    body, _ = organism("rnn")
    batch, draw = frames(2)
    weight = body.init(Draw(torch.arange(2)))
    states = body.run(weight, {}, batch, draw).left
    resets = {"PFC": (Context(2, torch.tensor([0.0, 1.0])),)}
    found = body.run(weight, {}, batch, draw, Wiring(contexts=resets, carried=Carried(states))).rate["PFC"]
    fresh, gone_on = (
        body.run(weight, {}, batch, draw, Wiring(carried=each)).rate["PFC"] for each in (Carried(), Carried(states))
    )
    assert torch.equal(found[0], fresh[0])
    assert torch.equal(found[1], gone_on[1])


def test_whole_episodes_are_gone_through_with_a_memory_and_begin_without() -> None:
    """Who pulls an arm until it has pulled long enough: what it drew of rates is what a single pass makes of them."""
    document = arms(KEEPING["gru"])
    regime = planned(document).steps[0].regime
    body = Organism(regime.organism)
    weight = body.init(Draw(torch.arange(2)))
    stream = Stream(regime.world, regime.organism.senses, {})
    seen = overheard(body)
    index = torch.arange(5).expand(2, -1)
    said = episodes(stream, Policy(body, "striatum", 2), (weight, {}), torch.tensor([5, 5]), index)
    assert (said.steps == 7).all()
    senses = {name: torch.cat([each.batch.senses[name] for each in seen], dim=2) for name in seen[0].batch.senses}
    whole = body.run(weight, {}, Batch(senses, None, {}, index), seen[0].draw)
    drawn = torch.cat([each.rate["striatum"] for each in seen[:-1]], dim=2)
    torch.testing.assert_close(drawn, whole.rate["striatum"])


def test_items_somebody_walked_through_are_cut_where_episodes_begin() -> None:
    regime = planned(arms(KEEPING["rnn"], steps=16)).steps[0].regime
    shown = Stream(regime.world, regime.organism.senses, {}).show(
        torch.tensor([1]), torch.arange(3)[None], Draw(torch.tensor([1]), torch.arange(3)[None])
    )
    assert shown.began_NBT is not None
    assert shown.began_NBT[0].nonzero().tolist() == [[slot, frame] for slot in range(3) for frame in (7, 14)]


def gains(memory: Mapping[str, Any]) -> list[float]:
    """Paid of 20 pulls after 150 updates, one arm of two paying every other time."""
    document = arms(memory, steps=11)
    document["worlds"]["arms"]["source"] |= {"pays": [0.0, 0.5], "limit": 20}
    document["clock"]["batch"] = 16
    document["costs"]["worth"] |= {"discount": 0.9, "trace": 0.9}
    document["costs"]["doing"] |= {"trace": 0.9}
    document["stages"][0]["until"] = {"after": "150ba"}
    document["probes"]["gain"] |= {"every": "150ba", "n": 150}
    arm = planned(document)
    histories = live(arm, range(2))[1]
    (path,) = [path for name, path in arm.probe_names.items() if name == "gain"]
    return [float(np.frombuffer(each[0, path][-1][1], np.float32)[0]) for each in histories.values()]


def test_a_memory_pulls_the_arm_that_once_paid_and_no_other_can() -> None:
    """Who stays where it was paid and leaves where it was not is paid 6.7 times."""
    assert min(gains({"kind": "recurrent", "cell": "gru", "size": 16})) > 7.0
    assert max(gains({"kind": "linear", "size": 16, "act": "tanh"})) < 6.9


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda d: d["organism"].update(credit=[{"areas": ["PFC"], "rule": "eprop"}]),
            "PFC goes on while traces of eprop",
        ),
        (lambda d: d["organism"]["pathways"][2].update(delay=1), "PFC-striatum has a delay"),
        (lambda d: d["organism"]["pathways"].append({"from": "striatum", "to": "PFC", "delay": 1}), "has a delay"),
        (lambda d: d["clock"].update(sweeps=2), "2 sweeps"),
        (
            lambda d: d["worlds"]["arms"].update(transforms=[{"kind": "shuffle_time", "sense": "doing"}]),
            "shuffle_time needs more of doing than a frame",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused_with_the_reason(change: Any, says: str) -> None:
    document = told(KEEPING["rnn"])
    document["organism"]["areas"]["PFC"] = dict(KEEPING["rnn"])
    assert not check_document(document).errors
    change(document)
    found = [each for each in check_document(document).errors if each.code == "E30"]
    assert any(each.pointer == "/stages/0/world" and says in each.message for each in found), found
