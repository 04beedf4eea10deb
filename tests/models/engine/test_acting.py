"""Organisms that act: what they learn by it, and that a life is the same however it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from living import digest, live, planned

from models.engine import snapshot
from models.engine.cohort import birth
from models.engine.step import Training
from models.specs.checks import check_document

EXAMPLES = Path(__file__).parents[3] / "examples" / "members"


def example(path: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / path).read_text())
    return document | changes


def rooms(updates: int = 7) -> dict[str, Any]:
    document = example("costs/policy_gradient.yaml")
    document["worlds"]["rooms"]["source"]["limit"] = 20
    document["worlds"]["rooms"]["steps"] = 6
    document["stages"][0]["until"] = {"after": f"{updates}ba"}
    document["probes"]["ways"] |= {"every": "3ba", "n": 9}
    return document


def test_a_life_is_the_same_in_every_cohort_alone_and_cut_in_pieces() -> None:
    arm = planned(rooms())
    whole, histories = live(arm, range(3))
    alone, history = live(arm, [1])
    cut, pieces = live(arm, [2, 1], every=2)
    assert digest(whole.take([1]), {1: histories[1]}) == digest(alone, history)
    assert digest(cut.take([1]), {1: pieces[1]}) == digest(alone, history)
    place = next(value for name, value in alone.own.items() if name.endswith("/episode"))
    assert len(set((place[0] % (1 << 32)).tolist())) > 1, "episodes have ended in some slots and not in others"


def played(kind: str, **stage: Any) -> dict[str, Any]:
    """A few updates of an example of acting for its own sake, with episodes that end."""
    document = example(f"costs/{kind}.yaml")
    document["stages"][0] |= {"until": {"after": "8ba"}} | stage
    for world in document["worlds"].values():
        source = world["source"] if isinstance(world["source"], dict) else {"kind": world["source"]}
        world["source"] = source | {"limit": 5}
    for probe in document["probes"].values():
        probe |= {"every": "3ba", "n": 5}
    return document


@pytest.mark.parametrize("kind", ["curiosity", "learning_progress", "novelty", "empowerment", "drive"])
def test_what_is_remembered_of_acting_is_the_life_s_own(kind: str) -> None:
    arm = planned(played(kind))
    whole, histories = live(arm, range(3))
    alone, history = live(arm, [1])
    cut, pieces = live(arm, [2, 1], lambda cohort: snapshot.load(snapshot.dump(cohort, {}))[0], 3)
    assert digest(whole.take([1]), {1: histories[1]}) == digest(alone, history)
    assert digest(cut.take([1]), {1: pieces[1]}) == digest(alone, history)


def test_counts_and_errors_are_kept_only_where_they_teach() -> None:
    counts = live(planned(played("novelty")), [1])[0].own["cost/wander/met"]
    # 20 frames of each fragment of 16 slots in 8 updates
    assert int(counts.sum()) == 20 * 16 * 8
    errors = {
        area: live(planned(played("learning_progress", plasticity={area: 0.0})), [1])[0].own["cost/wonder/errors"]
        for area in ("cortex", "striatum")
    }
    assert int((~errors["cortex"].isnan()).sum(dim=2).max()) == 8
    assert bool(errors["striatum"].isnan().all()), "nobody learns by them"


def test_places_are_gone_on_from_where_they_were_left() -> None:
    seven, _ = live(planned(rooms(7)), [4])
    eight, _ = live(planned(rooms(8)), [4])
    clocks = [next(value for name, value in each.own.items() if name.endswith("/clock")) for each in (seven, eight)]
    # a fragment of six frames has five ways; where no episode ended, so many steps are added
    assert set((clocks[1] - clocks[0])[0].tolist()) & {5}


@pytest.mark.parametrize("silent", [True, False])
def test_an_actor_that_a_lesion_silences_does_one_thing_as_likely_as_another(silent: bool) -> None:
    document = rooms(4)
    actor = document["worlds"]["rooms"]["actor"]
    harm = {"transform": {"kind": "lesion", "areas": [actor]}, "onset": "0sp", "duration": "1Msp"}
    regime = planned(document | ({"deficits": {"harm": harm}} if silent else {})).steps[0].regime
    walks = []
    for wish in (0, 1):
        cohort = birth(regime, [1])
        cohort.params[f"area/{actor}/bias"].detach()[..., wish] += 30.0
        training = Training(cohort, regime)
        for _ in range(2):
            training.update()
        walks.append({name: value.clone() for name, value in cohort.own.items() if name.startswith("world/")})
    assert walks[0]
    assert all(torch.equal(value, walks[1][name]) for name, value in walks[0].items()) is silent


def test_a_critic_that_watches_learns_what_states_are_worth() -> None:
    cohort, _ = live(planned(example("costs/td_value.yaml")), range(5))
    value = cohort.params["area/critic/from/where/weight"][..., 0].detach()
    true = torch.arange(1, 20) / 20
    error = (value - true).square().mean(dim=1).sqrt()
    assert float(error.max()) < 0.06
    assert float((torch.full((19,), 0.5) - true).square().mean().sqrt()) > 0.25


def test_an_actor_learns_to_go_where_it_pays() -> None:
    _, histories = live(planned(example("worlds/chain.yaml")), range(5))
    for seed, history in histories.items():
        ((_, path),) = [key for key in history if key[1].startswith("p") and "." not in key[1]]
        told = [np.frombuffer(value, np.float32)[0] for _, value in history[0, path]]
        assert told[0] < 0.85, seed
        assert told[-1] > 0.95, seed


def test_levels_come_to_be_held_at_their_setpoints() -> None:
    document = example("costs/drive.yaml")
    document["stages"][0]["until"] = {"after": "251ba"}
    own = live(planned(document), range(3))[0].own
    # episodes of 100 steps, fragments of 25: the body three quarters through an episode
    ((first, second),) = [[own[name] for name in sorted(own) if "/level" in name]]
    assert (first.mean(dim=1) - 0.7).abs().max() < 0.1
    assert (second.mean(dim=1) - 0.4).abs().max() < 0.1


def test_setpoints_are_as_many_as_levels() -> None:
    document = example("costs/drive.yaml")
    document["costs"]["want"]["setpoint"] = [0.5]
    (found,) = check_document(document).errors
    assert (found.code, found.pointer) == ("E14", "/costs/want/at")
    assert "body gives [2], 1 setpoints" in found.message
    document["costs"]["want"] |= {"setpoint": [0.5, 0.5], "body": "soul"}
    assert [each.code for each in check_document(document).errors] == ["E03"]


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda d: d["costs"]["wonder"].update(model="nobody"), "E03", "unknown area 'nobody'"),
        (lambda d: d["costs"]["wonder"].update(place="nowhere"), "E03", "unknown area or sense 'nowhere'"),
        (lambda d: d["costs"]["wonder"].update(model="striatum"), "E14", "striatum gives [4], the target has [1]"),
        (lambda d: d["costs"]["wonder"].update(at="cortex"), "E06", "needs an actor, cortex"),
        (lambda d: d["worlds"]["playground"].update(source="stereograms", steps=1, actor=None), "E06", "someone who"),
        (lambda d: d["clock"].update(batch=8), "E30", "statistics over the batch"),
        (
            lambda d: d["worlds"]["playground"].update(source={"kind": "activities", "offers": ["easy"]}),
            "E14",
            "knows 1",
        ),
        (
            lambda d: d["worlds"]["playground"].update(source={"kind": "activities", "offers": ["easy"] * 2}),
            "E30",
            "offered once",
        ),
        (
            lambda d: d["probes"].update(ways={"kind": "steps_ratio", "world": "playground", "every": "9ba"}),
            "E36",
            "worlds with a goal",
        ),
    ],
)
def test_what_cannot_be_sought_is_refused_with_the_reason(change: Any, code: str, says: str) -> None:
    document = played("learning_progress")
    change(document)
    found = check_document(document).findings
    assert any(each.code == code and says in f"{each.message} {each.suggestion}" for each in found), found


def shown(updates: int) -> dict[str, Any]:
    document = example("costs/imitation.yaml")
    document["stages"][0]["until"] = {"after": f"{updates}ba"}
    for probe in document["probes"].values():
        probe |= {"every": f"{updates}ba", "n": 20}
    return document


def test_a_clone_knows_the_way_it_was_shown_and_no_other() -> None:
    arm = planned(shown(80))
    _, histories = live(arm, range(3))
    for seed, history in histories.items():
        told = {name: history[0, path][-1][1] for name, path in arm.probe_names.items()}
        last = {name: float(np.frombuffer(value, np.float32)[0]) for name, value in told.items()}
        assert last["shown"] < 1.2, seed
        assert last["unshown"] > 3.0, seed


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda d: d["worlds"]["lessons"].update(source="grid", actor="striatum"), "E06", "someone else who acts"),
        (lambda d: d["worlds"]["lessons"].update(source="mnist1d", steps=1), "E06", "someone else who acts"),
        (lambda d: d["worlds"]["lessons"].update(steps=1), "E06", "2 time steps"),
        (lambda d: d["worlds"]["lessons"].update(actor="striatum"), "E30", "an expert walks there"),
        (lambda d: d["organism"]["areas"]["striatum"].update(size=5), "E14", "striatum gives [5], grid knows 4"),
    ],
)
def test_what_cannot_be_imitated_is_refused_with_the_reason(change: Any, code: str, says: str) -> None:
    document = shown(4)
    change(document)
    found = check_document(document).findings
    assert any(each.code == code and says in each.message for each in found), [str(each.message) for each in found]


def babbling(**world: Any) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((EXAMPLES.parent / "forward-model.yaml").read_text())
    document["worlds"]["rooms"] |= {"steps": 6} | world
    document["stages"][0]["until"] = {"after": "3ba"}
    document["probes"]["wrong"] |= {"every": "2ba", "n": 5}
    return document


def fragment(document: dict[str, Any]) -> Any:
    """The second fragments of two lives, as they are told."""
    regime = planned(document).steps[0].regime
    training = Training(birth(regime, [3, 4]), regime)
    training.update()
    plan = training.flow.plan(training.knobs.at(training.cohort.offset, training.cohort.age_N, training.gates.told()))
    return training._fed(plan)[0]


def test_what_is_done_is_told_to_who_foretells() -> None:
    told = fragment(babbling())
    done = torch.nn.functional.one_hot(told.factors["action"], 4).float()
    assert torch.equal(told.senses["doing"][:, :, :-1], done[:, :, :-1])
    assert not told.senses["doing"][:, :, -1].any()
    mixed = fragment(babbling(transforms=[{"kind": "shuffle_time", "sense": "doing"}]))
    assert torch.equal(mixed.senses["where"], told.senses["where"])
    assert torch.equal(mixed.senses["doing"].sum(dim=2), told.senses["doing"].sum(dim=2))
    assert not torch.equal(mixed.senses["doing"], told.senses["doing"])


def test_a_life_that_is_told_what_it_does_obeys_the_law() -> None:
    arm = planned(babbling())
    whole, histories = live(arm, range(3))
    alone, history = live(arm, [1])
    cut, pieces = live(arm, [2, 1], lambda cohort: snapshot.load(snapshot.dump(cohort, {}))[0], 2)
    assert digest(whole.take([1]), {1: histories[1]}) == digest(alone, history)
    assert digest(cut.take([1]), {1: pieces[1]}) == digest(alone, history)


def test_who_acts_cannot_be_told_what_it_is_about_to_do() -> None:
    document = rooms()
    document["organism"]["senses"]["doing"] = {"shape": [4], "channel": "action"}
    document["organism"]["pathways"].append({"from": "doing", "to": "critic"})
    assert not check_document(document).errors, "a critic may know it"
    document["organism"]["pathways"].append({"from": "critic", "to": "striatum"})
    (found,) = check_document(document).errors
    assert (found.code, found.pointer) == ("E30", "/stages/0/world")
    assert "striatum would be told by doing" in found.message


RISK = {"kind": "risk", "at": "striatum", "critic": "critic"}


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (lambda d: d["worlds"]["rooms"].update(actor="nobody"), "E01", "unknown area 'nobody'"),
        (lambda d: d["worlds"]["rooms"].update(actor="critic"), "E14", "knows 4 actions"),
        (lambda d: d["worlds"]["rooms"].update(actor=None), "E06", "needs an actor, striatum"),
        (lambda d: d["worlds"]["rooms"].update(steps=1), "E06", "needs 2 time steps"),
        (lambda d: d["worlds"]["rooms"].update(size=100), "E30", "it has no size"),
        (lambda d: d["costs"]["doing"].update(critic="nobody"), "E03", "unknown area 'nobody'"),
        (lambda d: d["costs"]["worth"].update(at="striatum"), "E14", "a value is one number"),
        (lambda d: d["worlds"]["rooms"].update(source="digits", steps=1), "E30", "nobody acts in digits"),
        (lambda d: d["clock"].update(sweeps=2), "E30", "sweeps"),
        (lambda d: d["costs"].update(doing=RISK | {"at": "critic"}), "E06", "needs an actor, critic"),
        (lambda d: d["costs"].update(doing=RISK | {"critic": "striatum"}), "E14", "a value is one number"),
        (lambda d: d["costs"].update(doing=RISK | {"critic": "nobody"}), "E03", "unknown area 'nobody'"),
        (lambda d: d["costs"].update(doing=RISK | {"attitude": "brave"}), "E29", "none of 'averse' or 'seeking'"),
    ],
)
def test_what_cannot_act_is_refused_with_the_reason(change: Any, code: str, says: str) -> None:
    document = rooms()
    change(document)
    found = check_document(document).findings
    assert any(each.code == code and says in each.message for each in found), [str(each.message) for each in found]
