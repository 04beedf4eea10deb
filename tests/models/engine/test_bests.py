"""Going back to the best: each life to its own, in every respect by which it answers and learns."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from build import tiny_schedule
from living import History, live, obeys_the_law, planned
from raising import differing, state

from models.engine import bests, snapshot
from models.engine.cohort import Cohort, birth
from models.specs.checks import check_document
from models.specs.document import read
from models.specs.estimates import snapshot_bytes
from models.specs.numerics import NumericsSpec
from models.specs.plan import ArmPlan, arm_keys

EXAMPLE = Path(__file__).parents[3] / "examples" / "members" / "acts" / "restore_best.yaml"
BACK: dict[str, Any] = {"kind": "restore_best", "probe": "acc"}
SEEDS = [0, 1, 2, 3]


def schedule(*acts: dict[str, Any], probe: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Restless learning of a few digits and of what they look like; then the acts, and nothing moves any more."""
    document = copy.deepcopy(tiny_schedule())
    document["organism"]["optimizer"] = {"kind": "adam", "lr": 0.1}
    document["worlds"]["school"]["size"] = 60
    document["costs"]["rebuild"] = {"kind": "autoencode", "at": "V1"}
    costs = {"naming": 1.0, "rebuild": 1.0}
    document["stages"] = [
        {"name": "before", "world": "school", "costs": costs, "until": {"after": "3ba"}},
        {"name": "restless", "world": "school", "costs": costs | {"naming": 2.0}, "until": {"after": "20ba"}},
        {
            "name": "after",
            "world": "school",
            "costs": costs,
            "plasticity": {"*": 0.0},
            "on_enter": list(acts),
            "until": {"after": "1ba"},
        },
    ]
    document["probes"]["acc"] |= {"every": "2ba"} | (probe or {})
    return document | changes


LOSS: dict[str, Any] = {"kind": "loss", "cost": "rebuild", "world": "quiz", "every": "2ba"}


def told(history: History, arm: ArmPlan, step: int) -> list[tuple[int, float]]:
    """Readings of the only probe in a step."""
    (probe,) = arm.probes
    return [(offset, float(np.frombuffer(value, np.float32)[0])) for offset, value in history[step, probe]]


def organism(cohort: Cohort, seed: int) -> dict[str, torch.Tensor]:
    """All of a life that an act can bring back, and the updates it had."""
    counted = {f"steps/{name}": torch.tensor(count[cohort.seeds.index(seed)]) for name, count in cohort.steps.items()}
    return {name: value for name, value in state(cohort, seed).items() if "best/" not in name} | counted


@pytest.mark.parametrize(("changes", "sign"), [({}, 1.0), ({"probes": {"acc": LOSS}}, -1.0)], ids=["accuracy", "loss"])
def test_each_life_becomes_what_it_was_at_its_own_best(changes: dict[str, Any], sign: float) -> None:
    arm = planned(schedule(BACK, **changes))
    past: list[Cohort] = []

    def seen(cohort: Cohort) -> Cohort:
        past.append(snapshot.load(snapshot.dump(cohort, {}))[0])
        return cohort

    whole, histories = live(arm, SEEDS, seen, 1)
    assert len(past) == 3 + 20 + 1
    chosen = set()
    for seed in SEEDS:
        readings = told(histories[seed], arm, 1)
        assert [offset for offset, _ in readings] == list(range(0, 21, 2))
        best, at = max((sign * value, -offset) for offset, value in readings)
        assert told(histories[seed], arm, 2)[0] == (0, sign * best)
        assert differing(organism(whole, seed), organism(past[2 - at], seed)) == []
        assert whole.age_N[whole.seeds.index(seed)] == 24 * 20
        chosen.add(-at)
    assert len(chosen) > 1
    assert not any(name.startswith("best/") for name in whole.own)


def test_who_is_best_at_the_end_stays_as_it_is() -> None:
    probe = {"every": "40ba"}
    back, histories = live(planned(schedule(BACK, probe=probe)), SEEDS)
    stayed, _ = live(planned(schedule(probe=probe)), SEEDS)
    arm = planned(schedule(BACK, probe=probe))
    for seed in SEEDS:
        (_, before), (_, end) = told(histories[seed], arm, 1)
        assert (end > before) == (differing(organism(back, seed), organism(stayed, seed)) == [])


def test_to_keep_the_best_changes_nothing() -> None:
    keeping, _ = live(planned(schedule(BACK)), SEEDS)
    kept = planned(schedule(BACK))
    plain = planned(schedule())
    ours, _ = live(ArmPlan(kept.steps[:2], kept.probes, kept.probe_names), SEEDS)
    theirs, _ = live(ArmPlan(plain.steps[:2], plain.probes, plain.probe_names), SEEDS)
    assert any(name.startswith("best/") for name in ours.own)
    for seed in SEEDS:
        assert differing(organism(ours, seed), organism(theirs, seed)) == []
    assert any(differing(organism(keeping, seed), organism(ours, seed)) for seed in SEEDS)


def test_what_is_best_by_probes_that_only_cadence_tells_apart_is_kept_for_each() -> None:
    document = schedule(BACK, BACK | {"probe": "seldom"})
    document["probes"]["seldom"] = document["probes"]["acc"] | {"every": "7ba"}
    arm = planned(document)
    assert [each.every_sp for each in arm.steps[1].regime.bests.values()] == [40, 140]
    _, histories = live(arm, SEEDS)
    often, seldom = (arm.probe_names[name] for name in ("acc", "seldom"))
    alone = 0
    for history in histories.values():
        best = {
            name: max(np.frombuffer(value, np.float32)[0] for _, value in history[1, name]) for name in (often, seldom)
        }
        alone += best[often] > best[seldom]
        assert np.frombuffer(history[2, often][0][1], np.float32)[0] == max(best.values())
    assert alone


def everywhere() -> dict[str, Any]:
    """Bests over a deficit's edges, in a stage that ends life by life, and from turn to turn of a repeat."""
    document = schedule(BACK, {"kind": "reset_optimizer"})
    before, restless, after = document["stages"]
    ends = {"until": {"criterion": {"probe": "acc", "op": ">=", "value": 0.6}}, "limit": "25ba"}
    awake = {"plasticity": {"*": 1.0}}
    document["stages"] = [before, restless, after | awake | ends, after | awake | {"name": "more"}]
    document["stages"] += [after | awake | {"name": "turn", "until": {"after": "7ba"}}]
    document["deficits"] = {"fog": {"transform": {"kind": "blur", "sigma": 1.0}, "onset": "8ba", "duration": "5ba"}}
    return document


def test_a_life_that_goes_back_obeys_the_law() -> None:
    arm = planned(everywhere())
    assert [bool(step.regime.bests) for step in arm.steps] == [False, True, True, True, True, True, False]
    whole, histories = obeys_the_law(arm, SEEDS, cuts=(1, 4))
    assert len(set(whole.age_N.tolist())) > 1
    for seed in SEEDS:
        over_the_cuts = [value for step in (1, 2, 3) for _, value in told(histories[seed], arm, step)]
        assert told(histories[seed], arm, 4)[0] == (0, max(over_the_cuts))


def small() -> Cohort:
    """Three lives that keep their bests."""
    regime = planned(schedule(BACK)).steps[1].regime
    cohort = birth(regime, [0, 1, 2])
    bests.begin(cohort, regime)
    return cohort


def test_the_first_of_equal_readings_counts_and_what_is_no_number_does_not() -> None:
    cohort = small()
    (probe,) = {name.split("/")[1] for name in cohort.own if name.startswith("best/")}
    bias = cohort.params["area/V1/bias"].detach()
    rows = [[0.2, np.nan, np.nan], [0.5, 0.1, np.nan], [0.5, np.inf, np.nan], [0.4, 0.1, np.nan]]
    for turn, row in enumerate(rows):
        bias.fill_(float(turn))
        bests.keep(cohort, probe, np.array(row, dtype=np.float32), higher=True)
    bias.fill_(9.0)
    bests.go_back(cohort, probe, np.array([np.nan, 0.2, 0.3], dtype=np.float32), higher=True)
    assert bias[:, 0, 0].tolist() == [1.0, 9.0, 9.0]
    bests.go_back(cohort, probe, np.array([0.5, 0.1, np.nan], dtype=np.float32), higher=True)
    assert bias[:, 0, 0].tolist() == [1.0, 1.0, 9.0]


def keys(document: dict[str, Any]) -> list[str]:
    return arm_keys(planned(document), [0], NumericsSpec())


def test_only_the_stage_before_is_lived_apart_from_those_who_never_go_back() -> None:
    base, plain = keys(schedule(BACK)), keys(schedule())
    assert base[0] == plain[0]
    assert base[1] not in plain
    renamed = schedule(BACK | {"probe": "quiz"})
    renamed["probes"]["quiz"] = renamed["probes"].pop("acc")
    assert keys(renamed) == base
    assert keys(schedule(BACK, probe={"every": "4ba"}))[1] != base[1]
    assert keys(schedule(BACK, probe={"n": 50}))[1] != base[1]
    assert keys(schedule(BACK, {"kind": "reset_optimizer"}))[:2] == base[:2]


def test_what_is_kept_is_counted_in_the_size_of_snapshots() -> None:
    keeping, plain = (planned(each).steps[1].regime for each in (schedule(BACK), schedule()))
    assert snapshot_bytes(keeping) == 2 * snapshot_bytes(plain)


def refused(*acts: dict[str, Any], place: int = 1, **changes: Any) -> list[tuple[str, str]]:
    """Errors of a schedule with acts on entering one of its stages."""
    document = tiny_schedule(**changes)
    document["stages"][place]["on_enter"] = list(acts)
    return [(each.code, each.pointer) for each in check_document(document).errors]


def test_what_has_no_best_is_refused() -> None:
    where = "/stages/1/on_enter/0/probe"
    assert refused(BACK) == []
    assert refused(BACK | {"probe": "ac"}) == [("E09", where)]
    norm = {"kind": "weight_norm", "world": "quiz", "every": "2ba"}
    assert refused(BACK, probes={"acc": norm | {"at": "*"}}) == [("E36", where)]
    assert refused(BACK, probes={"acc": norm | {"at": "V1"}}) == [("E36", where)]
    assert refused(BACK, place=0) == [("E10", "/stages/0/on_enter/0/probe")]


def test_the_example_is_valid() -> None:
    assert check_document(dict(read(EXAMPLE.read_bytes()).data)).findings == ()
